"""Latents: making them, coding pictures to and from them, and changing them."""

from dataclasses import replace
from typing import Annotated, ClassVar, NamedTuple

import torch
from torch import Tensor
from weft.sdk import Advice, Image, Mask, NodeError, Number, Run, Slider, node

from weft_nodes.diffusion.values import Latent
from weft_nodes.families.facts import FACTS, FamilyFacts
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.handles import Model, Vae
from weft_nodes.pixels.conversion import check_area
from weft_nodes.pixels.filters import blur_planes, grow_planes
from weft_nodes.pixels.resizing import Method, resize_mask, resize_planes

_LARGEST = 16384
_SEAMS = "continues at its edges, which are not those of tiles"
_IN_ONE_PIECE = Advice(0, "vae", "edges", "seamless", reason=_SEAMS, hint="Set it to 0.")


class LatentSizeError(NodeError):
    """A size in pixels cannot be written as a whole number of latent pixels."""

    code: ClassVar[str] = "latent-size"

    def __init__(self, *, width: int, height: int, multiple: int) -> None:
        near = [max(1, round(side / multiple)) * multiple for side in (width, height)]
        super().__init__(
            f"{width}x{height} pixels do not fit: width and height must be multiples of {multiple}.",
            hint=f"Use {near[0]}x{near[1]}.",
        )


class LatentShapeError(NodeError):
    """Two latents that are to be joined differ in space, size or count."""

    code: ClassVar[str] = "latent-shape"

    def __init__(self, *, first: str, second: str) -> None:
        super().__init__(
            f"The latents do not fit together: one is {first}, the other {second}.",
            hint="Use latents of one model, and bring them to one size with latent.resize.",
        )


class LatentIndexError(NodeError):
    """A batch has no latent of that number."""

    code: ClassVar[str] = "latent-index"

    def __init__(self, *, index: int, count: int) -> None:
        super().__init__(f"There is no latent {index} in a batch of {count}.", hint="Count from 0.")


class LatentSpaceError(NodeError):
    """A latent lives in a space of which nothing is known here."""

    code: ClassVar[str] = "latent-space-unknown"

    def __init__(self, *, space: str) -> None:
        super().__init__(
            f"Nothing is known of the latent space {space!r}.",
            hint="Use latents of a model family that weft knows.",
        )


class LatentSize(NamedTuple):
    """How large the pictures of a latent will be.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        batch_size: Latents in the batch.
    """

    width: int
    height: int
    batch_size: int


