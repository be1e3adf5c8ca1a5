"""Checkpoints: loading, whole or in parts, and how prompts and predictions are read."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from weft.sdk import FingerprintScope, Listed, ModelError, ModelFile, Paths, Run, Slider, listing, node

from weft_nodes.families.checkpoints import (
    checkpoint_traits,
    find_checkpoint,
    list_checkpoints,
    open_checkpoint,
)
from weft_nodes.families.split_files import (
    ENCODERS,
    NETWORKS,
    VAES,
    find_network,
    find_part,
    list_networks,
    list_parts,
    network_traits,
    open_encoders,
    open_network,
    open_vae,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.handles import ENCODER_TRAITS, MODEL_TRAITS, Model, Prediction, TextEncoder, Vae
from weft_nodes.models.hub_cache import cache_folder

DtypeChoice = Literal["auto", "float32", "float16", "bfloat16", "float8", "int8", "nf4"]

# Folders of what is loaded by other nodes, or lies beside the files of checkpoints.
_OTHERS: Final = (
    "loras",
    "embeddings",
    "controlnet",
    "ip_adapter",
    "clip_vision",
    "configs",
    "pipelines",
    "preprocessors",
    "style_models",
    "upscalers",
)
_NO_CHECKPOINTS: Final = tuple(f"{folder}/" for folder in (*_OTHERS, *NETWORKS, *ENCODERS, *VAES))


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
    """Name the checkpoints in the models folders and in the cache of Hugging Face, with their traits.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for a file that cannot be read.
    """
    return {name: checkpoint_traits(path) for name, path in _checkpoints(paths).items()}


def _digest_of_checkpoint(run: FingerprintScope, checkpoint: str) -> str:
    """Tell checkpoints apart by content and by place, which handles carry; or by what is wrong with them."""
    try:
        path = find_checkpoint(checkpoint, run.paths.models, cache_folder(os.environ))
        digests = open_checkpoint(path, memory=DigestMemory.of(run.paths)).digests
    except ModelError as error:
        return error.code
    return " ".join([str(path), *(f"{part}:{digest}" for part, digest in sorted(digests.items()))])


@node(
    "checkpoint.load",
    lane="io",
    fingerprint=_digest_of_checkpoint,
    gives={
        "model": {trait: Listed("checkpoint", trait) for trait in MODEL_TRAITS},
        "encoder": {trait: Listed("checkpoint", trait) for trait in ENCODER_TRAITS},
        "vae": {"space": Listed("checkpoint", "space")},
    },
)
def load_checkpoint(
    run: Run,
    checkpoint: Annotated[str, ModelFile("checkpoint")] = "starter",
    dtype: DtypeChoice = "auto",
) -> LoadedCheckpoint:
    """Load a checkpoint: a model with its text encoder and its autoencoder.

    Args:
        run: The run this is part of.
        checkpoint: Name of a checkpoint in the models folders: a .safetensors file or a folder in the
            diffusers layout; or a repository of Hugging Face, such as "owner/model", that was fetched into
            its cache. "starter" is the small model that ships with weft.
        dtype: Type to compute in. auto: what suits the device, and weights that are packed in the file stay
            packed; float32, float16, bfloat16: that type; float8, int8 and nf4: like auto, but the weights
            are packed, for half of the memory and nearly the same picture: int8 is closest, float8 quickest;
            nf4 takes little more than a quarter, and changes details.

    Returns:
        The parts of the checkpoint. Weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no checkpoint of that name, or a part of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: The file belongs to no model family that is known here.
    """
    path = find_checkpoint(checkpoint, run.paths.models, cache_folder(os.environ))
    found = open_checkpoint(path, memory=DigestMemory.of(run.paths), dtype=dtype)
    for part, digest in sorted(found.digests.items()):
        run.note_file(f"{checkpoint}/{part}", digest)
    return LoadedCheckpoint(found.model, found.encoder, found.vae)


@listing("network")
def networks_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the networks in the folders `diffusion_models` and `unet`, and those in the cache of Hugging Face.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for a file that cannot be read.
    """
    listed = list_networks(paths.models, cache_folder(os.environ))
    return {name: network_traits(path) for name, path in listed.items()}


@listing("text_encoder")
def encoders_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the text encoders in the folders `text_encoders` and `clip` of the models folders.

    Args:
        paths: Where to look.

    Returns:
        No traits by name: one file serves several families.
    """
    return {name: {} for name in list_parts(ENCODERS, paths.models)}


@listing("vae")
def vaes_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the autoencoders in the folders `vae` and `vae_approx` of the models folders.

    Args:
        paths: Where to look.

    Returns:
        No traits by name: files of different families look alike.
    """
    return {name: {} for name in list_parts(VAES, paths.models)}


def _digest_of_network(run: FingerprintScope, network: str) -> str:
    """Tell networks apart by content and by place; or by what is wrong with them."""
    try:
        path = find_network(network, run.paths.models, cache_folder(os.environ))
        memory = DigestMemory.of(run.paths)
        digest = open_network(path, memory=memory).source if path.is_dir() else memory.file(path)
    except ModelError as error:
        return error.code
    return f"{path} {digest}"


def _digest_of_encoders(run: FingerprintScope, first: str, second: str | None, third: str | None) -> str:
    return _digest_of_parts(run, ENCODERS, (first, second, third))


