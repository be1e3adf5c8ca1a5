"""Editing: models that are shown what to change, parts worked on alone, and very large pictures."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, NamedTuple

import torch
from torch import Tensor
from weft.sdk import Image, Mask, NodeError, Number, Run, Slider, Traits, node, value

from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.diffusion.windows import Windows
from weft_nodes.families.facts import FACTS, check_size
from weft_nodes.families.inpainting import inpainting_channels, reads_normalised
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.handles import MODEL_TRAITS, PROMPT_TRAITS, TRAIT_HINTS, Model, Vae
from weft_nodes.models.windows import WindowPatch
from weft_nodes.pixels.conversion import same_channels, same_count, same_size, size_of, size_text
from weft_nodes.pixels.errors import PictureCountError, PictureSizeError
from weft_nodes.pixels.filters import blur_planes, grow_planes
from weft_nodes.pixels.resizing import Method, resize_mask, resize_pixels

_LARGEST = 16384
_MIDDLE_GREY = 0.5
# What showing something leaves of what is known of a prompt.
_SHOWING: Final[Traits] = MappingProxyType({n: v for n, v in PROMPT_TRAITS.items() if n != "shown"})
_REFERRING: Final[Traits] = MappingProxyType(
    {n: v for n, v in PROMPT_TRAITS.items() if n != "references"} | {"pictures": "as references"}
)
# So far inside its edge a Gaussian of standard deviation 1 is as good as whole.
_WHOLE_FROM = 2.0


class RegionEmptyError(NodeError):
    """A mask selects nothing, so that there is nothing to cut out."""

    code: ClassVar[str] = "region-empty"

    def __init__(self) -> None:
        super().__init__(
            "The mask selects nothing, so there is no region to cut out.",
            hint="Check the mask with mask.to_image; mask.threshold makes faint selections hard.",
        )


@value("region", color="#ffab91")
@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where a part of pictures was cut out, and which of its pixels were selected.

    Args:
        left: Pixels left of it.
        top: Pixels above it.
        picture_size: Width and height of the whole pictures.
        mask_BHW: What is selected within it, 0..1, as large as the part was.
    """

    left: int
    top: int
    picture_size: tuple[int, int]
    mask_BHW: Tensor


class CutRegion(NamedTuple):
    """A part of pictures, in a size to work on.

    Attributes:
        image: The part.
        mask: What is selected within it.
        region: Where it belongs, for image.paste_region.
    """

    image: Image
    mask: Mask
    region: Region


@node(
    "prompt.inpaint",
    lane="device",
    output="conditioning",
    accepts={"conditioning": _SHOWING, "vae": {"space": "$space"}},
    gives={"conditioning": {**_SHOWING, "shown": "picture+mask"}},
)
def show_to_inpaint(run: Run, conditioning: Conditioning, image: Image, mask: Mask, vae: Vae) -> Conditioning:
    """Show a picture and what to repaint of it to a model that was made for inpainting.

    Such models (U-Nets that read nine channels, FLUX.1 Fill) need it, and sample from an empty latent of the
    picture's size; all other models inpaint with latent.mask. A negative prompt that shows nothing is shown
    the same.

    Args:
        run: The run this is part of.
        conditioning: The prompt.
        image: One picture without transparency, of the size that is sampled.
        mask: What to repaint, as large as the picture; values of at least 0.5 count.
        vae: The autoencoder of the checkpoint.

    Returns:
        The prompt, with what the model is shown.

    Raises:
        PictureSizeError: The mask is not as large as the picture.
        PictureCountError: There are several pictures or masks.
        LatentMismatchError: The autoencoder cannot read the picture.
        ModelError: The weights of the autoencoder cannot be read.
    """
    same_size(image.pixels_BHWC, mask.values_BHW, names=("image", "mask"))
    _check_single(image, mask)
    is_new_1HW = (mask.values_BHW >= _MIDDLE_GREY).to(image.pixels_BHWC)
    hidden = torch.where(is_new_1HW[..., None] > 0, _MIDDLE_GREY, image.pixels_BHWC)
    masked = run.service(ModelStore).encode_image(vae, Image(hidden))
    family = _family_of(conditioning, vae)
    channels = inpainting_channels(family, is_new_1HW[:, None], masked.samples_BChw)
    return showing(conditioning, concat_1Chw=channels)


@node(
    "prompt.picture",
    lane="device",
    output="conditioning",
    accepts={"conditioning": _SHOWING, "vae": {"space": "$space"}},
    gives={"conditioning": {**_SHOWING, "shown": "picture"}},
)
def show_picture(run: Run, conditioning: Conditioning, image: Image, vae: Vae) -> Conditioning:
    """Show the picture to change, or a map to follow, to a model that was made to read one beside the noise.

    InstructPix2Pix and CosXL Edit (U-Nets of eight channels) change the picture as told: "make it snow";
    guidance.picture says how closely it is kept. FLUX.1 Depth and Canny follow a map of depth or of edges.
    Sample from an empty latent of the picture's size. A negative prompt that shows nothing is shown the same.

    Args:
        run: The run this is part of.
        conditioning: The prompt.
        image: One picture without transparency, of the size that is sampled.
        vae: The autoencoder of the checkpoint.

    Returns:
        The prompt, with the picture that it shows.

    Raises:
        PictureCountError: There are several pictures.
        LatentMismatchError: The autoencoder cannot read the picture.
        ModelError: The weights of the autoencoder cannot be read.
    """
    _check_single(image)
    store = run.service(ModelStore)
    is_normalised = reads_normalised(_family_of(conditioning, vae))
    latent = store.encode_image(vae, image).samples_BChw if is_normalised else store.encode_raw(vae, image)
    return showing(conditioning, concat_1Chw=latent.float())


