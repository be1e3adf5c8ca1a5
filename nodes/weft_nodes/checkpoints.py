"""Checkpoints and what changes them: loading, LoRA, and how prompts and predictions are read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from weft.sdk import FingerprintScope, Listed, ModelError, ModelFile, Paths, Run, Slider, listing, node

from weft_nodes.families.checkpoints import (
    checkpoint_traits,
    find_checkpoint,
    list_checkpoints,
    open_checkpoint,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileMissingError, PatchMismatchError
from weft_nodes.models.handles import MODEL_TRAITS, Model, Prediction, TextEncoder, Vae
from weft_nodes.models.patches import LowRankPatch, low_rank_parts
from weft_nodes.models.weights import read_header

_LORA_FOLDER = "loras"
_NO_CHECKPOINTS = (f"{_LORA_FOLDER}/", "embeddings/")


class LoadedCheckpoint(NamedTuple):
    """The three parts of a checkpoint.

    Attributes:
        model: The network that denoises latents.
        encoder: The text encoder that reads prompts.
        vae: The autoencoder between pictures and latents.
    """

    model: Model
    encoder: TextEncoder
    vae: Vae


class PatchedModel(NamedTuple):
    """A model and a text encoder with changes.

    Attributes:
        model: The model with the change.
        encoder: The text encoder with the change; as given where the file changes no text encoder.
    """

    model: Model
    encoder: TextEncoder


@listing("checkpoint")
def checkpoints_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the checkpoints in the models folders, with their family, latent space and kind of network.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for a file that cannot be read.
    """
    return {name: checkpoint_traits(path) for name, path in _checkpoints(paths).items()}