def _digest_of_vae(run: FingerprintScope, file: str) -> str:
    return _digest_of_parts(run, VAES, (file,))


def _digest_of_parts(run: FingerprintScope, kinds: Sequence[str], names: Sequence[str | None]) -> str:
    """Tell files apart by content and by place, which handles carry; or by what is wrong with them."""
    try:
        paths = [find_part(name, kinds, run.paths.models) for name in names if name]
        return " ".join(f"{path} {DigestMemory.of(run.paths).file(path)}" for path in paths)
    except ModelError as error:
        return error.code


@node(
    "model.load",
    lane="io",
    output="model",
    fingerprint=_digest_of_network,
    gives={"model": {trait: Listed("network", trait) for trait in MODEL_TRAITS}},
)
def load_model(
    run: Run, network: Annotated[str, ModelFile("network", NETWORKS)], dtype: DtypeChoice = "auto"
) -> Model:
    """Load a model whose network lies in a file of its own, without text encoders and autoencoder.

    Args:
        run: The run this is part of.
        network: Name of a .safetensors or .gguf file in the folder `diffusion_models` or `unet` of a models
            folder; or a repository of Hugging Face, such as "owner/model", that was fetched into its cache.
        dtype: Type to compute in, as for checkpoint.load.

    Returns:
        The model. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no file of that name, or no configurations of its family.
        ModelFileRefusedError: It is a pickle, which could run code.
        CheckpointCorruptError: It is damaged.
        CheckpointUnknownError: It is the network of no family that is known here.
        PackageMissingError: It is a GGUF file, and the package that reads them is not installed.
    """
    path = find_network(network, run.paths.models, cache_folder(os.environ))
    model = open_network(path, memory=DigestMemory.of(run.paths), dtype=dtype)
    run.note_file(network, model.source)
    return model


@node(
    "encoder.load",
    lane="io",
    output="encoder",
    fingerprint=_digest_of_encoders,
    accepts={"model": {"family": "$family", "space": "$space"}},
    gives={"encoder": {"family": "$family"}},
)
def load_encoder(
    run: Run,
    model: Model,
    first: Annotated[str, ModelFile("text_encoder", ENCODERS)],
    second: Annotated[str, ModelFile("text_encoder", ENCODERS)] | None = None,
    third: Annotated[str, ModelFile("text_encoder", ENCODERS)] | None = None,
    *,
    dtype: DtypeChoice = "auto",
) -> TextEncoder:
    """Load the text encoders of a model from files of their own.

    Vocabularies of T5 and of language models do not ship with weft: put their folder from the model's
    diffusers repository, such as `tokenizer_2` of FLUX.1, into `configs/flux` of the models folder once.

    Args:
        run: The run this is part of.
        model: The model whose prompts they read; its family says which text encoders there must be.
        first: Name of a file in the folder `text_encoders` or `clip` of a models folder.
        second: Another one, where the family has two text encoders; the order does not matter.
        third: Another one, where the family has three. Stable Diffusion 3 can do without T5.
        dtype: Type to compute in, as for checkpoint.load.

    Returns:
        The text encoders. Their weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no file of that name, or a text encoder is missing.
        ModelFileRefusedError: A file is a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: A file is none of the family's text encoders.
    """
    names = [name for name in (first, second, third) if name]
    paths = [find_part(name, ENCODERS, run.paths.models) for name in names]
    encoder = open_encoders(paths, model, memory=DigestMemory.of(run.paths), dtype=dtype)
    run.note_file("+".join(names), encoder.source)
    return encoder


@node(
    "vae.load",
    lane="io",
    output="vae",
    fingerprint=_digest_of_vae,
    accepts={"model": {"family": "$family", "space": "$space"}},
    gives={"vae": {"space": "$space"}},
)
def load_vae(
    run: Run, model: Model, file: Annotated[str, ModelFile("vae", VAES)], dtype: DtypeChoice = "auto"
) -> Vae:
    """Load an autoencoder from a file of its own, in place of the one of a checkpoint or where none is.

    A small one of the TAESD kind, for the latents of the model, decodes in a fraction of the time with a
    little less detail.

    Args:
        run: The run this is part of.
        model: The model whose latents it decodes.
        file: Name of a file in the folder `vae` or `vae_approx` of a models folder.
        dtype: Type to compute in, as for checkpoint.load; autoencoders are not packed.

    Returns:
        The autoencoder. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no file of that name.
        ModelFileRefusedError: It is a pickle, which could run code.
        CheckpointCorruptError: It is damaged.
    """
    vae = open_vae(
        find_part(file, VAES, run.paths.models), model, memory=DigestMemory.of(run.paths), dtype=dtype
    )
    run.note_file(file, vae.source)
    return vae


@node(
    "encoder.skip_layers",
    lane="inline",
    accepts={"encoder": ENCODER_TRAITS},
    gives={"encoder": ENCODER_TRAITS},
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


def _checkpoints(paths: Paths) -> Mapping[str, Path]:
    """List what may be a checkpoint; LoRA files and learned words lie beside them, but are none."""
    listed = list_checkpoints(paths.models, cache_folder(os.environ))
    return {name: path for name, path in listed.items() if not name.startswith(_NO_CHECKPOINTS)}