@node(
    "prompt.reference",
    lane="device",
    output="conditioning",
    accepts={"conditioning": _REFERRING, "vae": {"space": "$space"}},
    gives={"conditioning": {**_REFERRING, "references": "shown"}},
    hints=TRAIT_HINTS,
)
def show_reference(run: Run, conditioning: Conditioning, image: Image, vae: Vae) -> Conditioning:
    """Show pictures to a model that edits by instruction, such as FLUX.1 Kontext, FLUX.2 or Qwen-Image-Edit.

    Several of these nodes add up. A negative prompt that shows nothing is shown the same.

    Args:
        run: The run this is part of.
        conditioning: The prompt: what shall be changed, or made of the pictures.
        image: Pictures without transparency, of any size the model can read (multiples of 16 pixels for
            most); bring large ones to about one megapixel with image.scale_to_area.
        vae: The autoencoder of the checkpoint.

    Returns:
        The prompt, with the pictures that it shows.

    Raises:
        LatentPatchError: A side of the pictures cannot be cut into whole tokens.
        LatentMismatchError: The autoencoder cannot read the pictures.
        ModelError: The weights of the autoencoder cannot be read.
    """
    latent = run.service(ModelStore).encode_image(vae, image)
    check_size(_family_of(conditioning, vae), latent.size_hw)
    return showing(conditioning, references=torch.split(latent.samples_BChw, 1))


@node(
    "prompt.reference_latent",
    lane="inline",
    output="conditioning",
    accepts={"conditioning": _REFERRING, "latent": {"space": "$space"}},
    gives={"conditioning": {**_REFERRING, "references": "shown"}},
    hints=TRAIT_HINTS,
)
def show_reference_latent(conditioning: Conditioning, latent: Latent) -> Conditioning:
    """Show latents to a model that edits by instruction, without decoding them to pictures first.

    What prompt.reference does for pictures: the latents of one model's first pass, or parts that were put
    together, become what its next pass is shown. Several of these nodes add up.

    Args:
        conditioning: The prompt: what shall be changed, or made of what is shown.
        latent: Latents of the model that reads the prompt; a batch is shown one by one.

    Returns:
        The prompt, with the latents that it shows.

    Raises:
        LatentPatchError: A side of the latents cannot be cut into whole tokens.
    """
    for family in {entry.family for entry in conditioning.entries if entry.family}:
        check_size(family, latent.size_hw)
    return showing(conditioning, references=torch.split(latent.samples_BChw, 1))