@listing("lora")
def loras_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the LoRA files in the `loras` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits: a LoRA does not say for which family it was made.
    """
    return {name: {} for name in sorted(_loras(paths))}


def _digest_of_checkpoint(run: FingerprintScope, checkpoint: str) -> str:
    """Tell checkpoints apart by content and by place, which handles carry; or by what is wrong with them."""
    try:
        path = find_checkpoint(checkpoint, run.paths.models)
        digests = open_checkpoint(path, memory=_memory(run.paths)).digests
    except ModelError as error:
        return error.code
    return " ".join([str(path), *(f"{part}:{digest}" for part, digest in sorted(digests.items()))])


def _digest_of_lora(run: FingerprintScope, lora: str) -> str:
    """Tell LoRA files apart by their content."""
    path = _loras(run.paths).get(lora)
    return "missing" if path is None else run.file_digest(path)


@node(
    "checkpoint.load",
    lane="io",
    fingerprint=_digest_of_checkpoint,
    gives={
        "model": {trait: Listed("checkpoint", trait) for trait in MODEL_TRAITS},
        "encoder": {"family": Listed("checkpoint", "family")},
        "vae": {"space": Listed("checkpoint", "space")},
    },
)
def load_checkpoint(
    run: Run, checkpoint: Annotated[str, ModelFile("checkpoint")] = "starter"
) -> LoadedCheckpoint:
    """Load a checkpoint: a model with its text encoder and its autoencoder.

    Args:
        run: The run this is part of.
        checkpoint: Name of a checkpoint in the models folders: a .safetensors file or a folder in the
            diffusers layout. "starter" is the small model that ships with weft.

    Returns:
        The parts of the checkpoint. Weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no checkpoint of that name, or a part of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: The file belongs to no model family that is known here.
    """
    path = find_checkpoint(checkpoint, run.paths.models)
    found = open_checkpoint(path, memory=_memory(run.paths))
    for part, digest in sorted(found.digests.items()):
        run.note_file(f"{checkpoint}/{part}", digest)
    return LoadedCheckpoint(found.model, found.encoder, found.vae)


@node(
    "lora.apply",
    lane="io",
    fingerprint=_digest_of_lora,
    accepts={"model": MODEL_TRAITS, "encoder": {"family": "$family"}},
    gives={"model": MODEL_TRAITS, "encoder": {"family": "$family"}},
)
def apply_lora(
    run: Run,
    model: Model,
    encoder: TextEncoder,
    *,
    lora: Annotated[str, ModelFile("lora")],
    strength: Annotated[float, Slider(-4, 4, step=0.05)] = 1.0,
    encoder_strength: Annotated[float, Slider(-4, 4, step=0.05)] = 1.0,
) -> PatchedModel:
    """Change a model by a LoRA; several can follow each other, and the checkpoint itself stays as it is.

    Args:
        run: The run this is part of.
        model: The model to change.
        encoder: The text encoder to change.
        lora: Name of a .safetensors file in the `loras` folder of a models folder.
        strength: How much the model changes, -4..4; 0 not at all, 1 as trained.
        encoder_strength: How much the text encoder changes, -4..4.

    Returns:
        The model and the text encoder with the change.

    Raises:
        ModelFileMissingError: There is no file of that name.
        ModelFileRefusedError: The file is a pickle, which could run code.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file changes neither the model nor the text encoder.
    """
    path = _loras(run.paths).get(lora)
    if path is None:
        raise ModelFileMissingError(
            path=Path(lora), hint=f"Put the file into a {_LORA_FOLDER} folder of a models folder."
        )
    digest = _memory(run.paths).file(path)
    run.note_file(lora, digest)
    parts = low_rank_parts(read_header(path).tensors)
    if not parts:
        raise PatchMismatchError(patch=f"The LoRA {lora}", problem="it has no layers of a known network")

    def patch(part: str, factor: float) -> LowRankPatch:
        return LowRankPatch(str(path), digest, factor, part)

    if "unet" in parts and strength != 0:
        model = model.with_patches(patch("unet", strength))
    if encoder_strength != 0:
        texts = [part for part in parts if part != "unet"]
        encoder = encoder.with_patches(*(patch(part, encoder_strength) for part in texts))
    return PatchedModel(model, encoder)


@node(
    "encoder.skip_layers",
    lane="inline",
    accepts={"encoder": {"family": "$family"}},
    gives={"encoder": {"family": "$family"}},
)
def skip_layers(encoder: TextEncoder, layers: Annotated[int, Slider(0, 11)] = 1) -> TextEncoder:
    """Read prompts from an earlier layer of the text encoder ("CLIP skip"), as some models were trained.

    Args:
        encoder: The text encoder.
        layers: Layers left out at the end, 0..11; 1 is what is called CLIP skip 2.

    Returns:
        The text encoder, read from there.
    """
    return replace(encoder, skipped_layers=layers)


@node(
    "model.set_prediction",
    lane="inline",
    accepts={"model": MODEL_TRAITS},
    gives={"model": MODEL_TRAITS},
)
def set_prediction(
    model: Model, prediction: Literal["auto", "epsilon", "v_prediction", "sample"] = "v_prediction"
) -> Model:
    """Say what a model predicts, where its file does not: pictures of noise or of one colour are the sign.

    Args:
        model: The model.
        prediction: epsilon: the noise; v_prediction: the velocity; sample: the clean latent; auto: what the
            file or its family says.

    Returns:
        The model, read that way.
    """
    chosen: Prediction = prediction
    return replace(model, prediction=chosen)


def _memory(paths: Paths) -> DigestMemory:
    return DigestMemory(paths.data_dir / "digests")


def _checkpoints(paths: Paths) -> Mapping[str, Path]:
    """List what may be a checkpoint; LoRA files and learned words lie beside them, but are none."""
    listed = list_checkpoints(paths.models)
    return {name: path for name, path in listed.items() if not name.startswith(_NO_CHECKPOINTS)}


def _loras(paths: Paths) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for folder in (models / _LORA_FOLDER for models in paths.models):
        for path in sorted(folder.rglob("*.safetensors")) if folder.is_dir() else ():
            found.setdefault(path.relative_to(folder).as_posix(), path)
    return found