@node(
    "latent.empty",
    accepts={"model": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def empty_latent(
    model: Model,
    width: Annotated[int, Number(8, _LARGEST, step=8)] = 512,
    height: Annotated[int, Number(8, _LARGEST, step=8)] = 512,
    *,
    batch_size: Annotated[int, Number(1, 4096)] = 1,
) -> Latent:
    """Make an empty latent, from which a picture is sampled out of nothing.

    Args:
        model: The model that will sample it; it decides the kind of latent.
        width: Width of the picture in pixels, a multiple of what the model asks for (8 for most).
        height: Height of the picture in pixels, a multiple of the same number.
        batch_size: Pictures to sample at once, 1..4096; picture k uses seed + k.

    Returns:
        Latents of zeros.

    Raises:
        LatentSizeError: Width or height is no such multiple.
        PictureTooLargeError: The pictures have more than 512 megapixels.
    """
    facts = FACTS[model.family]
    check_area(width, height, count=batch_size)
    if width % facts.multiple or height % facts.multiple:
        raise LatentSizeError(width=width, height=height, multiple=facts.multiple)
    size = height // facts.reduction, width // facts.reduction
    return Latent(torch.zeros(batch_size, facts.latent_channels, *size), model.space)


@node(
    "latent.encode",
    lane="device",
    accepts={"vae": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def encode_latent(run: Run, image: Image, vae: Vae) -> Latent:
    """Turn pictures into latents, to go on from them.

    Args:
        run: The run this is part of.
        image: Pictures without transparency, both sides multiples of what the model asks for (8 for most).
        vae: The autoencoder of the checkpoint that will sample them.

    Returns:
        One latent per picture.

    Raises:
        LatentMismatchError: The pictures are transparent, or a side is no such multiple.
        ModelError: The weights of the autoencoder cannot be read.
    """
    return run.service(ModelStore).encode_image(vae, image)


@node(
    "latent.decode",
    lane="device",
    accepts={"latent": {"space": "$space"}, "vae": {"space": "$space"}},
    advises={"tile": (_IN_ONE_PIECE,)},
)
def decode_latent(
    run: Run, latent: Latent, vae: Vae, *, tile: Annotated[int, Number(0, 4096, step=64)] = 0
) -> Image:
    """Turn latents into pictures.

    Args:
        run: The run this is part of.
        latent: Latents to decode.
        vae: The autoencoder of the checkpoint that made them.
        tile: Side of the tiles in pixels, 64..4096, for pictures that do not fit into memory in one piece;
            0 decodes in one piece, which is quicker and has no seams.

    Returns:
        One picture per latent.

    Raises:
        LatentMismatchError: The latents belong to another model, or the tiles are too small.
        NotFiniteError: The autoencoder overflowed.
        ModelError: The weights of the autoencoder cannot be read.
    """
    image = run.service(ModelStore).decode(vae, latent, tile=tile or None)
    # Pictures are worked on and saved by the processor.
    return Image(image.pixels_BHWC.to("cpu"))


@node(
    "latent.resize",
    accepts={"latent": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def resize_latent(
    latent: Latent,
    width: Annotated[int, Number(8, _LARGEST, step=8)] = 1024,
    height: Annotated[int, Number(8, _LARGEST, step=8)] = 1024,
    *,
    method: Method = "bilinear",
) -> Latent:
    """Give latents the size of other pictures, for a second pass.

    Args:
        latent: Latents of any size.
        width: Width of the new pictures in pixels, a multiple of what the model asks for (8 for most).
        height: Height of the new pictures in pixels, a multiple of the same number.
        method: How new values are made of old ones.

    Returns:
        Latents of that size; their masks are resized too.

    Raises:
        LatentSpaceError: The latents are of no model family that is known.
        LatentSizeError: Width or height is no such multiple.
        PictureTooLargeError: The pictures have more than 512 megapixels.
    """
    check_area(width, height, count=latent.batch_size)
    return _resized(latent, _latent_size(_facts_of(latent.space), width, height), method)


@node(
    "latent.scale",
    accepts={"latent": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def scale_latent(
    latent: Latent, factor: Annotated[float, Slider(0.1, 8, step=0.05)] = 1.5, method: Method = "bilinear"
) -> Latent:
    """Make latents larger or smaller by a factor, for a second pass.

    Args:
        latent: Latents of any size.
        factor: 0.1..8; 2 doubles both sides of the picture.
        method: How new values are made of old ones.

    Returns:
        Latents whose sides are rounded to whole latent pixels; their masks are resized too.

    Raises:
        LatentSpaceError: The latents are of no model family that is known.
        PictureTooLargeError: The pictures have more than 512 megapixels.
    """
    height, width = (max(1, round(side * factor)) for side in latent.samples_BChw.shape[-2:])
    reduction = _facts_of(latent.space).reduction
    check_area(width * reduction, height * reduction, count=latent.batch_size)
    return _resized(latent, (height, width), method)


@node("latent.size", lane="inline")
def latent_size(latent: Latent) -> LatentSize:
    """Tell how large the pictures of a latent will be.

    Args:
        latent: Any latent.

    Returns:
        Width, height and how many there are.

    Raises:
        LatentSpaceError: The latent is of no model family that is known.
    """
    reduction = _facts_of(latent.space).reduction
    height, width = latent.samples_BChw.shape[-2:]
    return LatentSize(width=width * reduction, height=height * reduction, batch_size=latent.batch_size)


@node(
    "latent.blend",
    accepts={"a": {"space": "$space"}, "b": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def blend_latents(a: Latent, b: Latent, amount: Annotated[float, Slider(0, 1)] = 0.5) -> Latent:
    """Mix two latents of the same latent space.

    Args:
        a: Latent returned unchanged when `amount` is 0; its mask is kept.
        b: Latent of the same size, reached when `amount` is 1.
        amount: Share of `b`, 0..1.

    Returns:
        A latent with the shape of `a`.

    Raises:
        LatentShapeError: The latents differ in space, size or count.
    """
    _check_alike(a, b)
    return a.with_samples(torch.lerp(a.samples_BChw, b.samples_BChw.to(a.samples_BChw), amount))


@node(
    "latent.composite",
    accepts={"background": {"space": "$space"}, "foreground": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def composite_latents(background: Latent, foreground: Latent, mask: Mask) -> Latent:
    """Put a part of one latent into another of the same size.

    Args:
        background: The latent to change; its mask is kept.
        foreground: The latent to take the part from.
        mask: Which part: one mask, or one per latent, stretched over the picture.

    Returns:
        A latent with the shape of `background`.

    Raises:
        LatentShapeError: The latents differ in space, size or count, or there are more masks than latents.
    """
    _check_alike(background, foreground)
    samples = background.samples_BChw
    weight = _mask_for(background, mask).to(samples)
    return background.with_samples(torch.lerp(samples, foreground.samples_BChw.to(samples), weight))


@node(
    "latent.paste",
    accepts={"background": {"space": "$space"}, "foreground": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def paste_latent(
    background: Latent,
    foreground: Latent,
    left: Annotated[int, Number(0, _LARGEST, step=8)] = 0,
    top: Annotated[int, Number(0, _LARGEST, step=8)] = 0,
    *,
    feather: Annotated[int, Slider(0, 32)] = 0,
) -> Latent:
    """Put a smaller latent into a larger one at a place, also between two parts of a sampling.

    Both must have the same noise, or none: stop both at the same step with latent.sample_steps, paste, and
    let another latent.sample_steps take the other steps.

    Args:
        background: The latent to change; its mask is kept.
        foreground: What to put into it: one latent, or as many; what hangs over the edge is cut off.
        left: Where the left edge of the foreground lies, in pixels, rounded down to whole latent pixels.
        top: Where its upper edge lies, likewise.
        feather: Latent pixels over which the foreground fades in from its edges, 0 (hard) .. 32; edges that
            lie on an edge of the background stay hard.

    Returns:
        A latent with the shape of `background`.

    Raises:
        LatentShapeError: The latents differ in space or count, or the place lies outside the background.
    """
    reduction = _facts_of(background.space).reduction
    samples, above = background.samples_BChw, foreground.samples_BChw
    x, y = left // reduction, top // reduction
    height, width = (int(side) for side in samples.shape[-2:])
    fits = foreground.space == background.space and foreground.batch_size in (1, background.batch_size)
    if not fits or x >= width or y >= height:
        raise LatentShapeError(first=_described(background), second=f"{_described(foreground)} at {x}, {y}")
    above = above[..., : height - y, : width - x].to(samples)
    rows, columns = slice(y, y + above.shape[-2]), slice(x, x + above.shape[-1])
    weight_hw = _fading(rows, height, feather)[:, None] * _fading(columns, width, feather)
    pasted = samples.clone()
    pasted[..., rows, columns] = torch.lerp(samples[..., rows, columns], above, weight_hw.to(samples))
    return background.with_samples(pasted)


@node(
    "latent.mask",
    accepts={"latent": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def mask_latent(
    latent: Latent,
    mask: Mask,
    *,
    grow: Annotated[int, Slider(-32, 32)] = 0,
    feather: Annotated[float, Slider(0, 32, step=0.5)] = 0.0,
    gradual: bool = False,
) -> Latent:
    """Say which part of a picture sampling may change (inpainting); the rest stays as it is.

    A decoded picture still differs a little outside the mask, as every picture does that went through an
    autoencoder: lay it over the original with image.blend and the same mask.

    Args:
        latent: The latent of a picture.
        mask: What may change: one mask, or one per latent, stretched over the picture. Grey mixes old and new
            at every step.
        grow: Margin in latent pixels (8 pixels of the picture for most models) by which the mask grows,
            -32..32; a negative one shrinks it.
        feather: Standard deviation, in latent pixels, of the Gaussian that softens the mask's edge then,
            0 (hard) .. 32.
        gradual: Let grey say when a place may change, instead of how much: 0.3 is the last 30 % of the steps
            (differential diffusion).

    Returns:
        The latent with the mask, which every sampling of it will keep to.

    Raises:
        LatentShapeError: There are several masks, but not as many as latents.
    """
    wanted = blur_planes(grow_planes(_mask_for(latent, mask), grow), feather).clamp(0, 1)
    return replace(latent, mask_B1hw=wanted, is_mask_gradual=gradual)


@node(
    "latent.repeat",
    accepts={"latent": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def repeat_latent(latent: Latent, count: Annotated[int, Number(1, 4096)] = 2) -> Latent:
    """Repeat latents, to sample several pictures from one; each copy gets noise of its own.

    Args:
        latent: One latent or a batch.
        count: How often, 1..4096.

    Returns:
        A batch `count` times as long.
    """

    def repeated(tensor: Tensor) -> Tensor:
        return tensor.repeat(count, *[1] * (tensor.ndim - 1))

    mask, original = latent.mask_B1hw, latent.original_BChw
    return replace(
        latent,
        samples_BChw=repeated(latent.samples_BChw),
        mask_B1hw=mask if mask is None or mask.shape[0] == 1 else repeated(mask),
        original_BChw=None if original is None else repeated(original),
        indices=None,
    )


@node(
    "latent.pick",
    accepts={"latent": {"space": "$space"}},
    gives={"latent": {"space": "$space"}},
)
def pick_latent(latent: Latent, index: Annotated[int, Number(0, 4095)] = 0) -> Latent:
    """Take one latent out of a batch; sampling it again gives it the noise it had in the batch.

    Args:
        latent: A batch of latents.
        index: Which one, 0..4095.

    Returns:
        One latent.

    Raises:
        LatentIndexError: The batch has fewer latents.
    """
    if index >= latent.batch_size:
        raise LatentIndexError(index=index, count=latent.batch_size)
    return latent.item(index)


def _facts_of(space: str) -> FamilyFacts:
    for facts in FACTS.values():
        if facts.latent_space == space:
            return facts
    raise LatentSpaceError(space=space)


def _latent_size(facts: FamilyFacts, width: int, height: int) -> tuple[int, int]:
    """Turn a size in pixels into (height, width) in latent pixels."""
    if width % facts.reduction or height % facts.reduction:
        raise LatentSizeError(width=width, height=height, multiple=facts.reduction)
    return height // facts.reduction, width // facts.reduction


def _resized(latent: Latent, size: tuple[int, int], method: Method) -> Latent:
    height, width = size

    def resized(planes_BChw: Tensor) -> Tensor:
        return resize_planes(planes_BChw, width=width, height=height, method=method)

    mask, original = latent.mask_B1hw, latent.original_BChw
    if mask is not None:
        mask = resize_mask(mask[:, 0], width=width, height=height, method="area")[:, None]
    return replace(
        latent,
        samples_BChw=resized(latent.samples_BChw),
        mask_B1hw=mask,
        original_BChw=None if original is None else resized(original),
    )


def _mask_for(latent: Latent, mask: Mask) -> Tensor:
    """Bring a mask to the size of a latent; every latent pixel gets the average of what it covers."""
    count = mask.values_BHW.shape[0]
    if count not in (1, latent.batch_size):
        raise LatentShapeError(first=f"a batch of {latent.batch_size}", second=f"a batch of {count} masks")
    height, width = latent.samples_BChw.shape[-2:]
    return resize_mask(mask.values_BHW, width=width, height=height, method="area")[:, None]


def _fading(part: slice, length: int, feather: int) -> Tensor:
    """Return weights along a part of an axis that rise from its ends, but not where the axis ends too."""
    places = torch.arange(part.stop - part.start)
    never = torch.full_like(places, feather)
    rising = never if part.start == 0 else places
    falling = never if part.stop == length else places.flip(0)
    return (torch.minimum(rising, falling) + 1).div(feather + 1).clamp_max(1)


def _check_alike(first: Latent, second: Latent) -> None:
    if first.space != second.space or first.samples_BChw.shape != second.samples_BChw.shape:
        raise LatentShapeError(first=_described(first), second=_described(second))


def _described(latent: Latent) -> str:
    return f"{'x'.join(str(side) for side in latent.samples_BChw.shape)} ({latent.space})"
