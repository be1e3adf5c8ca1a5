"""From a name to the handle of a control network: which family it steers, from its header alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft.sdk import ModelError

from weft_nodes.families.checkpoints import weights_below
from weft_nodes.families.facts import FACTS
from weft_nodes.families.identify import Rule
from weft_nodes.families.registry import FAMILIES
from weft_nodes.models.controls import (
    KIND_OF_HINTS,
    KIND_OF_UNET,
    KIND_OF_UNION,
    UNION_TASKS,
    ControlNet,
    control_digest,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.handles import Weights
from weft_nodes.models.loading import read_json
from weft_nodes.models.weights import component_files, read_header

FOLDER: Final = "controlnet"
"""The folder of a models folder in which control networks lie."""

_ATTENTION: Final = "transformer_blocks.0.attn2.to_k.weight"
_ENDS: Final = ("controlnet_mid_block.weight", "controlnet_cond_embedding.conv_in.weight")
# Networks for several kinds of pictures at once; only those of one family are known.
_UNION: Final = (UNION_TASKS,)
_OLD: Final = ("control_model.middle_block_out.0.weight",)

CONTROL_RULES: Final = (
    Rule("sd15", f"down_blocks.0.attentions.0.{_ATTENTION}", 768, _ENDS, _UNION),
    Rule("sd2", f"down_blocks.0.attentions.0.{_ATTENTION}", 1024, _ENDS, _UNION),
    Rule("sdxl", f"down_blocks.1.attentions.0.{_ATTENTION}", 2048, _ENDS),
    Rule("starter", f"mid_block.attentions.0.{_ATTENTION}", FACTS["starter"].text_width, _ENDS, _UNION),
    Rule("sd15", f"control_model.input_blocks.1.1.{_ATTENTION}", 768, _OLD),
    Rule("sd2", f"control_model.input_blocks.1.1.{_ATTENTION}", 1024, _OLD),
    Rule(
        "sd3",
        "context_embedder.weight",
        4096,
        ("pos_embed_input.proj.weight", "pos_embed.proj.weight", "controlnet_blocks.0.weight"),
    ),
    Rule(
        "flux",
        "context_embedder.weight",
        4096,
        ("controlnet_x_embedder.weight", "controlnet_blocks.0.weight"),
        ("input_hint_block.0.weight",),
    ),
    Rule(
        "qwen-image",
        "txt_in.weight",
        3584,
        ("controlnet_x_embedder.weight", "controlnet_blocks.0.weight"),
    ),
)
"""The first rule that fits decides; special ones stand before general ones."""

_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sd3": "SD3ControlNetModel",
        "flux": "FluxControlNetModel",
        "qwen-image": "QwenImageControlNetModel",
    }
)


def list_controls(folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the control networks that can be loaded by name.

    Args:
        folders: Folders of models, first match first; each may have a folder "controlnet".

    Returns:
        Paths by name: the path below that folder, with forward slashes.
    """
    found: dict[str, Path] = {}
    for folder in (models / FOLDER for models in folders):
        for path in weights_below(folder, "config.json"):
            found.setdefault(path.relative_to(folder).as_posix(), path)
    return dict(sorted(found.items()))


def control_family(path: Path) -> str:
    """Find out which family a control network steers.

    Args:
        path: A folder of diffusers, or a single file.

    Raises:
        CheckpointUnknownError: No known family has control networks with these tensors.
        ModelError: A file is missing, damaged or a pickle.
    """
    if path.is_dir():
        # A folder may name its family itself, as small test models do, whose widths are nobody's.
        config = read_json(path / "config.json")
        named = config.get("_weft_family")
        if isinstance(named, str):
            return named
        if config.get("_class_name") == KIND_OF_HINTS:
            return "sdxl" if config.get("adapter_type") == "full_adapter_xl" else "sd15"
    shapes = _shapes(path)
    tried = []
    for rule in CONTROL_RULES:
        rejection = rule.rejection(shapes)
        if not rejection:
            return rule.family
        tried.append(rejection)
    examples = ", ".join(sorted(shapes)[:3]) or "none"
    raise CheckpointUnknownError(
        path=path, seen=f"{len(shapes)} tensors ({examples}) of no control network known here", tried=tried
    )


def control_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a control network; empty if it cannot be read."""
    try:
        family = control_family(path)
        kind, kinds = _kind(path, family)
    except ModelError:
        return {}
    if family not in FACTS:
        return {}
    control = ControlNet(family, FACTS[family].latent_space, Weights("", str(path)), kind, kinds)
    found = {
        "family": family,
        "space": control.space,
        "kind": ", ".join(control.pictures),
        "vae": "" if control.reads_pixels else "needed",
    }
    return {name: value for name, value in found.items() if value}


def open_control(name: str, folders: Sequence[Path], memory: DigestMemory) -> ControlNet:
    """Make the handle of a listed control network.

    Args:
        name: As `list_controls` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.
        memory: Remembers digests of files; the first opening of a file reads all of it.

    Raises:
        ModelFileMissingError: No control network of this name is listed, or a part of it is missing.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It steers no family that is known here.
    """
    listed = list_controls(folders)
    if name not in listed:
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(
            path=Path(name), hint=f"Control networks in the {FOLDER} folders of the models folders: {known}."
        )
    # A handle outlives the process that made it, and so its working folder.
    path = listed[name].absolute()
    family = control_family(path)
    place = Weights("", str(path), "" if path.is_dir() else _configs(path, family))
    digest = control_digest(place, memory)
    kind, kinds = _kind(path, family)
    return ControlNet(
        family,
        FACTS[family].latent_space,
        Weights(digest, place.path, place.config),
        kind,
        kinds,
    )


def _kind(path: Path, family: str) -> tuple[str, int]:
    """Return the class of a control network in diffusers, and how many kinds of pictures it tells apart."""
    config = read_json(path / "config.json") if path.is_dir() else {}
    if config.get("_class_name") == KIND_OF_HINTS:
        return KIND_OF_HINTS, 0
    if family in _KINDS:
        counted = config.get("num_mode")
        return _KINDS[family], counted if isinstance(counted, int) else 0
    tasks = _shapes(path).get(UNION_TASKS, ())
    return (KIND_OF_UNION, tasks[0]) if len(tasks) == 2 else (KIND_OF_UNET, 0)


def _shapes(path: Path) -> Mapping[str, tuple[int, ...]]:
    files = component_files(path) if path.is_dir() else (path,)
    return {name: info.shape for file in files for name, info in read_header(file).tensors.items()}


def _configs(path: Path, family: str) -> str:
    configs = FAMILIES[family].configs
    if configs is None or family in _KINDS:
        raise ModelFileMissingError(
            path=path.with_suffix(".json"),
            hint=f"Control networks of the family {family} are folders, not single files.",
        )
    return str(configs)
