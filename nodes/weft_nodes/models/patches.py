"""Changes to a network that a handle carries: data on the wire, applied once to a private clone.

A patch is a small frozen dataclass, so that a handle with patches can be cached like any other value. What it
needs from files it reads when it is applied.
"""

import hashlib
import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import nn

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.lora_changes import ChangedLayer, DecomposedLayer
from weft_nodes.models.lora_files import LayerChange, read_changes
from weft_nodes.models.lora_names import DENOISER, known

__all__ = ["DENOISER", "LowRankPatch", "Patch"]


@runtime_checkable
class Patch(Protocol):
    """A change to a network."""

    @property
    def part(self) -> str:
        """Return which network of a checkpoint it changes, such as "unet", or `DENOISER`."""

    @property
    def key(self) -> str:
        """Return a digest of all that the change depends on."""

    def apply(self, net: nn.Module) -> None:
        """Change a network.

        Args:
            net: A light clone that no one else uses. Its parameters are shared: replace them, never write
                into them.

        Raises:
            PatchMismatchError: The patch was made for another architecture.
        """


@dataclass(frozen=True, slots=True)
class LowRankPatch:
    """A LoRA file, of whatever kind, applied to one network at a strength.

    The base weights are never touched; see `lora_changes` for the formulas.

    Args:
        path: The safetensors file; see `lora_files` for the layouts.
        source: Digest of its content.
        strength: Factor on the change; 0 is none, 1 is as trained, negative turns it round.
        part: Which network: the name of a text encoder's folder, or any other name for the denoising one.
        blocks: Further factors on the layers below a name, such as `("mid_block", 0.5)`; a star stands for
            any letters, and of several that fit the last one counts.
    """

    path: str
    source: str
    strength: float = 1.0
    part: str = "unet"
    blocks: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """Return a digest of the file's content, the strengths and the part."""
        words = ("low-rank", self.source, self.strength, self.part, *self.blocks)
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()

    def apply(self, net: nn.Module) -> None:
        """Put the layers of the file beside those of the network; see `Patch`."""
        changes = read_changes(Path(self.path), net, part=self.part)
        self._check_blocks(net)
        for name, change in changes.items():
            factor = self._factor(name)
            if factor:
                self._attach(net, name, change, self.strength * factor)

    def _factor(self, name: str) -> float:
        return next((factor for block, factor in reversed(self.blocks) if _is_below(name, block)), 1.0)

    def _check_blocks(self, net: nn.Module) -> None:
        names = [name for name, _ in net.named_modules()]
        for block, _ in self.blocks:
            if not any(_is_below(name, block) for name in names):
                tops = [name for name, _ in net.named_children()]
                raise PatchMismatchError(
                    patch=f"The strength of {block}",
                    problem="it has no layer of that name",
                    hint=f"Names begin with one of: {known(tops, len(tops))}.",
                )

    def _attach(self, net: nn.Module, name: str, found: LayerChange, strength: float) -> None:
        parent_name, _, child = name.rpartition(".")
        parent = net.get_submodule(parent_name)
        base = parent.get_submodule(child)
        try:
            if found.magnitude is None:
                layer = ChangedLayer(base, found.change, strength)
            else:
                layer = DecomposedLayer(base, found.change, strength, found.magnitude)
        except ValueError as error:
            raise PatchMismatchError(
                patch=f"The LoRA {Path(self.path).name}", problem=f"in {name} {error}"
            ) from error
        setattr(parent, child, layer)


def _is_below(name: str, block: str) -> bool:
    return fnmatchcase(f"{name}.", f"{block}.*")
