"""What a prompt shows the network besides words: latents that are read beside the noisy one.

Two ways, under names that every family shares; a family's live network says which it reads (`LiveNetwork`):

- `concat_latents` [1, C, h, w]: further channels of the noisy latent, of its size, such as the mask and the
  masked picture of inpainting models (`weft_nodes.families.inpainting` lays them out), the picture that
  InstructPix2Pix changes, or the map that FLUX.1 Depth follows.
- `reference_latents/0`, `reference_latents/1`, … [1, c, h', w']: whole latents of any size that editing
  models read as further tokens, such as FLUX.1 Kontext, FLUX.2 and Qwen-Image-Edit.

They lie among the tensors of the prompt, so rows that differ in them never share a forward, and changes of
the text leave them alone. A negative prompt without any sees what the positive prompts show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.trajectories import tensor_digest
from weft_nodes.diffusion.values import Conditioning, Prompt

CONCAT: Final = "concat_latents"
"""Name of the input of further channels."""

_REFERENCE: Final = "reference_latents/"


def is_sight(name: str) -> bool:
    """Tell whether an input of a prompt is something it shows, and nothing it says."""
    return name == CONCAT or name.startswith(_REFERENCE)


def showing(
    conditioning: Conditioning, *, concat_1Chw: Tensor | None = None, references: Sequence[Tensor] = ()
) -> Conditioning:
    """Let every prompt of a conditioning show latents.

    Args:
        conditioning: The prompts.
        concat_1Chw: Further channels of the noisy latent, in place of any before; None keeps those.
        references: Whole latents [1, c, h, w], behind those the prompts show already.
    """
    return Conditioning(tuple(_shown(entry, concat_1Chw, references) for entry in conditioning.entries))


def references_of(inputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Return the reference latents among the inputs of a prompt or of a forward, in their order."""
    names = [name for name in inputs if name.startswith(_REFERENCE)]
    return tuple(inputs[name] for name in sorted(names, key=lambda name: int(name.removeprefix(_REFERENCE))))


def without_references(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return all inputs but the reference latents."""
    return {name: tensor for name, tensor in inputs.items() if not name.startswith(_REFERENCE)}


def following(prompts: Sequence[Prompt], leaders: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Let prompts that show nothing show what other prompts do.

    Args:
        prompts: What a picture is guided away from.
        leaders: The positive prompts.

    Raises:
        ConditioningError: The leaders show different latents, so that it is open which are meant.
    """
    silent = [entry for entry in prompts if not _sights(entry)]
    shown = {_content(sights): sights for entry in leaders if (sights := _sights(entry))}
    if not silent or not shown:
        return tuple(prompts)
    if len(shown) > 1:
        raise ConditioningError(
            "The positive prompts show different pictures, and the negative prompt shows none.",
            hint="Let the negative prompt show a picture of its own.",
        )
    (sights,) = shown.values()
    return tuple(
        entry if _sights(entry) else replace(entry, tensors={**entry.tensors, **sights}) for entry in prompts
    )


def hiding(prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Let prompts say what they say, and show nothing: channels of zeros, and no reference.

    Args:
        prompts: Prompts that show something.

    Raises:
        ConditioningError: None of them does.
    """
    if not any(_sights(entry) for entry in prompts):
        raise ConditioningError(
            "Guidance by a picture needs a prompt that shows one.",
            hint="Put prompt.picture behind the positive prompt, or disconnect guidance.picture.",
        )
    return tuple(replace(entry, tensors=_hidden(entry.tensors)) for entry in prompts)


def _hidden(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    return {
        name: torch.zeros_like(tensor) if name == CONCAT else tensor
        for name, tensor in without_references(tensors).items()
    }


def _shown(entry: Prompt, concat_1Chw: Tensor | None, references: Sequence[Tensor]) -> Prompt:
    first = len(references_of(entry.tensors))
    added = {f"{_REFERENCE}{first + place}": tensor for place, tensor in enumerate(references)}
    if concat_1Chw is not None:
        added[CONCAT] = concat_1Chw
    for name, tensor in added.items():
        if tensor.ndim != 4:
            raise ConditioningError(
                f"Prompt input '{name}' has shape {list(tensor.shape)}, but must be one latent.",
                hint="Show the latent of one picture.",
            )
    return replace(entry, tensors={**entry.tensors, **added})


def _sights(entry: Prompt) -> Mapping[str, Tensor]:
    return {name: tensor for name, tensor in entry.tensors.items() if is_sight(name)}


def _content(sights: Mapping[str, Tensor]) -> tuple[object, ...]:
    return tuple((name, tensor_digest(tensor)) for name, tensor in sorted(sights.items()))
