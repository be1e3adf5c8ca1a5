"""Pictures as files: reading, encoding with their provenance, and writing that leaves nothing half done."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from weft.disk_faults import told
from weft.errors import JSON, FileUnwritableError, PictureUnreadableError
from weft.picture_texts import (
    MAX_COMPRESSED_TEXT,
    TEXT_KEY,
    TextUnreadableError,
    read_text,
    with_jpeg_text,
)
from weft.values import canonical_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as PillowImage

MAX_PIXELS = 89_478_485
"""Larger pictures are refused before they are unpacked, as they may be a decompression bomb."""

FORMATS = ("PNG", "JPEG", "WEBP")
_EXIF_DESCRIPTION = 0x010E
_Z_RLE = 3


def encode_png(pixels_HWC: NDArray[np.uint8], *, provenance: Mapping[str, JSON] | None = None) -> bytes:
    """Encode a picture as PNG; equal pictures with equal provenance give equal bytes.

    Args:
        pixels_HWC: uint8, height x width x 3 or 4, or height x width for grey.
        provenance: Stored in the text chunk ``weft``; see `read_provenance`.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: The array has another shape or dtype.
    """
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    if provenance is not None:
        text = canonical_json(dict(provenance))
        info.add_itxt(TEXT_KEY, text, zip=len(text) < MAX_COMPRESSED_TEXT)
    buffer = io.BytesIO()
    # Run lengths after PNG's own filters cost half the time of the default and hardly any size.
    _pillow_image(pixels_HWC).save(buffer, "PNG", pnginfo=info, compress_level=1, compress_type=_Z_RLE)
    return buffer.getvalue()


def encode_webp(
    pixels_HWC: NDArray[np.uint8], *, provenance: Mapping[str, JSON] | None = None, quality: int | None = None
) -> bytes:
    """Encode a picture as WebP.

    Args:
        pixels_HWC: uint8, height x width x 3 or 4.
        provenance: Stored in the EXIF description; see `read_provenance`.
        quality: 0 (smallest) to 100 (best); None for lossless.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: The array has another shape or dtype.
    """
    image = _pillow_image(pixels_HWC)
    exif = image.getexif()
    if provenance is not None:
        exif[_EXIF_DESCRIPTION] = f"{TEXT_KEY}:{canonical_json(dict(provenance))}"
    buffer = io.BytesIO()
    if quality is None:
        image.save(buffer, "WEBP", exif=exif, lossless=True, quality=50, exact=True)
    else:
        image.save(buffer, "WEBP", exif=exif, quality=quality)
    return buffer.getvalue()


def encode_jpeg(
    pixels_HWC: NDArray[np.uint8], *, provenance: Mapping[str, JSON] | None = None, quality: int = 95
) -> bytes:
    """Encode a picture as JPEG, with colours as fine as its brightness.

    Args:
        pixels_HWC: uint8, height x width x 3 or 4, or height x width for grey. JPEG knows no transparency:
            what is transparent becomes white.
        provenance: Stored in comments; see `read_provenance`.
        quality: 0 (smallest) to 100 (best).

    Returns:
        The bytes of the file.

    Raises:
        ValueError: The array has another shape or dtype.
    """
    from PIL import Image as PillowImage

    image = _pillow_image(pixels_HWC)
    if image.mode == "RGBA":
        white = PillowImage.new("RGBA", image.size, "white")
        image = PillowImage.alpha_composite(white, image).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    data = buffer.getvalue()
    return data if provenance is None else with_jpeg_text(data, canonical_json(dict(provenance)))


def _pillow_image(pixels_HWC: NDArray[np.uint8]) -> PillowImage.Image:
    from PIL import Image as PillowImage

    shape = pixels_HWC.shape
    is_picture = len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))
    if pixels_HWC.dtype != "uint8" or not is_picture or 0 in shape:
        raise ValueError(f"A picture is uint8 of height x width x 3 or 4, not {pixels_HWC.dtype} of {shape}.")
    return PillowImage.fromarray(pixels_HWC)


def read_picture(source: Path | bytes, *, max_pixels: int = MAX_PIXELS, name: str = "") -> NDArray[np.uint8]:
    """Read a PNG, JPEG or WebP file, upright as its EXIF orientation says.

    Args:
        source: Path of the file, or its bytes.
        max_pixels: Larger pictures are refused before they are unpacked.
        name: What errors call it; by default its path, which is nobody's business who named it otherwise.

    Returns:
        uint8, height x width x 3, or x 4 where the picture has transparency. 16-bit pictures are scaled.

    Raises:
        PictureUnreadableError: The file is missing, damaged, too large, or of another format.
    """
    return _opened(source, max_pixels, name or _name_of(source))


def read_provenance(source: Path | bytes) -> dict[str, JSON] | None:
    """Read what `encode_png`, `encode_jpeg` or `encode_webp` stored in a picture.

    Args:
        source: Path of the file, or its bytes.

    Returns:
        The provenance, or None where the picture carries none that can be read.

    Raises:
        PictureUnreadableError: The file is missing, damaged, or of another format.
    """
    name = _name_of(source)
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            text = read_text(file)
    except TextUnreadableError as error:
        raise PictureUnreadableError(name=name, reason=str(error)) from error
    except FileNotFoundError as error:
        raise _missing(name) from error
    except OSError as error:
        raise PictureUnreadableError(name=name, reason=f"it is damaged ({error})") from error
    return None if text is None else parse_provenance(text)


def parse_provenance(text: str) -> dict[str, JSON] | None:
    """Read a provenance from the text that a file carries.

    Args:
        text: The text, which may come from strangers.

    Returns:
        The provenance; None where it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _name_of(source: Path | bytes) -> str:
    return f"of {len(source)} bytes" if isinstance(source, bytes) else str(source)


