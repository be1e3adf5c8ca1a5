"""From a name to the handle of a style model, and from its tokens to a prompt that says them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families.checkpoints import weights_below
from weft_nodes.families.facts import FACTS
from weft_nodes.families.image_encoders import Needed, ReaderFacts, opened_weights, reader_traits
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.styles import LAYERS, StyleModel
from weft_nodes.models.weights import component_files, read_header

FOLDER: Final = "style_models"
"""The folder of a models folder in which style models lie."""

_EMBEDDER: Final = "image_embedder"
# Families by the width of the words they read.
_FAMILIES: Final[Mapping[int, str]] = MappingProxyType({FACTS["flux"].text_width: "flux"})
# Prompts keep words and their summary under these names.
_WORDS, _POOLED = "encoder_hidden_states", "pooled_projections"


def list_styles(folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the style models that can be loaded by name.

    Args:
        folders: Folders of models, first match first; each may have a folder "style_models".

    Returns:
        By name a file, or the folder of a whole style model in the diffusers layout.
    """
    found: dict[str, Path] = {}
    for folder in (models / FOLDER for models in folders):
        for path in weights_below(folder, "config.json"):
            place = path.parent if path.is_dir() and path.name == _EMBEDDER else path
            if place == path and path.is_dir():
                continue
            found.setdefault(place.relative_to(folder).as_posix(), place)
    return dict(sorted(found.items()))


def style_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a style model; empty if it cannot be read."""
    return reader_traits(_facts, path)


def open_style(name: str, folders: Sequence[Path], memory: DigestMemory) -> StyleModel:
    """Make the handle of a listed style model.

    Args:
        name: As `list_styles` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.
        memory: Remembers digests of files; the first opening of a file reads all of it.

    Raises:
        ModelFileMissingError: None of this name is listed, or its image encoder is missing.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It is no style model, or of a family that is not known here.
    """
    listed = list_styles(folders)
    if name not in listed:
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(
            path=Path(name), hint=f"Style models in the {FOLDER} folders of the models folders: {known}."
        )
    path = listed[name].absolute()
    family, needed = _facts(path)
    weights = opened_weights(_file(path), needed, folder=FOLDER, folders=folders, memory=memory)
    return StyleModel(family, *weights)


def with_style(
    conditioning: Conditioning, tokens_1TD: Tensor, *, family: str, words: float, pooled: float
) -> Conditioning:
    """Let every prompt of a conditioning say what a style model says.

    Args:
        conditioning: The prompts.
        tokens_1TD: What is said, read behind the words.
        family: The family of the style model.
        words: Factor of what the words say.
        pooled: Factor of their summary.

    Raises:
        ConditioningError: A prompt is of another family, or of another width.
    """

    def told(entry: Prompt) -> Prompt:
        states_1TD = entry.tensors.get(_WORDS)
        width = tokens_1TD.shape[-1]
        if entry.family not in ("", family) or states_1TD is None or states_1TD.shape[-1] != width:
            raise ConditioningError(
                f"The style model speaks to {FACTS[family].title} in tokens of width {width}, and the prompt "
                f"is for {entry.family or 'another model'}.",
                hint="Encode the prompt with the text encoder of the model that the style model is for.",
            )
        tensors = {**entry.tensors}
        tensors[_WORDS] = torch.cat([states_1TD * words, tokens_1TD.to(states_1TD)], dim=1)
        if _POOLED in tensors:
            tensors[_POOLED] = tensors[_POOLED] * pooled
        return replace(entry, tensors=tensors)

    return Conditioning(tuple(told(entry) for entry in conditioning.entries))


def _file(path: Path) -> Path:
    return component_files(path / _EMBEDDER)[0] if path.is_dir() else path


def _facts(path: Path) -> ReaderFacts:
    """Return the family of a style model, and what its image encoder must be like."""
    header = read_header(_file(path))
    shapes = [
        header.tensors[f"{layer}weight"].shape for layer in LAYERS if f"{layer}weight" in header.tensors
    ]
    examples = ", ".join(sorted(header.tensors)[:3]) or "none"
    seen = f"{len(header.tensors)} tensors ({examples})"
    if len(shapes) < len(LAYERS):
        raise CheckpointUnknownError(
            path=path, seen=seen, tried=[f"FLUX.1 Redux: it has no {LAYERS[0]}weight"]
        )
    up, down = shapes
    # A file may name its family itself, as small test models do, whose widths are nobody's.
    family = header.metadata.get("_weft_family") or _FAMILIES.get(down[0])
    if family is None:
        raise CheckpointUnknownError(
            path=path,
            seen=seen,
            tried=[f"FLUX.1 Redux: no family known here reads tokens of width {down[0]}"],
        )
    return ReaderFacts(family, Needed("siglip", "hidden_size", up[1]))
