"""Pictures: loading, saving, making, counting, laying out and comparing."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeAlias

import torch
from weft.sdk import (
    ColorPicker,
    FingerprintScope,
    Image,
    ImageFile,
    Mask,
    NodeError,
    Number,
    Paths,
    Run,
    Slider,
    encode_jpeg,
    encode_png,
    encode_webp,
    listing,
    node,
    read_picture,
    write_numbered,
)

from weft_nodes.pixels.colors import color_of
from weft_nodes.pixels.conversion import (
    bytes_of,
    check_area,
    image_of,
    same_channels,
    same_count,
    same_size,
    with_alpha,
)
from weft_nodes.pixels.errors import PictureIndexError
from weft_nodes.pixels.folders import PathOutsideError, contained, files_below
from weft_nodes.pixels.sheets import SheetStyle, sheet_of

PictureFormat: TypeAlias = Literal["png", "webp", "jpeg"]
"""Kind of a picture file."""

Proportions: TypeAlias = Literal["1:1", "5:4", "4:3", "3:2", "16:10", "16:9", "21:9"]
"""Long side to short side."""

Orientation: TypeAlias = Literal["landscape", "portrait"]
"""Which side is the long one."""

_LARGEST = 16384
_MOST_FILES = 10_000
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class PictureMissingError(NodeError):
    """The picture folder has no file of that name."""

    code: ClassVar[str] = "picture-missing"

    def __init__(self, *, name: str, folder: Path) -> None:
        super().__init__(
            f"There is no picture {name!r} in {folder}.",
            hint="Put the file there, or choose another one.",
        )


class SheetError(NodeError):
    """A sheet cannot be laid out."""

    code: ClassVar[str] = "sheet-impossible"

    def __init__(self, *, why: str) -> None:
        super().__init__(
            f"The sheet cannot be laid out: {why}.",
            hint="Give at least one picture, and either no labels or one for each picture.",
        )


class LoadedImage(NamedTuple):
    """A picture from a file.

    Attributes:
        image: The picture, upright, with an alpha channel if the file has one.
        mask: Its opacity: 1 where it is opaque; all 1 for a file without transparency.
    """

    image: Image
    mask: Mask


class ImageSize(NamedTuple):
    """How large pictures are.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        batch_size: Pictures in the batch.
    """

    width: int
    height: int
    batch_size: int


class Comparison(NamedTuple):
    """How two pictures differ.

    Attributes:
        difference: The absolute difference of every value, times the amplification.
        largest: The largest difference of two values, 0..1; 0 means equal pixel for pixel.
        mean: The mean difference, 0..1.
        is_equal: True when the largest difference is within the tolerance.
    """

    difference: Image
    largest: float
    mean: float
    is_equal: bool


class Resolution(NamedTuple):
    """A width and a height.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
    """

    width: int
    height: int


@listing("image")
def pictures_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the pictures in the input folder and the folders below it.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits.
    """
    return {name: {} for name in files_below(paths.input_dir, _SUFFIXES)}


def _digest_of_picture(run: FingerprintScope, image: str) -> str:
    """Tell pictures apart by their content, not by their names."""
    # The name of an asset is the digest of its content.
    if run.paths.holds_asset(image):
        return image
    return run.file_digest(contained(run.paths.input_dir, image, called="input"))


@node("image.load", lane="io", fingerprint=_digest_of_picture)
def load_image(run: Run, image: Annotated[str, ImageFile()]) -> LoadedImage:
    """Load a picture from the input folder, or one that was uploaded.

    Args:
        run: The run this is part of.
        image: Name of a PNG, JPEG or WebP file in the input folder, or asset: and the digest of an uploaded
            or made picture.

    Returns:
        The picture and its opacity.

    Raises:
        PictureMissingError: There is no such file.
        PathOutsideError: The name leads out of the input folder.
        PictureUnreadableError: The file is damaged, or no picture.
    """
    pixels_HWC = read_picture(_picture_path(run.paths, image), name=image)
    loaded = image_of(pixels_HWC)
    return LoadedImage(image=loaded, mask=Mask(with_alpha(loaded.pixels_BHWC)[..., 3].clone()))


def _names_in_folder(run: FingerprintScope, folder: str) -> str:
    """Tell folders apart by the names in them; loading a picture looks at its content."""
    return "\n".join(files_below(contained(run.paths.input_dir, folder, called="input"), _SUFFIXES))


