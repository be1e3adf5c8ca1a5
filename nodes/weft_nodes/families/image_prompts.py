"""From a name to the handle of an IP-Adapter: its family, and the image encoder it was trained with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft_nodes.families.facts import FACTS
from weft_nodes.families.image_encoders import Needed, ReaderFacts, opened_weights, reader_traits
from weft_nodes.families.split_files import list_parts
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.image_prompts import AdapterKind, ImageAdapter
from weft_nodes.models.image_readers import PROJECTION, name_of_layer
from weft_nodes.models.weights import Header, read_header

FOLDER: Final = "ip_adapter"
"""The folder of a models folder in which IP-Adapters lie, with their image encoders beside or above them."""

# Tensors of the first layer of an adapter of each kind, in the order in which they are told apart.
_FIRST: Final[Mapping[frozenset[str], AdapterKind]] = MappingProxyType(
    {
        frozenset({"0.to_k_ip.weight", "0.norm_ip.linear.weight"}): "sd3",
        frozenset({"0.to_k_ip.weight", "0.to_k_ip.bias"}): "flux",
        frozenset({"1.to_k_ip.weight"}): "unet",
    }
)
# Families by kind, and by the width of the tokens that their layers read: for U-Nets as wide as words. The
# sizes of Stable Diffusion 3 are no families of their own.
_FAMILIES: Final[Mapping[tuple[AdapterKind, int], str]] = MappingProxyType(
    {
        ("unet", FACTS["sd15"].text_width): "sd15",
        ("unet", FACTS["sdxl"].text_width): "sdxl",
        ("flux", FACTS["flux"].text_width): "flux",
        ("sd3", 1536): "sd3",
        ("sd3", 2432): "sd3",
    }
)


def list_adapters(folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the IP-Adapters that can be loaded by name.

    Args:
        folders: Folders of models, first match first; each may have a folder "ip_adapter".

    Returns:
        Paths by name: the path below that folder, with forward slashes.
    """
    return list_parts((FOLDER,), folders)


def adapter_facts(path: Path) -> ReaderFacts:
    """Find out for which family an IP-Adapter was made, and what its image encoder must be like.

    Args:
        path: Its file.

    Raises:
        CheckpointUnknownError: It is no IP-Adapter, or of a kind or family that is not known here.
        ModelError: The file is damaged or a pickle.
    """
    return _facts(read_header(path))


def adapter_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of an IP-Adapter; empty if it cannot be read."""
    return reader_traits(adapter_facts, path)


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
    path = listed[name].absolute()
    header = read_header(path)
    family, needed = _facts(header)
    weights = opened_weights(path, needed, folder=FOLDER, folders=folders, memory=memory)
    return ImageAdapter(family, *weights, made_for=_kind(header))


def _facts(header: Header) -> ReaderFacts:
    kind = _kind(header)
    layers = _layers(header)
    width = layers[f"{int(kind == 'unet')}.to_k_ip.weight"][-1]
    # A file may name its family itself, as small test models do, whose widths are nobody's.
    family = header.metadata.get("_weft_family") or _FAMILIES.get((kind, width))
    needed = _needed(header, kind)
    if family is None:
        raise _unknown(header, f"no family known here reads tokens of width {width}")
    return ReaderFacts(family, needed)


def _kind(header: Header) -> AdapterKind:
    layers = _layers(header)
    found = next((kind for names, kind in _FIRST.items() if names <= layers.keys()), None)
    if found is None:
        raise _unknown(header, "it has no ip_adapter.1.to_k_ip.weight, nor the layers of newer kinds")
    return found


def _layers(header: Header) -> Mapping[str, tuple[int, ...]]:
    """Return the shapes of an adapter's layers, by the names that all adapters have for them."""
    return {name_of_layer(name): info.shape for name, info in header.tensors.items()}


def _needed(header: Header, kind: AdapterKind) -> Needed:
    """Return what the image encoder of an adapter must be like, from the width of what is projected."""
    shapes = {
        name.removeprefix(prefix): info.shape
        for name, info in header.tensors.items()
        for prefix in PROJECTION
        if name.startswith(prefix)
    }
    if "proj.weight" in shapes and kind != "sd3":
        return Needed("clip", "projection_dim", shapes["proj.weight"][-1])
    if kind == "unet" and "proj.3.weight" in shapes:
        return Needed("clip", "hidden_size", shapes["proj.0.weight"][-1])
    if kind != "flux" and "latents" in shapes and "proj_in.weight" in shapes:
        return Needed("siglip" if kind == "sd3" else "clip", "hidden_size", shapes["proj_in.weight"][-1])
    raise _unknown(header, "it reads faces found by another program, or is of a newer kind")


def _unknown(header: Header, reason: str) -> CheckpointUnknownError:
    examples = ", ".join(sorted(header.tensors)[:3]) or "none"
    return CheckpointUnknownError(
        path=header.path, seen=f"{len(header.tensors)} tensors ({examples})", tried=[f"IP-Adapter: {reason}"]
    )