@node(
    "model.tile_sampling",
    lane="inline",
    accepts={"model": {**MODEL_TRAITS, "edges": "tiled"}},
    gives={"model": {**MODEL_TRAITS, "edges": "tiled"}},
    hints=TRAIT_HINTS,
)
def tile_sampling(
    model: Model,
    tile: Annotated[int, Number(64, 4096, step=64)] = 1024,
    overlap: Annotated[int, Number(0, 2048, step=16)] = 256,
) -> Model:
    """Sample pictures larger than a model was made for, through overlapping tiles (MultiDiffusion).

    At every step the model sees each tile alone, and the tiles are averaged where they overlap. The prompt
    applies to every tile, so a large picture from nothing repeats its subject: use it for a second pass over
    an enlarged picture, with a low denoise, or with regions.

    Args:
        model: The model.
        tile: Side of the square tiles in pixels, 64..4096, best the size the model was trained on; smaller
            pictures are seen whole.
        overlap: Least overlap of neighbouring tiles in pixels, at most half a tile; more is smoother and
            slower. Both are rounded down to what the model can read.

    Returns:
        The model, seeing tiles.

    Raises:
        JobError: Tiles overlap by more than half, or are smaller than the model can read.
    """
    facts = FACTS[model.family]
    size, shared = (side // facts.multiple * facts.patch for side in (tile, overlap))
    return model.with_patches(WindowPatch(Windows(size, shared, facts.patch)))


@node("image.cut_region")
def cut_region(
    image: Image,
    mask: Mask,
    *,
    margin: Annotated[int, Number(0, 4096)] = 32,
    width: Annotated[int, Number(8, _LARGEST, step=8)] = 512,
    height: Annotated[int, Number(8, _LARGEST, step=8)] = 512,
    method: Method = "lanczos",
) -> CutRegion:
    """Cut out what a mask selects, with some room around it and in a size that a model can work on.

    Args:
        image: Pictures of any size; all are cut alike.
        mask: What is selected, as large as the pictures.
        margin: Pixels of room on each side, from which the model learns what lies around.
        width: Width to scale the part to, in pixels, best a size the model was trained on.
        height: Height to scale it to, in pixels. The part gets the proportions of this size, as far as the
            picture reaches.
        method: How new pixels are made of old ones.

    Returns:
        The part, its mask, and where it belongs.

    Raises:
        PictureSizeError: The mask is not as large as the pictures.
        PictureCountError: The batches differ in length and neither is single.
        RegionEmptyError: The mask selects nothing.
    """
    pixels, selected = image.pixels_BHWC, mask.values_BHW
    same_size(pixels, selected, names=("image", "mask"))
    same_count(pixels, selected, names=("image", "mask"))
    rows, columns = _bounds(selected)
    rows, columns = (slice(side.start - margin, side.stop + margin) for side in (rows, columns))
    long, wide = rows.stop - rows.start, columns.stop - columns.start
    rows = _placed(rows, max(long, round(wide * height / width)), pixels.shape[1])
    columns = _placed(columns, max(wide, round(long * width / height)), pixels.shape[2])
    inside_BHW = selected[:, rows, columns].contiguous()
    return CutRegion(
        Image(resize_pixels(pixels[:, rows, columns], width=width, height=height, method=method)),
        Mask(resize_mask(inside_BHW, width=width, height=height, method="bilinear")),
        Region(columns.start, rows.start, (pixels.shape[2], pixels.shape[1]), inside_BHW),
    )


@node("image.paste_region")
def paste_region(
    image: Image,
    part: Image,
    region: Region,
    *,
    feather: Annotated[float, Slider(0, 64, step=0.5)] = 4.0,
    method: Method = "lanczos",
) -> Image:
    """Put a part back into the pictures it was cut out of; only what its mask selects is changed.

    Args:
        image: The pictures.
        part: What the part became, in any size.
        region: Where it belongs, from image.cut_region.
        feather: How softly it fades in from the edge of the mask inwards: standard deviation of a Gaussian in
            pixels of the pictures, 0 (hard) .. 64.
        method: How new pixels are made of old ones.

    Returns:
        Pictures as large as before.

    Raises:
        PictureSizeError: The pictures have another size than those that the region was cut out of.
        PictureCountError: The batches differ in length and neither is single.
    """
    below, above = same_channels(image.pixels_BHWC, part.pixels_BHWC)
    if (below.shape[2], below.shape[1]) != region.picture_size:
        width, height = region.picture_size
        raise PictureSizeError(
            first="image",
            first_size=size_of(below),
            second="the picture of region",
            second_size=size_text(width, height),
        )
    high, wide = (int(side) for side in region.mask_BHW.shape[1:])
    above = resize_pixels(above, width=wide, height=high, method=method)
    below, above = same_count(below, above, names=("image", "part"))
    below, weight_BHW = same_count(below, _softened(region.mask_BHW, feather), names=("image", "region"))
    below, above = same_count(below, above, names=("image", "part"))
    pasted = below.clone()
    rows, columns = slice(region.top, region.top + high), slice(region.left, region.left + wide)
    pasted[:, rows, columns] = torch.lerp(below[:, rows, columns], above, weight_BHW[..., None].to(below))
    return Image(pasted)


def _check_single(image: Image, mask: Mask | None = None) -> None:
    masks = 1 if mask is None else mask.values_BHW.shape[0]
    for name, count in (("image", image.pixels_BHWC.shape[0]), ("mask", masks)):
        if count != 1:
            raise PictureCountError(first=name, first_count=count, second="a prompt", second_count=1)


def _family_of(conditioning: Conditioning, vae: Vae) -> str:
    """Return the family of a prompt, or that of the autoencoder where the prompt does not say it."""
    named = [entry.family for entry in conditioning.entries if entry.family]
    return named[0] if named else vae.family


def _bounds(selected_BHW: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns between which anything is selected."""
    is_selected_HW = (selected_BHW > 0).any(dim=0)
    sides = []
    for axis in (1, 0):
        places = is_selected_HW.any(dim=axis).nonzero().flatten().tolist()
        if not places:
            raise RegionEmptyError
        sides.append(slice(places[0], places[-1] + 1))
    return sides[0], sides[1]


def _placed(part: slice, side: int, length: int) -> slice:
    """Return a part of a length around the middle of another, moved to lie within the picture."""
    side = min(side, length)
    start = min(max(0, (part.start + part.stop - side) // 2), length - side)
    return slice(start, start + side)


def _softened(mask_BHW: Tensor, feather: float) -> Tensor:
    """Let a mask fade in from its edge inwards, so that nothing outside it is touched."""
    if feather == 0:
        return mask_BHW
    planes_B1HW = mask_BHW[:, None]
    shrunk = grow_planes(planes_B1HW, -round(_WHOLE_FROM * feather))
    return torch.minimum(blur_planes(shrunk, feather), planes_B1HW)[:, 0]
