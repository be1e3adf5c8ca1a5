"""What a model family must say about itself, and nothing more: the seam between `models` and `families`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import Space
from weft_nodes.models.text import TextStack
from weft_nodes.models.tokenizers import load_tokenizer
from weft_nodes.models.wording import Wording

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class ModulePart:
    """One network of a checkpoint: how to build it, and where its tensors are.

    Args:
        name: Its folder in the diffusers layout, and its folder of configurations for single files.
        build: Makes the module from the content of its `config.json`.
        rename: Brings the tensor names of a diffusers folder, of whatever age, to those of the module.
        prefixes: What its tensors' names begin with in a single file.
        convert: Turns a single file's tensors (full names) into the module's.
        half: The type of two bytes in which it does not overflow, taken where a GPU may choose.
        fit: Reads options of its configuration from the shapes of a single file's tensors, by names without
            prefix; None where all single files have the same.
        is_weightless: Whether it has no weights and no configuration, so that no file is read for it.
    """

    name: str
    build: Callable[[Mapping[str, object]], nn.Module]
    rename: Callable[[nn.Module, dict[str, Tensor]], dict[str, Tensor]]
    prefixes: tuple[str, ...]
    convert: Callable[[nn.Module, dict[str, Tensor]], dict[str, Tensor]]
    half: Literal["float16", "bfloat16"] = "float16"
    fit: Callable[[Mapping[str, tuple[int, ...]]], dict[str, object]] | None = None
    is_weightless: bool = False


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text encoder and the tokenizer that feeds it.

    Args:
        encoder: The network.
        tokenizer: Name of the tokenizer's folder.
        load: Builds the tokenizer from its folder.
        name: What a prompt calls it that has words for it alone; empty where there is no other encoder.
        is_optional: Whether checkpoints without it are whole; then `encode` gets no stack for it.
    """

    encoder: ModulePart
    tokenizer: str
    load: Callable[[Path], PreTrainedTokenizerBase] = load_tokenizer
    name: str = ""
    is_optional: bool = False


class Family(Protocol):
    """How one model family is loaded, called and fed."""

    @property
    def id(self) -> str:
        """Name of the family, such as "sdxl"."""

    @property
    def latent_space(self) -> str:
        """Name of its latent space."""

    @property
    def configs(self) -> Path | None:
        """Folder of configurations for single files; None if the family has only folders."""

    @property
    def network_part(self) -> ModulePart:
        """The denoising network."""

    @property
    def text_parts(self) -> tuple[TextPart, ...]:
        """The text encoders, in the order in which `encode` gets them."""

    @property
    def vae_part(self) -> ModulePart:
        """The autoencoder."""

    def space(
        self, config: Mapping[str, object], *, size_hw: tuple[int, int] | None, steps: int | None
    ) -> Space:
        """Read the noise space from the checkpoint's `scheduler_config.json`.

        Args:
            config: Its content.
            size_hw: Height and width of the latent, for families whose noise depends on it; None takes the
                size they were trained on.
            steps: Steps of the whole sampling, for families whose noise depends on them; None takes theirs.

        Raises:
            SpaceError: The configuration describes no space that is known here.
        """

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live module for the sampling core.

        Args:
            module: The denoising network, private to its handle.
            space: The noise space it was trained in.
            key: Key of the handle; rows of equal keys may share a forward.
        """

    def encode(
        self, stacks: tuple[TextStack, ...], wording: Wording, *, skipped_layers: int
    ) -> Mapping[str, Tensor]:
        """Encode a prompt to the network's inputs.

        Args:
            stacks: One live text encoder and tokenizer per text part that the checkpoint has.
            wording: A prompt of any length, with the weights of its words.
            skipped_layers: How many of the last layers are left out.

        Returns:
            Network inputs by name, each with a batch axis of length one.
        """
