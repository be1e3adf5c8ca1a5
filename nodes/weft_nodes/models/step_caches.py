"""Step caches: layers whose answer changes little from step to step are not asked each time.

They are diffusers' own (`diffusers.hooks`, 0.42), put on a clone. What they remember belongs to one job, so
every job samples on a clone of its own, and no forward is shared with another job.
"""

import copy
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, Self, cast, runtime_checkable

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import ControlMismatchError, PatchMismatchError
from weft_nodes.models.execution import CompiledBlocks
from weft_nodes.models.handles import key_of
from weft_nodes.models.patches import DENOISER, Patch
from weft_nodes.models.windows import WindowPatch

CacheKind = Literal["first_block", "magnitude", "taylor", "taylor_lite"]

_NAMES: Final[Mapping[CacheKind, str]] = MappingProxyType(
    {
        "first_block": "The first-block cache",
        "magnitude": "The magnitude cache",
        "taylor": "The Taylor cache",
        "taylor_lite": "The lite Taylor cache",
    }
)
# What diffusers' hooks work for, of the networks known here. In 0.42 those that skip blocks do not know
# Chroma's and take FLUX.2's for others, and the plain Taylor cache fails on Chroma's attention.
_FLUX: Final = "FluxTransformer2DModel"
_QWEN: Final = "QwenImageTransformer2DModel"
_FITTING: Final[Mapping[CacheKind, tuple[str, ...]]] = MappingProxyType(
    {
        "first_block": (_FLUX, _QWEN),
        # Its ratios were measured on FLUX.1 alone.
        "magnitude": (_FLUX,),
        "taylor": (_FLUX, _QWEN),
        "taylor_lite": ("ChromaTransformer2DModel", _FLUX, _QWEN),
    }
)
# These leave out whole blocks, and would add what a control network says once more behind each.
_SKIPPING: Final = frozenset({"first_block", "magnitude"})


