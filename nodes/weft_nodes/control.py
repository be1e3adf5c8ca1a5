"""Control networks: pictures of edges, depth or poses that say where things shall be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from torch import Tensor
from weft.sdk import (
    FingerprintScope,
    Image,
    Listed,
    Mask,
    ModelError,
    ModelFile,
    NodeError,
    Paths,
    Run,
    Slider,
    Traits,
    listing,
    node,
)

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Control
from weft_nodes.families.checkpoints import SHIPPED_STEERING
from weft_nodes.families.controls import FOLDER, control_traits, list_controls, open_control
from weft_nodes.families.facts import FACTS
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.controls import ControlNet
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.handles import PROMPT_TRAITS, TRAIT_HINTS, Vae

PictureKind = Literal[
    "canny",
    "tile",
    "depth",
    "blur",
    "pose",
    "gray",
    "low_quality",
    "scribble",
    "normal",
    "segment",
    "repaint",
]

_STEERED: Final[Traits] = MappingProxyType({**PROMPT_TRAITS, "blocks": "whole", "pictures": "as controls"})


@listing("controlnet")
def controls_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the control networks in the `controlnet` folders of the models folders, with their family.

    "starter-edges", which ships with weft, is always among them.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for what cannot be read.
    """
    return {
        name: control_traits(path) for name, path in list_controls((*paths.models, SHIPPED_STEERING)).items()
    }


def _digest_of_control(run: FingerprintScope, control_net: str) -> str:
    """Tell control networks apart by content and by place, which handles carry; or by what is wrong."""
    try:
        weights = open_control(
            control_net, (*run.paths.models, SHIPPED_STEERING), DigestMemory.of(run.paths)
        ).weights
    except ModelError as error:
        return error.code
    return f"{weights.path} {weights.source}"


@node(
    "control.load",
    lane="io",
    output="control",
    fingerprint=_digest_of_control,
    gives={
        "control": {
            "family": Listed("control_net", "family"),
            "space": Listed("control_net", "space"),
            "kind": Listed("control_net", "kind"),
            "vae": Listed("control_net", "vae"),
        }
    },
)
def load_control(run: Run, control_net: Annotated[str, ModelFile("controlnet", (FOLDER,))]) -> ControlNet:
    """Load a ControlNet: a network that steers a model by a picture, such as one of edges or of depth.

    Union ControlNets of Stable Diffusion XL and of FLUX.1 follow pictures of several kinds.
    T2I-Adapters for Stable Diffusion 1.x and XL, folders of diffusers, are loaded and used in the same way.

    Args:
        run: The run this is part of.
        control_net: Name of a .safetensors file, or of a folder of diffusers, in the `controlnet` folder of a
            models folder.

    Returns:
        The control network. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no control network of that name, or a part of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It steers no model family that is known here.
    """
    control = open_control(control_net, (*run.paths.models, SHIPPED_STEERING), DigestMemory.of(run.paths))
    run.note_file(control_net, control.weights.source)
    return control


@node(
    "control.apply",
    lane="device",
    output="conditioning",
    accepts={
        "conditioning": _STEERED,
        "control": {"family": "$family", "space": "$space", "kind": "$kind", "vae": "$vae"},
        "vae": {"space": "$space", "vae": "$vae"},
        "kind": {"kind": "$kind"},
    },
    gives={"conditioning": _STEERED},
    hints=TRAIT_HINTS,
)
def apply_control(  # noqa: PLR0913 - its widgets are what steering takes
    run: Run,
    conditioning: Conditioning,
    control: ControlNet,
    image: Image,
    vae: Vae | None,
    mask: Mask | None,
    *,
    strength: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
    kind: PictureKind = "canny",
) -> Conditioning:
    """Steer a prompt by a picture. Several controls may follow one another; their effects add up.

    Apply it to the positive prompt: a negative prompt without controls of its own is steered by the same
    ones, so that the two differ in their words alone.

    Several controls without a mask through the same union ControlNet of Stable Diffusion XL are read at once,
    as it was trained; with masks they are read one by one.

    Args:
        run: The run this is part of.
        conditioning: The prompt.
        control: The control network.
        image: What it was trained to read, such as white edges on black: one picture, of the size that is
            sampled.
        vae: The autoencoder of the checkpoint, which control networks of SD 3 and FLUX.1 need; others read
            the picture as it is.
        mask: Where the control applies: one mask of any size, stretched over the picture; without it
            everywhere.
        strength: How strongly it steers, 0 (not at all) .. 2.
        start: Share of the steps after which it begins to steer, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        kind: What the picture shows, for networks that were trained on several kinds; others do not ask. For
            those of Stable Diffusion XL canny stands for all clean lines and scribble for all soft ones;
            repaint is a picture whose missing part is black.

    Returns:
        The prompt, steered.

    Raises:
        ConditioningError: There are several pictures or masks, or `end` lies before `start`.
        LatentMismatchError: The autoencoder cannot read the picture.
        ControlMismatchError: The control network was not trained on this kind of pictures.
        NodeError: The control network needs an autoencoder.
        ModelError: The weights of the autoencoder cannot be read.
    """
    if end < start:
        raise ConditioningError(
            f"A control cannot apply in the range {start}..{end}.", hint="Let the end lie behind the start."
        )
    pictures, masks = image.pixels_BHWC.shape[0], 1 if mask is None else mask.values_BHW.shape[0]
    if pictures != 1 or masks != 1:
        raise ConditioningError(
            f"A control needs one picture and at most one mask, but there are {pictures} and {masks}.",
            hint="Apply one control after the other, or join masks with mask.combine.",
        )
    number = _number(control, kind)
    if strength == 0:
        return conditioning
    hint_1CHW, cell = _hint(run, control, image, vae)
    return conditioning.controlled_by(
        Control(
            control,
            hint_1CHW,
            strength=strength,
            start=start,
            end=end,
            mask_hw=None if mask is None else mask.values_BHW[0],
            cell=cell,
            kind=number,
        )
    )


def _number(control: ControlNet, kind: PictureKind) -> int:
    """Return the number by which a network knows what a picture shows; 0 where it is not told."""
    if not control.pictures:
        return 0
    if kind not in control.pictures:
        raise ControlMismatchError(
            problem=f"it was trained on {', '.join(control.pictures)}, but the picture shall show {kind}",
            hint="Choose another kind in control.apply.",
        )
    return control.pictures.index(kind)


def _hint(run: Run, control: ControlNet, image: Image, vae: Vae | None) -> tuple[Tensor, int]:
    """Return what a control network is shown, and its pixels per latent pixel."""
    if control.reads_pixels:
        return image.pixels_BHWC[..., :3].movedim(-1, 1).contiguous(), FACTS[control.family].reduction
    if vae is None:
        raise NodeError(
            f"Control networks of {FACTS[control.family].title} read the latent of a picture.",
            hint="Connect the VAE of the checkpoint to control.apply.",
        )
    return run.service(ModelStore).encode_hint(control, vae, image), 1