def _missing(name: str) -> PictureUnreadableError:
    return PictureUnreadableError(name=name, reason="there is no such file", hint="Check its name.")


def _opened(source: Path | bytes, max_pixels: int, name: str) -> NDArray[np.uint8]:
    from PIL import Image as PillowImage
    from PIL import UnidentifiedImageError

    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
        with PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, name, max_pixels)
            return _upright_pixels(image)
    except PictureUnreadableError:
        raise
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        reason = "it has far too many pixels"
        raise PictureUnreadableError(name=name, reason=reason, hint="Use a smaller picture.") from error
    except UnidentifiedImageError as error:
        raise PictureUnreadableError(name=name, reason=f"it is not one of {', '.join(FORMATS)}") from error
    except FileNotFoundError as error:
        raise _missing(name) from error
    except Exception as error:
        # Pillow's decoders are foreign code: on damaged bytes they raise nearly any exception.
        raise PictureUnreadableError(name=name, reason=f"it is damaged ({error})") from error


def _check_size(image: PillowImage.Image, name: str, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        reason = f"it has {image.width} x {image.height} pixels, more than {max_pixels} in all"
        raise PictureUnreadableError(name=name, reason=reason, hint="Use a smaller picture.")


def _upright_pixels(image: PillowImage.Image) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import ImageOps

    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        return _from_16_bit(np.asarray(upright), upright.info.get("transparency"))
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    return np.array(upright.convert(mode), dtype=np.uint8)


def _from_16_bit(grey_HW: NDArray[np.int32], transparent: object) -> NDArray[np.uint8]:
    # Pillow would clip 16-bit grey at 255 instead of scaling it.
    import numpy as np

    scaled = ((grey_HW.astype(np.int64).clip(0, 65535) * 255 + 32767) // 65535).astype(np.uint8)
    channels = [scaled, scaled, scaled]
    if isinstance(transparent, int):
        channels.append(np.where(grey_HW == transparent, 0, 255).astype(np.uint8))
    return np.stack(channels, axis=-1)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that its name never stands for half of it, not even after a power cut.

    Args:
        path: Where the file shall lie; replaced where it exists. Its folder is made where it is missing.
        data: Its contents.

    Raises:
        DiskFullError: There is no room; nothing partial is left, and an old file is untouched.
        FileUnwritableError: The file cannot be written for another reason; likewise.
    """
    with told(path, len(data)), _temporary(path.parent, data) as temporary:
        temporary.replace(path)
        _sync_folder(path.parent)


def write_numbered(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Write a file under the next free number; safe against others that do the same at the same time.

    Args:
        folder: Where the file shall lie; made where it is missing.
        stem: Beginning of its name, without a path.
        suffix: End of its name, such as ``.png``.
        data: Its contents.

    Returns:
        The path of the file, such as ``folder/stem-00001.png``.

    Raises:
        DiskFullError: There is no room; nothing partial is left.
        FileUnwritableError: The file cannot be written, or the stem is not a plain file name.
    """
    with told(folder / f"{stem}{suffix}", len(data)), _temporary(folder, data) as temporary:
        while True:
            path = next_path(folder, stem, suffix)
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            except FileExistsError:
                continue
            temporary.replace(path)
            _sync_folder(folder)
            return path


def next_path(folder: Path, stem: str, suffix: str) -> Path:
    """Give the path with the number after the highest in use: ``folder/stem-00001.png`` at first.

    Raises:
        FileUnwritableError: The stem is not a plain file name.
    """
    if not stem or stem.startswith(".") or re.search(r'[/\\\0:*?"<>|]', stem):
        raise FileUnwritableError(path=f'"{stem}"', reason="that is not a plain file name")
    numbered = re.compile(rf"{re.escape(stem)}-(\d+){re.escape(suffix)}")
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    found = [int(match[1]) for match in map(numbered.fullmatch, names) if match is not None]
    return folder / f"{stem}-{max(found, default=0) + 1:05d}{suffix}"


@contextmanager
def _temporary(folder: Path, data: bytes) -> Iterator[Path]:
    """Hold the data in a synced file of a name of its own in the folder; gone at the end if not renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".weft-{secrets.token_hex(8)}.tmp"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # A rename lasts only once its folder is synced; Windows has no such thing and needs none.
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
