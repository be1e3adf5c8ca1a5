"""Changes to a network that a handle carries: data on the wire, applied once to a private clone.

A patch is a small frozen dataclass, so that a handle with patches can be cached like any other value. What it
needs from files it reads when it is applied.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import nn

from weft_nodes.models.blocks import Blocks, check_blocks, factor_on
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.lora_changes import ChangedLayer, DecomposedLayer
from weft_nodes.models.lora_files import LayerChange, read_changes
from weft_nodes.models.lora_names import DENOISER

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
        blocks: Further factors on the layers below a name, such as `("mid_block", 0.5)`; see `blocks`.
    """

    path: str
    source: str
    strength: float = 1.0
    part: str = "unet"
    blocks: Blocks = ()

    @property
    def key(self) -> str:
        """Return a digest of the file's content, the strengths and the part."""
        words = ("low-rank", self.source, self.strength, self.part, *self.blocks)
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()

    def apply(self, net: nn.Module) -> None:
        """Put the layers of the file beside those of the network; see `Patch`."""
        changes = read_changes(Path(self.path), net, part=self.part)
        check_blocks(net, self.blocks)
        for name, change in changes.items():
            factor = factor_on(name, self.blocks)
            if factor:
                self._attach(net, name, change, self.strength * factor)

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