@node("image.list_folder", lane="io", output="names", fingerprint=_names_in_folder)
def list_pictures(
    run: Run, folder: str = "", pattern: str = "*", *, limit: Annotated[int, Number(1, _MOST_FILES)] = 1000
) -> list[str]:
    """Name the pictures of a folder, so that what follows image.load runs once for each.

    Args:
        run: The run this is part of.
        folder: A folder within the input folder; empty takes the input folder itself. Folders below it
            count as well.
        pattern: Which names to take, such as "portrait*.png"; a star stands for anything, ? for one sign.
        limit: Most names, 1..10,000; more than that is an error, not a shorter list.

    Returns:
        Names for image.load: 2.png stands before 10.png.

    Raises:
        PictureMissingError: The folder has no picture of such a name.
        PathOutsideError: The name leads out of the input folder.
        NodeError: There are more pictures than `limit`.
    """
    root = contained(run.paths.input_dir, folder, called="input")
    names = [name for name in files_below(root, _SUFFIXES) if fnmatchcase(name, pattern)]
    if not names:
        raise PictureMissingError(name=pattern, folder=root)
    if len(names) > limit:
        raise NodeError(
            f"There are {len(names)} pictures in {root}, and at most {limit} are wanted.",
            hint="Choose a narrower pattern, or raise the limit.",
        )
    place = root.relative_to(run.paths.input_dir.resolve())
    return [(place / name).as_posix() for name in names]


@node("image.save", lane="io", pure=False, sink=True, output="files")
def save_image(run: Run, image: Image, name: str = "weft", *, format: PictureFormat = "png") -> list[str]:
    """Save pictures as files in the output folder, each with the workflow that made it.

    Every run saves anew, even where nothing has changed since the one before.

    Args:
        run: The run this is part of.
        image: Pictures to save, one file each.
        name: Beginning of the file names, with folders if wanted, such as portraits/first. A number
            follows it, so no file is ever overwritten.
        format: Kind of file. PNG and WebP keep every pixel, WebP in smaller files; JPEG loses a little, and
            what is transparent becomes white.

    Returns:
        The names of the files within the output folder.

    Raises:
        PathOutsideError: The name is empty or leads out of the output folder.
        FileUnwritableError: The folder cannot be written to.
        DiskFullError: There is no room left.
    """
    place = PurePosixPath(name)
    if not place.name or place.is_absolute() or ".." in place.parts:
        raise PathOutsideError(name=name, folder="output")
    folder = contained(run.paths.output_dir, place.parent.as_posix(), called="output")
    provenance = run.provenance()
    saved = []
    encode = {"png": encode_png, "webp": encode_webp, "jpeg": encode_jpeg}[format]
    for pixels_HWC in bytes_of(image):
        path = write_numbered(folder, place.name, f".{format}", encode(pixels_HWC, provenance=provenance))
        saved.append(path.relative_to(run.paths.output_dir.resolve()).as_posix())
    return saved


@node("image.empty")
def empty_image(
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    color: Annotated[str, ColorPicker()] = "#ffffff",
) -> Image:
    """Make a picture of one colour.

    Args:
        width: Width in pixels, 1..16384.
        height: Height in pixels, 1..16384.
        color: The colour.

    Returns:
        One picture.

    Raises:
        PictureTooLargeError: The picture has more than 512 megapixels.
        ColorError: The colour is not written as #rrggbb.
    """
    check_area(width, height)
    color_C = color_of(color)
    return Image(color_C.expand(1, height, width, len(color_C)).clone())


@node("image.size", lane="inline")
def image_size(image: Image) -> ImageSize:
    """Tell how large pictures are.

    Args:
        image: Any pictures.

    Returns:
        Width, height and how many there are.
    """
    count, height, width, _ = image.pixels_BHWC.shape
    return ImageSize(width=width, height=height, batch_size=count)


@node("resolution.choose", lane="inline")
def choose_resolution(
    proportions: Proportions = "1:1",
    orientation: Orientation = "landscape",
    megapixels: Annotated[float, Slider(0.01, 16, step=0.01)] = 1.0,
    *,
    multiple: Annotated[int, Number(1, 256)] = 64,
) -> Resolution:
    """Work out a width and a height from proportions and an area.

    Args:
        proportions: Long side to short side.
        orientation: Which side is the long one.
        megapixels: Area, 0.01..16 million pixels.
        multiple: Both sides become multiples of this number of pixels, 1..256.

    Returns:
        The size nearest to the wish.
    """
    long, short = (int(part) for part in proportions.split(":"))
    unit = (megapixels * 1_000_000 / (long * short)) ** 0.5
    sides = [max(1, round(side * unit / multiple)) * multiple for side in (long, short)]
    width, height = sides if orientation == "landscape" else sides[::-1]
    return Resolution(width=width, height=height)


