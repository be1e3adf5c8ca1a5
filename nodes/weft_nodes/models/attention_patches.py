"""Changes to what a network attends to: weakened networks that guidance moves away from, and FreeU.

They add no weights. Weakened are the layers that the papers found best; "middle" is the narrowest part of a
U-Net, or the block half way through a transformer.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

import torch
from torch import Tensor, nn

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.patches import DENOISER

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from diffusers.models.attention_processor import Attention

Layers = Literal["middle", "all"]


class _LayerPatch:
    """What the patches of this page share: the part they change, and a key of their class and values."""

    __slots__ = ()

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the kind of change and its values."""
        words = (type(self).__name__, *astuple(cast("DataclassInstance", self)))
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class PerturbedAttention(_LayerPatch):
    """Self-attention where each place sees only itself (Ahn et al. 2024, arXiv 2403.17377, section 4).

    Args:
        layers: Which layers.
    """

    layers: Layers = "middle"

    def apply(self, net: nn.Module) -> None:
        """Replace the attention map of self-attention by the identity; see `Patch`."""
        _replace_processors(net, self.layers, _attend_to_itself, patch="Perturbed attention")


@dataclass(frozen=True, slots=True)
class SmoothedAttention(_LayerPatch):
    """Self-attention where all places ask the same question (Hong 2024, arXiv 2408.00760, "SEG").

    The paper blurs the queries; this is its limit of an infinitely wide blur, which it recommends: the mean.

    Args:
        layers: Which layers.
    """

    layers: Layers = "middle"

    def apply(self, net: nn.Module) -> None:
        """Replace the queries of self-attention by their mean; see `Patch`."""
        _replace_processors(net, self.layers, _attend_alike, patch="Smoothed attention")


@dataclass(frozen=True, slots=True)
class SkippedBlocks(_LayerPatch):
    """A transformer without some of its blocks ("SLG": Stable Diffusion 3.5 by Stability AI).

    Args:
        blocks: Their numbers, from 0.
    """

    blocks: tuple[int, ...]

    def apply(self, net: nn.Module) -> None:
        """Let what comes into the blocks come out as it is; see `Patch`."""
        stack = getattr(net, "transformer_blocks", None)
        if not isinstance(stack, nn.ModuleList):
            raise PatchMismatchError(
                patch="Layer skipping",
                problem="it has no stack of transformer blocks",
                hint="Use perturbed or smoothed attention with U-Nets.",
            )
        for number in self.blocks:
            if not 0 <= number < len(stack):
                raise PatchMismatchError(
                    patch="Layer skipping",
                    problem=f"it has {len(stack)} blocks, counted from 0, and none is number {number}",
                    hint=f"Use numbers from 0 to {len(stack) - 1}.",
                )
            stack[number] = _SkippedBlock(is_joint=_is_joint(stack[number]))


@dataclass(frozen=True, slots=True)
class FreeU(_LayerPatch):
    """FreeU (Si et al. 2023, arXiv 2309.11497): more of a U-Net's backbone, less of its skips' coarse parts.

    Args:
        backbone: Factors on half of the backbone's channels in the first and the second stage of the decoder.
        skip: Factors on the low frequencies of the skip connections in the same stages.
    """

    backbone: tuple[float, float] = (1.5, 1.6)
    skip: tuple[float, float] = (0.9, 0.2)

    def apply(self, net: nn.Module) -> None:
        """Switch it on in all blocks of the decoder, which know their stage; see `Patch`."""
        switch = getattr(net, "enable_freeu", None)
        if switch is None:
            raise PatchMismatchError(
                patch="FreeU", problem="its network is no U-Net", hint="Take FreeU out of the workflow."
            )
        switch(s1=self.skip[0], s2=self.skip[1], b1=self.backbone[0], b2=self.backbone[1])


class _SkippedBlock(nn.Module):
    """Stands in for a block that is left out."""

    def __init__(self, *, is_joint: bool) -> None:
        super().__init__()
        self.is_joint = is_joint

    def forward(
        self, hidden_states: Tensor, *_: object, encoder_hidden_states: Tensor | None = None, **__: object
    ) -> Tensor | tuple[Tensor | None, Tensor]:
        """Return what came in, in the way of the block it stands for."""
        return (encoder_hidden_states, hidden_states) if self.is_joint else hidden_states


# Kinds of blocks that pass on text and picture side by side.
_JOINT: Final = frozenset({"JointTransformerBlock", "FluxTransformerBlock"})


def _is_joint(block: nn.Module) -> bool:
    """Tell whether a block gives back text and picture; refuse blocks that are not known here."""
    name = type(block).__name__
    if isinstance(block, _SkippedBlock):
        return block.is_joint
    if name in _JOINT or name == "BasicTransformerBlock":
        return name in _JOINT
    raise PatchMismatchError(
        patch="Layer skipping",
        problem=f"its blocks are of the kind {name}, which cannot be left out",
        hint="Disconnect the guidance method.",
    )


_Attend = Callable[["Attention", Tensor], Tensor]


class _Processor:
    """An attention processor of diffusers around a function that attends."""

    def __init__(self, attend: _Attend) -> None:
        self._attend = attend

    def __call__(self, attn: "Attention", hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        return cast("Tensor", attn.to_out[1](attn.to_out[0](self._attend(attn, hidden_states))))


def _attend_to_itself(attn: "Attention", hidden_BTD: Tensor) -> Tensor:
    return cast("Tensor", attn.to_v(hidden_BTD))


def _attend_alike(attn: "Attention", hidden_BTD: Tensor) -> Tensor:
    # Equal queries have equal answers, so one is enough for all places.
    projected = (
        attn.to_q(hidden_BTD).mean(dim=1, keepdim=True),
        attn.to_k(hidden_BTD),
        attn.to_v(hidden_BTD),
    )
    query, key, value = (part.unflatten(2, (attn.heads, -1)).transpose(1, 2) for part in projected)
    answer = torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=attn.scale)
    return answer.transpose(1, 2).flatten(2).expand(-1, hidden_BTD.shape[1], -1)


def _replace_processors(net: nn.Module, layers: Layers, attend: _Attend, *, patch: str) -> None:
    found = list(_self_attentions(net, layers))
    if not found:
        raise PatchMismatchError(
            patch=patch,
            problem="it has no self-attention apart from that over text",
            hint="Use layer skipping with transformers that read text and picture together.",
        )
    for attention in found:
        attention.set_processor(_Processor(attend))


def _self_attentions(net: nn.Module, layers: Layers) -> Iterator["Attention"]:
    """List self-attention: diffusers calls it `attn1` in U-Nets and in transformers with text apart."""
    stack = getattr(net, "transformer_blocks", None)
    middle = f"transformer_blocks.{len(stack) // 2}." if isinstance(stack, nn.ModuleList) else "mid_block."
    prefix = middle if layers == "middle" else ""
    for name, module in net.named_modules():
        if name.startswith(prefix) and name.endswith(".attn1"):
            yield cast("Attention", module)
