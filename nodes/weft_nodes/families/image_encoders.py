"""What reads pictures finds the image encoder that it was trained with: the nearest one like it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from weft.sdk import ModelError

from weft_nodes.families.checkpoints import weights_below
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileMissingError
from weft_nodes.models.handles import Weights
from weft_nodes.models.image_encoders import EncoderKind, encoder_config, encoder_digest

ENCODERS: Final = "clip_vision"
"""The folder of a models folder in which image encoders lie by themselves."""

_TITLES: Final[Mapping[EncoderKind, str]] = MappingProxyType({"clip": "CLIP", "siglip": "SigLIP"})


class Needed(NamedTuple):
    """What an image encoder must be like.

    Attributes:
        kind: Which network it is.
        setting: A setting of its configuration.
        width: The value of that.
    """

    kind: EncoderKind
    setting: str
    width: int

    def fits(self, path: Path) -> bool:
        """Tell whether a folder or file holds such an image encoder."""
        try:
            found = encoder_config(path)
        except ModelError:
            return False
        return (found.get("kind"), found.get(self.setting)) == (self.kind, self.width)


class ReaderFacts(NamedTuple):
    """What the header of a file tells of what reads pictures.

    Attributes:
        family: The family it speaks to.
        encoder: What its image encoder must be like.
    """

    family: str
    encoder: Needed


def reader_traits(read: Callable[[Path], ReaderFacts], path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of what reads pictures; empty if it cannot be read."""
    try:
        return {"family": read(path).family}
    except ModelError:
        return {}


def opened_weights(
    file: Path, needed: Needed, *, folder: str, folders: Sequence[Path], memory: DigestMemory
) -> tuple[Weights, Weights]:
    """Find the image encoder of a file, and digest both.

    Args:
        file: What reads pictures.
        needed: What its image encoder must be like.
        folder: The folder of a models folder in which files of its kind lie.
        folders: Folders of models.
        memory: Remembers digests of files; the first opening of a file reads all of it.

    Returns:
        Weights of the file and of its image encoder.

    Raises:
        ModelFileMissingError: There is no such image encoder.
        ModelError: A file is damaged or a pickle.
    """
    roots = [models / place for models in folders for place in (folder, ENCODERS)]
    # A handle outlives the process that made it, and so its working folder.
    encoder = nearest_encoder(file, roots, needed).absolute()
    return (
        Weights(memory.file(file), str(file)),
        Weights(encoder_digest(encoder, memory), str(encoder)),
    )


def nearest_encoder(path: Path, roots: Sequence[Path], needed: Needed) -> Path:
    """Find the image encoder that a file was trained with: the nearest one like it.

    Args:
        path: The file.
        roots: Folders in which image encoders may lie, however deep: folders with a configuration, and files.
        needed: What it must be like.

    Raises:
        ModelFileMissingError: There is none.
    """
    found = [place for root in roots for place in weights_below(root, "config.json") if place != path]
    fitting = [place for place in found if needed.fits(place)]
    if not fitting:
        seen = ", ".join(place.name for place in found) or "none"
        raise ModelFileMissingError(
            path=path.parent / "image_encoder",
            hint=f"{path.name} was trained with an image encoder of the kind {_TITLES[needed.kind]} whose "
            f"{needed.setting} is {needed.width}; put its folder beside the file, or its folder or file into "
            f"{ENCODERS}. Found: {seen}.",
        )
    return max(fitting, key=lambda place: _shared(place.absolute(), path))


def _shared(first: Path, second: Path) -> int:
    """Count the folders that two paths share from the root on."""
    pairs = zip(first.parts, second.parts, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), len(first.parts))