@dataclass(frozen=True, slots=True)
class StepCache:
    """A step cache of a kind; it changes how a job asks the network, see `behind_cache`.

    Args:
        kind: Which.
        threshold: Largest relative change that counts as none, for caches that measure it.
        interval: Steps that are predicted after each that is computed at most.
        warmup: First steps that are computed in any case: a share of all for "magnitude", else a number.
        order: Of the Taylor series.
    """

    kind: CacheKind
    threshold: float = 0.0
    interval: int = 0
    warmup: float = 0.0
    order: int = 1

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the kind and its values."""
        values = (self.threshold, self.interval, self.warmup, self.order)
        return key_of("step-cache", self.kind, *map(str, values))

    def apply(self, net: nn.Module) -> None:
        """Refuse networks that this cache is not for, and change nothing yet; see `Patch`."""
        name = type(net).__name__
        if name not in _FITTING[self.kind]:
            raise PatchMismatchError(
                patch=_NAMES[self.kind],
                problem=f"its network is a {name}",
                hint=f"It is for {' and '.join(_FITTING[self.kind])}.",
            )

    def attach(self, net: nn.Module, steps: int) -> None:
        """Put the cache on the clone of one job.

        Args:
            net: The clone; no one else uses it.
            steps: Steps of the job.

        Raises:
            PatchMismatchError: Another patch has changed the blocks beyond what the cache knows.
        """
        try:
            cast("Any", net).enable_cache(self._config(net, steps))
        except ValueError as error:
            raise PatchMismatchError(
                patch=_NAMES[self.kind],
                problem="another patch has replaced some of its blocks",
                hint="Disconnect the guidance that skips layers, or the cache.",
            ) from error

    def _config(self, net: nn.Module, steps: int) -> object:
        from diffusers import hooks
        from diffusers.hooks.mag_cache import FLUX_MAG_RATIOS

        if self.kind == "first_block":
            return hooks.FirstBlockCacheConfig(threshold=self.threshold)
        if self.kind == "magnitude":
            return hooks.MagCacheConfig(
                threshold=self.threshold,
                max_skip_steps=self.interval,
                retention_ratio=self.warmup,
                num_inference_steps=steps,
                mag_ratios=FLUX_MAG_RATIOS.clone(),
            )
        return hooks.TaylorSeerCacheConfig(
            cache_interval=self.interval + 1,
            disable_cache_before_step=int(self.warmup),
            max_order=self.order,
            # Factors in the type of the layers: rounding them more would undo higher orders.
            taylor_factors_dtype=next(net.parameters()).dtype,
            use_lite_mode=self.kind == "taylor_lite",
        )


class LiveModule(Protocol):
    """A live network as far as a cache must know it."""

    module: nn.Module

    @property
    def batch_key(self) -> Hashable:
        """See `Network`."""

    @property
    def device(self) -> torch.device:
        """See `Network`."""

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """See `Network`."""


@runtime_checkable
class Stateful(Protocol):
    """A network that remembers steps, so that each job needs one of its own."""

    def for_job(self, steps: int) -> Network:
        """Return a network for one job.

        Args:
            steps: Steps of the job.
        """


class CachedNetwork:
    """A live network whose jobs each sample on a clone with an empty cache.

    Args:
        network: The live network without the cache.
        cache: The cache.
        compiled: Whether and how its blocks are compiled, which each clone must be anew.
    """

    def __init__(
        self, network: LiveModule, cache: StepCache, compiled: tuple[CompiledBlocks, ...] = ()
    ) -> None:
        self._network = network
        self._cache = cache
        self._compiled = compiled

    @property
    def batch_key(self) -> Hashable:
        """Return the key of the network with its cache."""
        return (self._network.batch_key, self._cache.key)

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return self._network.device

    def predict(self, *_: object) -> Tensor:
        """Refuse: steps are remembered for one job, which asks `for_job` first."""
        raise RuntimeError("A cached network was asked outside of a job.")

    def with_controls(self, controls: Mapping[str, nn.Module]) -> Self:
        """Return this network with control networks beside it.

        Raises:
            ControlMismatchError: The cache leaves out blocks behind which controls add, or nothing steers the
                family.
        """
        if self._cache.kind in _SKIPPING:
            raise ControlMismatchError(
                problem=f"{_NAMES[self._cache.kind].lower()} leaves out the blocks behind which controls add",
                hint="Use the Taylor cache, or disconnect the cache or the control.",
            )
        if not hasattr(self._network, "with_controls"):
            raise ControlMismatchError(problem="nothing steers models of its family")
        beside = copy.copy(self)
        beside._network = self._network.with_controls(controls)  # noqa: SLF001 - of its own class
        return beside

    def for_job(self, steps: int) -> Network:
        """Return a network with an empty cache; see `Stateful`."""
        own = copy.copy(self._network)
        own.module = light_clone(self._network.module)
        self._cache.attach(own.module, steps)
        for patch in self._compiled:
            patch.apply(own.module)
        return _JobNetwork(own)


class _JobNetwork:
    """The network of one job, which remembers its steps.

    Args:
        network: A live network whose module no one else uses, with a cache.
    """

    def __init__(self, network: LiveModule) -> None:
        self._network = network
        # Equal to no other, so that no forward is shared.
        self._key = (network.batch_key, object())

    @property
    def batch_key(self) -> Hashable:
        return self._key

    @property
    def device(self) -> torch.device:
        return self._network.device

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        # Prompts that differ in shape are asked apart, and so remembered apart.
        shapes = [f"{name}{tuple(tensor.shape)}" for name, tensor in sorted(conditions.items())]
        with cast("Any", self._network.module).cache_context(" ".join([str(tuple(x_BChw.shape)), *shapes])):
            return self._network.predict(x_BChw, timestep_B, conditions)


def behind_cache(network: Network, patches: Sequence[Patch]) -> Network:
    """Put a live network behind the step cache among its patches; without any it stays as it is.

    Raises:
        PatchMismatchError: There are several, or the network sees through windows.
    """
    caches = [patch for patch in patches if isinstance(patch, StepCache)]
    if not caches:
        return network
    others = [
        patch for patch in patches if patch is not caches[0] and isinstance(patch, StepCache | WindowPatch)
    ]
    if others:
        raise PatchMismatchError(
            patch=_NAMES[caches[0].kind],
            problem="it has another step cache, or sees the latent through windows, which step by turns",
            hint="Keep one of them.",
        )
    compiled = tuple(patch for patch in patches if isinstance(patch, CompiledBlocks))
    return CachedNetwork(cast("LiveModule", network), caches[0], compiled)


def for_job(network: Network, steps: int) -> Network:
    """Return the network on which one job samples: its own if it remembers steps, else the one given."""
    return network.for_job(steps) if isinstance(network, Stateful) else network
