"""What travels on wires between sampling nodes.

Every value is frozen, and nothing writes into a tensor it was given.

Shape legend, used as name suffixes in the whole package:
    B batch items · C latent channels · h, w latent height and width · H, W picture height and width
    T prompt tokens · D features · 1 an axis of length one
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor
from weft.sdk import value

from weft_nodes.diffusion.errors import ConditioningError, JobError


@value("latent", color="#ff9cf9")
@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """Pictures in a latent space, normalised (already times the VAE's scaling factor).

    Args:
        samples_BChw: Float tensor, one item per picture.
        space: Id of the latent space, such as "sd15", "sdxl" or "starter".
        mask_B1hw: Where sampling may change the latent, 1 = repaint, 0 = keep; None changes all of it.
            One mask may serve all items.
        indices: Place of each item in the batch it was drawn from, so that an item picked out of a batch
            keeps its noise; None counts from 0.
        is_mask_gradual: Whether the mask says in which share of the last steps a place may change, instead of
            how much it may.
        original_BChw: What a mask keeps, without noise, where the samples still have some.

    Raises:
        JobError: Shapes of samples, mask, original and indices do not fit.
    """

    # Whoever shows a latent in a message, as asyncio does with all results, shall not write down its numbers.
    samples_BChw: Tensor = field(repr=False)
    space: str
    mask_B1hw: Tensor | None = field(default=None, repr=False)
    indices: tuple[int, ...] | None = None
    is_mask_gradual: bool = False
    original_BChw: Tensor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        shape = tuple(self.samples_BChw.shape)
        if len(shape) < 3:
            raise JobError(
                f"A latent has shape {list(shape)}, but needs [batch, channels, height, width].",
                hint="Add a batch axis.",
            )
        if self.indices is not None and len(self.indices) != shape[0]:
            raise JobError(
                f"A latent of {shape[0]} items has {len(self.indices)} indices.",
                hint="Give one index per item, or none.",
            )
        if self.original_BChw is not None and self.original_BChw.shape != shape:
            raise JobError(
                f"An original of shape {list(self.original_BChw.shape)} does not fit a latent of shape "
                f"{list(shape)}.",
                hint="Change both together.",
            )
        if self.mask_B1hw is not None:
            self._check_mask(tuple(self.mask_B1hw.shape))

    def _check_mask(self, mask: tuple[int, ...]) -> None:
        shape = tuple(self.samples_BChw.shape)
        fits = len(mask) == len(shape) and mask[0] in (1, shape[0]) and mask[1] == 1 and mask[2:] == shape[2:]
        if not fits:
            raise JobError(
                f"A mask of shape {list(mask)} does not fit a latent of shape {list(shape)}.",
                hint="Resize the mask to the latent; it has one channel.",
            )

    @property
    def batch_size(self) -> int:
        """Count the items."""
        return int(self.samples_BChw.shape[0])

    @property
    def size_hw(self) -> tuple[int, int]:
        """Return height and width in latent pixels."""
        height, width = self.samples_BChw.shape[-2:]
        return int(height), int(width)

    def item(self, position: int) -> "Latent":
        """Take one item out, with its mask and its place in the batch.

        Args:
            position: 0..batch_size-1.

        Returns:
            A latent of batch size 1 that gets the same noise as it would have got inside the batch.
        """
        here = slice(position, position + 1)
        mask, original = self.mask_B1hw, self.original_BChw
        return replace(
            self,
            samples_BChw=self.samples_BChw[here],
            mask_B1hw=mask[here] if mask is not None and mask.shape[0] > 1 else mask,
            original_BChw=None if original is None else original[here],
            indices=(position if self.indices is None else self.indices[position],),
        )

    def with_samples(self, samples_BChw: Tensor) -> "Latent":
        """Return this latent with other samples and the same space, mask and indices."""
        return replace(self, samples_BChw=samples_BChw)


class ControlNetwork(Protocol):
    """What is known here of the network behind a control, or of the adapter behind an image prompt."""

    @property
    def key(self) -> str:
        """A stable name of its weights, without slashes."""


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A picture that says where things shall be, read by a network beside the one that denoises.

    Args:
        net: The handle of that network.
        hint_1CHW: What it is shown: a picture in 0..1, or the latent of one.
        strength: Factor of what it adds, above 0.
        start: Share of the steps after which it begins to apply, 0..1.
        end: Share of the steps after which it no longer applies, 0..1; 1 includes the last step.
        mask_hw: Where it applies, 0..1, at any resolution; None is everywhere.
        cell: Pixels of the hint per latent pixel, along each axis.
        kind: Number of what the picture shows, for networks that were trained on several kinds.

    Raises:
        ConditioningError: Strength, range or shapes are out of bounds.
    """

    net: ControlNetwork
    hint_1CHW: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    mask_hw: Tensor | None = None
    cell: int = 1
    kind: int = 0

    def __post_init__(self) -> None:
        if self.hint_1CHW.ndim != 4 or self.hint_1CHW.shape[0] != 1:
            raise ConditioningError(
                f"The picture of a control has shape {list(self.hint_1CHW.shape)}; it must be one picture.",
                hint="Apply one control for each picture.",
            )
        if self.strength <= 0 or not 0.0 <= self.start <= self.end <= 1.0:
            raise ConditioningError(
                f"A control has strength {self.strength} and range {self.start}..{self.end}.",
                hint="Strength is above 0, and 0 <= start <= end <= 1.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class ImagePrompt:
    """A picture that is read like words, by layers that an adapter adds to the network.

    Args:
        net: The handle of the adapter.
        tokens_1TD: What the picture says; or what an encoder sees of pictures [1, P, T, D], of which the
            network makes tokens at each step.
        empty_1TD: What no picture says, which a prompt to be guided away from reads instead.
        strength: Factor of what its layers add, above 0.
        start: Share of the steps after which it begins to apply, 0..1.
        end: Share of the steps after which it no longer applies, 0..1; 1 includes the last step.
        mask_hw: Where it applies, 0..1, at any resolution; None is everywhere.

    Raises:
        ConditioningError: Strength, range or shapes are out of bounds.
    """

    net: ControlNetwork
    tokens_1TD: Tensor
    empty_1TD: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    mask_hw: Tensor | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.tokens_1TD.shape)
        if len(shape) not in (3, 4) or shape[0] != 1 or self.empty_1TD.shape != shape:
            raise ConditioningError(
                f"An image prompt has shape {list(shape)}, and {list(self.empty_1TD.shape)} when empty.",
                hint="Both are [1, tokens, features], or [1, pictures, tokens, features].",
            )
        if self.strength <= 0 or not 0.0 <= self.start <= self.end <= 1.0:
            raise ConditioningError(
                f"An image prompt has strength {self.strength} and range {self.start}..{self.end}.",
                hint="Strength is above 0, and 0 <= start <= end <= 1.",
            )

    def silenced(self) -> "ImagePrompt":
        """Return this image prompt without its picture, under the same layers in the same places."""
        return replace(self, tokens_1TD=self.empty_1TD)


Steering = Control | ImagePrompt
"""What steers a network besides words."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """One prompt as the network reads it, and where and when it applies.

    Args:
        tensors: Network inputs by name, each with a batch axis of length one, such as
            `encoder_hidden_states` [1, T, D], `pooled` [1, D] or `time_ids` [1, 6].
        strength: Weight against other prompts in the same place, >= 0. Alone, a prompt has full effect.
        mask_hw: Region in which the prompt applies, 0..1, at latent or picture resolution; None is
            everywhere.
        start: Share of the steps after which the prompt begins to apply, 0..1.
        end: Share of the steps after which it no longer applies, 0..1; 1 includes the last step.
        family: Model family whose encoder made it, such as "sdxl"; empty when unknown.
        turn: Of every `turns` steps, counted from the first of all, the one at which the prompt applies.
        turns: After how many steps it applies again, where prompts take turns; 1 is every step.
        controls: What steers the network while it reads this prompt, besides the words.

    Raises:
        ConditioningError: A tensor has another batch size than 1, or strength, range or turn are out of
            bounds.
    """

    tensors: Mapping[str, Tensor]
    strength: float = 1.0
    mask_hw: Tensor | None = None
    start: float = 0.0
    end: float = 1.0
    family: str = ""
    turn: int = 0
    turns: int = 1
    controls: tuple[Steering, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", MappingProxyType(dict(self.tensors)))
        for name, tensor in self.tensors.items():
            if tensor.ndim == 0 or tensor.shape[0] != 1:
                raise ConditioningError(
                    f"Prompt input '{name}' has shape {list(tensor.shape)}; its first axis must be 1.",
                    hint="Make one Prompt per batch item.",
                )
        if self.strength < 0 or not 0.0 <= self.start <= self.end <= 1.0:
            raise ConditioningError(
                f"A prompt has strength {self.strength} and range {self.start}..{self.end}.",
                hint="Strength is at least 0, and 0 <= start <= end <= 1.",
            )
        if not 0 <= self.turn < self.turns:
            raise ConditioningError(
                f"A prompt applies at turn {self.turn} of {self.turns}.",
                hint="Turns count from 0 to one less than there are.",
            )
        if self.mask_hw is not None and self.mask_hw.ndim != 2:
            raise ConditioningError(
                f"A region mask has shape {list(self.mask_hw.shape)}, but needs [height, width].",
                hint="Remove the batch and channel axes.",
            )

    def on(self, device: torch.device) -> "Prompt":
        """Return this prompt with its tensors on a device; itself if they are there already."""
        if all(tensor.device == device for tensor in self.tensors.values()):
            return self
        return replace(self, tensors={name: tensor.to(device) for name, tensor in self.tensors.items()})


@value("conditioning", color="#ffa931")
@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """All prompts of one side (positive or negative) of the guidance.

    Args:
        entries: The prompts; several apply at once, weighted by their strengths and masks.
    """

    entries: tuple[Prompt, ...]

    def with_(
        self,
        *,
        strength: float | None = None,
        mask_hw: Tensor | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> "Conditioning":
        """Return a copy in which every prompt has the given strength, region or range.

        Args:
            strength: See `Prompt`; None keeps each prompt's own, here and below.
            mask_hw: See `Prompt`.
            start: See `Prompt`.
            end: See `Prompt`.
        """
        return Conditioning(
            tuple(
                replace(
                    entry,
                    strength=entry.strength if strength is None else strength,
                    mask_hw=entry.mask_hw if mask_hw is None else mask_hw,
                    start=entry.start if start is None else start,
                    end=entry.end if end is None else end,
                )
                for entry in self.entries
            )
        )

    def controlled_by(self, control: Steering) -> "Conditioning":
        """Return a copy in which every prompt has one more control behind those it has."""
        return Conditioning(
            tuple(replace(entry, controls=(*entry.controls, control)) for entry in self.entries)
        )

    def combined_with(self, other: "Conditioning") -> "Conditioning":
        """Return a conditioning in which the prompts of both apply at once."""
        return Conditioning(self.entries + other.entries)


@value("sigmas", color="#cddc39")
@dataclass(frozen=True, slots=True)
class Sigmas:
    """Noise levels of a sampling run, one more than it has steps.

    Args:
        values: Falling levels; the last is 0 unless noise is to be left for a later stage.
        space: Key of the noise space they were made for (`Space.key`); empty when made by hand.
    """

    values: tuple[float, ...]
    space: str = ""

    @property
    def steps(self) -> int:
        """Count the steps."""
        return len(self.values) - 1