@node("image.batch")
def batch_images(images: list[Image]) -> Image:
    """Join pictures of one size into one batch, which nodes then treat at once.

    Args:
        images: One picture or more, or batches of them, all of one size.

    Returns:
        All pictures in their order.

    Raises:
        SheetError: There are no pictures.
        PictureSizeError: The pictures differ in size.
    """
    if not images:
        raise SheetError(why="there are no pictures")
    first = images[0].pixels_BHWC
    for index, image in enumerate(images[1:], start=1):
        same_size(first, image.pixels_BHWC, names=("the first picture", f"picture {index + 1}"))
    return Image(torch.cat(_with_equal_channels(images)))


@node("image.split")
def split_images(image: Image) -> list[Image]:
    """Take a batch apart; what follows runs once for each picture.

    Args:
        image: A batch of pictures.

    Returns:
        The pictures one by one.
    """
    return [Image(pixels_HWC[None]) for pixels_HWC in image.pixels_BHWC]


@node("image.pick")
def pick_image(image: Image, index: Annotated[int, Number(0, 4095)] = 0) -> Image:
    """Take one picture out of a batch.

    Args:
        image: A batch of pictures.
        index: Which one, 0..4095.

    Returns:
        One picture.

    Raises:
        PictureIndexError: The batch has fewer pictures.
    """
    count = image.pixels_BHWC.shape[0]
    if index >= count:
        raise PictureIndexError(index=index, count=count)
    return Image(image.pixels_BHWC[index : index + 1])


@node("image.grid", title="Image grid")
def grid_of_images(
    images: list[Image],
    columns: Annotated[int, Number(0, 256)] = 0,
    gap: Annotated[int, Number(0, 256)] = 4,
    *,
    color: Annotated[str, ColorPicker()] = "#ffffff",
    labels: list[str] | None = None,
) -> Image:
    """Lay many pictures out on one sheet.

    Args:
        images: One picture or more; those of a batch count one by one. Smaller pictures lie in the middle
            of their cell.
        columns: Pictures in a row, 1..256; 0 makes the sheet about square.
        gap: Pixels between pictures and around them, 0..256.
        color: Colour of the sheet.
        labels: One text per picture, written under it; none when nothing is connected.

    Returns:
        One picture.

    Raises:
        SheetError: There are no pictures, or not as many labels as pictures.
        PictureTooLargeError: The sheet has more than 512 megapixels.
        ColorError: The colour is not written as #rrggbb.
    """
    pictures_HWC = [pixels_HWC for batch in _with_equal_channels(images) for pixels_HWC in batch]
    if not pictures_HWC:
        raise SheetError(why="there are no pictures")
    if labels and len(labels) != len(pictures_HWC):
        raise SheetError(why=f"there are {len(pictures_HWC)} pictures but {len(labels)} labels")
    style = SheetStyle(columns=columns, gap=gap, background=color_of(color))
    return Image(sheet_of(pictures_HWC, labels or [], style))


@node("image.compare")
def compare_images(
    a: Image,
    b: Image,
    amplification: Annotated[float, Slider(1, 255, step=1)] = 1.0,
    *,
    tolerance: Annotated[float, Number(0, 1)] = 0.0,
) -> Comparison:
    """Show where two pictures differ, and by how much.

    Args:
        a: First pictures.
        b: Second pictures of the same size.
        amplification: Factor on the shown difference, 1..255, to see small ones.
        tolerance: Largest difference that still counts as equal, 0..1.

    Returns:
        The difference as a picture and as numbers.

    Raises:
        PictureSizeError: The pictures differ in size.
        PictureCountError: The batches differ in length and neither is a single picture.
    """
    same_size(a.pixels_BHWC, b.pixels_BHWC, names=("a", "b"))
    first, second = same_channels(a.pixels_BHWC, b.pixels_BHWC)
    first, second = same_count(first, second, names=("a", "b"))
    distance = (first - second).abs()
    largest = float(distance.max())
    return Comparison(
        difference=Image((distance[..., :3] * amplification).clamp(0, 1)),
        largest=largest,
        mean=float(distance.mean()),
        is_equal=largest <= tolerance,
    )


def _with_equal_channels(images: list[Image]) -> list[torch.Tensor]:
    """Give every picture an alpha channel if one of them has it, and put all on one device."""
    batches = [image.pixels_BHWC.to(images[0].pixels_BHWC.device) for image in images]
    has_alpha = any(batch.shape[-1] == 4 for batch in batches)
    return [with_alpha(batch) if has_alpha else batch for batch in batches]


def _picture_path(paths: Paths, name: str) -> Path:
    if paths.holds_asset(name):
        return paths.asset(name.rpartition(":")[2])
    path = contained(paths.input_dir, name, called="input")
    if not path.is_file():
        raise PictureMissingError(name=name, folder=paths.input_dir)
    return path
