"""From a name to the handle of an IP-Adapter: its family, and the image encoder it was trained with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from weft.sdk import ModelError

from weft_nodes.families.checkpoints import weights_below
from weft_nodes.families.facts import FACTS
from weft_nodes.families.split_files import list_parts
from weft_nodes.models.controls import control_digest
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.handles import Weights
from weft_nodes.models.image_prompts import LAYERS, PROJECTION, ImageAdapter
from weft_nodes.models.loading import read_json
from weft_nodes.models.weights import Header, read_header

FOLDER: Final = "ip_adapter"
"""The folder of a models folder in which IP-Adapters lie, with their image encoders beside or above them."""

ENCODERS: Final = "clip_vision"
"""The folder of a models folder in which image encoders lie by themselves."""

_FIRST: Final = f"{LAYERS}1.to_k_ip.weight"
# Families by the width of what their cross-attention reads.
_FAMILIES: Final[Mapping[int, str]] = MappingProxyType(
    {FACTS[family].text_width: family for family in ("sd15", "sdxl")}
)


class _Needs(NamedTuple):
    """What an image encoder must be like: a setting of its configuration, and its value."""

    setting: str
    width: int


def list_adapters(folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the IP-Adapters that can be loaded by name.

    Args:
        folders: Folders of models, first match first; each may have a folder "ip_adapter".

    Returns:
        Paths by name: the path below that folder, with forward slashes.
    """
    return list_parts((FOLDER,), folders)


def adapter_family(path: Path) -> str:
    """Find out for which family an IP-Adapter was made.

    Args:
        path: Its file.

    Raises:
        CheckpointUnknownError: It is no IP-Adapter, or of a kind or family that is not known here.
        ModelError: The file is damaged or a pickle.
    """
    header = read_header(path)
    # A file may name its family itself, as small test models do, whose widths are nobody's.
    named = header.metadata.get("_weft_family")
    width = header.tensors[_FIRST].shape[-1] if _FIRST in header.tensors else 0
    family = named or _FAMILIES.get(width)
    _needs(header)
    if family is None:
        raise _unknown(header, f"no family known here reads tokens of width {width}")
    return family


def adapter_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of an IP-Adapter; empty if it cannot be read."""
    try:
        return {"family": adapter_family(path)}
    except ModelError:
        return {}


def open_adapter(name: str, folders: Sequence[Path], memory: DigestMemory) -> ImageAdapter:
    """Make the handle of a listed IP-Adapter.

    Args:
        name: As `list_adapters` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.
        memory: Remembers digests of files; the first opening of a file reads all of it.

    Raises:
        ModelFileMissingError: None of this name is listed, or its image encoder is missing.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It is for no family that is known here.
    """
    listed = list_adapters(folders)
    if name not in listed:
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(
            path=Path(name), hint=f"IP-Adapters in the {FOLDER} folders of the models folders: {known}."
        )
    # A handle outlives the process that made it, and so its working folder.
    path = listed[name].absolute()
    roots = [models / place for models in folders for place in (FOLDER, ENCODERS)]
    setting, width = _needs(read_header(path))
    encoder = nearest_encoder(path, roots, setting=setting, width=width).absolute()
    return ImageAdapter(
        adapter_family(path),
        Weights(memory.file(path), str(path)),
        Weights(control_digest(Weights("", str(encoder)), memory), str(encoder)),
    )


def _needs(header: Header) -> _Needs:
    """Return what the image encoder of an adapter must be like, from the width of what is projected."""
    shapes = {name.removeprefix(PROJECTION): info.shape for name, info in header.tensors.items()}
    if _FIRST not in header.tensors:
        raise _unknown(header, f"it has no {_FIRST}")
    if "proj.weight" in shapes:
        return _Needs("projection_dim", shapes["proj.weight"][-1])
    if "proj.3.weight" in shapes:
        return _Needs("hidden_size", shapes["proj.0.weight"][-1])
    if "latents" in shapes:
        return _Needs("hidden_size", shapes["proj_in.weight"][-1])
    raise _unknown(header, "it reads faces found by another program, or is of a newer kind")


def nearest_encoder(path: Path, roots: Sequence[Path], *, setting: str, width: int) -> Path:
    """Find the image encoder that a file was trained with: the nearest of the right width.

    Args:
        path: The file.
        roots: Folders in which image encoders may lie, however deep.
        setting: The setting of their configurations that tells the width.
        width: Its value.

    Raises:
        ModelFileMissingError: There is none.
    """
    found = [place for root in roots for place in weights_below(root, "config.json") if place.is_dir()]
    fitting = [place for place in found if read_json(place / "config.json").get(setting) == width]
    if not fitting:
        seen = ", ".join(place.name for place in found) or "none"
        raise ModelFileMissingError(
            path=path.parent / "image_encoder",
            hint=f"{path.name} was trained with an image encoder whose {setting} is {width}; put "
            f"its folder beside the file or into {ENCODERS}. Found: {seen}.",
        )
    return max(fitting, key=lambda place: _shared(place.absolute(), path))


def _shared(first: Path, second: Path) -> int:
    """Count the folders that two paths share from the root on."""
    pairs = zip(first.parts, second.parts, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), len(first.parts))


def _unknown(header: Header, reason: str) -> CheckpointUnknownError:
    examples = ", ".join(sorted(header.tensors)[:3]) or "none"
    return CheckpointUnknownError(
        path=header.path, seen=f"{len(header.tensors)} tensors ({examples})", tried=[f"IP-Adapter: {reason}"]
    )
