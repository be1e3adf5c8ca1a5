"""Files that change a model without being one: LoRA and its relatives."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

from weft.sdk import FingerprintScope, ModelFile, Paths, Run, Slider, listing, node

from weft_nodes.families.checkpoints import SHIPPED_STEERING
from weft_nodes.families.facts import FACTS
from weft_nodes.families.loras import lora_traits
from weft_nodes.families.registry import FAMILIES
from weft_nodes.models.blocks import block_strengths
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileMissingError, PatchMismatchError
from weft_nodes.models.handles import ENCODER_TRAITS, MODEL_TRAITS, Model, TextEncoder
from weft_nodes.models.lora_files import adapter_config, changed_parts
from weft_nodes.models.lora_names import DENOISER
from weft_nodes.models.patches import LowRankPatch
from weft_nodes.models.weights import read_header, single_files

_LORA_FOLDER = "loras"


class PatchedModel(NamedTuple):
    """A model and a text encoder with changes.

    Attributes:
        model: The model with the change.
        encoder: The text encoder with the change; as given where the file changes no text encoder.
    """

    model: Model
    encoder: TextEncoder


@listing("lora")
def loras_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the LoRA files in the `loras` folders of the models folders.

    "starter-outlined.safetensors", which ships with weft, is always among them.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers: the family it was made for, where the file shows it.
    """
    return {name: lora_traits(path) for name, path in sorted(_loras(paths).items())}


def _digest_of_lora(run: FingerprintScope, lora: str) -> str:
    """Tell LoRA files apart by their content."""
    path = _loras(run.paths).get(lora)
    if path is None:
        return "missing"
    beside = adapter_config(path)
    return run.file_digest(path) + ("" if beside is None else f" {run.file_digest(beside)}")


@node(
    "lora.apply",
    lane="io",
    fingerprint=_digest_of_lora,
    accepts={
        "model": MODEL_TRAITS,
        "encoder": ENCODER_TRAITS,
        "lora": {"family": "$family"},
    },
    gives={"model": MODEL_TRAITS, "encoder": ENCODER_TRAITS},
)
def apply_lora(
    run: Run,
    model: Model,
    encoder: TextEncoder,
    *,
    lora: Annotated[str, ModelFile("lora", (_LORA_FOLDER,))],
    strength: Annotated[float, Slider(-4, 4, step=0.05)] = 1.0,
    encoder_strength: Annotated[float, Slider(-4, 4, step=0.05)] = 1.0,
    blocks: str = "",
) -> PatchedModel:
    """Change a model by a LoRA; several can follow each other, and the checkpoint itself stays as it is.

    Files of kohya, diffusers, PEFT and LyCORIS are read: LoRA, LoCon, LoHa, LoKr and DoRA.

    Args:
        run: The run this is part of.
        model: The model to change.
        encoder: The text encoder to change.
        lora: Name of a .safetensors file in the `loras` folder of a models folder.
        strength: How much the model changes, -4..4; 0 not at all, 1 as trained.
        encoder_strength: How much the text encoder changes, -4..4.
        blocks: Factors on the strength in single blocks of the model, such as
            "mid_block=0.5, up_blocks.*.attentions=0"; of several that fit a layer the last one counts.

    Returns:
        The model and the text encoder with the change.

    Raises:
        ModelFileMissingError: There is no file of that name.
        ModelFileRefusedError: The file is a pickle, which could run code.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file changes no network that the model has.
        BlockStrengthsError: `blocks` cannot be read.
    """
    path = _loras(run.paths).get(lora)
    if path is None:
        raise ModelFileMissingError(
            path=Path(lora), hint=f"Put the file into a {_LORA_FOLDER} folder of a models folder."
        )
    digest = _content(run, path)
    run.note_file(lora, digest)
    parts = changed_parts(read_header(path).tensors)
    factors = block_strengths(blocks)
    if not parts:
        raise PatchMismatchError(patch=f"The LoRA {lora}", problem="it has no layers of a known network")
    if DENOISER in parts and strength != 0:
        model = model.with_patches(LowRankPatch(str(path), digest, strength, DENOISER, factors))
    if encoder_strength != 0:
        texts = [part for part in parts if part != DENOISER]
        _check_encoders(lora, texts, encoder.family)
        encoder = encoder.with_patches(
            *(LowRankPatch(str(path), digest, encoder_strength, part) for part in texts)
        )
    return PatchedModel(model, encoder)


def _check_encoders(lora: str, parts: list[str], family: str) -> None:
    """Refuse changes of text encoders that a family has not, which would be lost without a word."""
    own = {part.encoder.name for part in FAMILIES[family].text_parts}
    foreign = [part for part in parts if part not in own]
    if foreign:
        raise PatchMismatchError(
            patch=f"The LoRA {lora}",
            problem=f"it changes a {foreign[0]}, which {FACTS[family].title} does not have",
            hint="Use a file that was made for this model family, or set encoder_strength to 0.",
        )


def _content(run: Run, path: Path) -> str:
    memory = DigestMemory.of(run.paths)
    beside = adapter_config(path)
    if beside is None:
        return memory.file(path)
    return hashlib.blake2b(f"{memory.file(path)} {memory.file(beside)}".encode(), digest_size=32).hexdigest()


def _loras(paths: Paths) -> Mapping[str, Path]:
    return single_files(models / _LORA_FOLDER for models in (*paths.models, SHIPPED_STEERING))
