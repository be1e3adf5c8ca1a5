"""Checkpoints: loading, and how prompts and predictions are read."""

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
from weft_nodes.models.handles import MODEL_TRAITS, Model, Prediction, TextEncoder, Vae

_NO_CHECKPOINTS = ("loras/", "embeddings/", "controlnet/", "ip_adapter/", "clip_vision/")


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


@listing("checkpoint")
def checkpoints_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the checkpoints in the models folders, with their family, latent space and kind of network.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for a file that cannot be read.
    """
    return {name: checkpoint_traits(path) for name, path in _checkpoints(paths).items()}


def _digest_of_checkpoint(run: FingerprintScope, checkpoint: str) -> str:
    """Tell checkpoints apart by content and by place, which handles carry; or by what is wrong with them."""
    try:
        path = find_checkpoint(checkpoint, run.paths.models)
        digests = open_checkpoint(path, memory=_memory(run.paths)).digests
    except ModelError as error:
        return error.code
    return " ".join([str(path), *(f"{part}:{digest}" for part, digest in sorted(digests.items()))])


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
