"""Control networks and T2I-Adapters steer as they do in diffusers' pipelines."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from parity.conftest import Openings
from parity.staged import HEIGHT, WIDTH, pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from parity.test_image_to_image import begun
from tiny.controls import tiny_control, tiny_hints, tiny_union, write_control
from weft.sdk import Image
from weft_nodes.diffusion.values import Conditioning, Control
from weft_nodes.families.controls import open_control

PIPELINES = {
    "sd15": "StableDiffusionControlNetPipeline",
    "sdxl": "StableDiffusionXLControlNetPipeline",
    "sd3": "StableDiffusion3ControlNetPipeline",
    "flux": "FluxControlNetPipeline",
    "qwen-image": "QwenImageControlNetPipeline",
}
ADAPTERS = {"sd15": "StableDiffusionAdapterPipeline", "sdxl": "StableDiffusionXLAdapterPipeline"}
STRENGTHS = (0.7, 0.4)
_COUNTED = {1: "", 2: "two at once"}
# What a network for several kinds is told that the picture shows.
KIND = 2
KINDS = (1, 3)


def picture(seed: int) -> Image:
    """What a network follows."""
    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, HEIGHT, WIDTH, 3, generator=generator).round())


def as_one(several: list[Any]) -> Any:
    """How pipelines take several networks, pictures or strengths: a list, but one alone."""
    return several if len(several) > 1 else several[0]


def followed(
    opened: Openings, family: str, nets: list[Any], *, kind: int | None = None
) -> Callable[[Conditioning], Conditioning]:
    """Let a prompt follow pictures through networks."""
    store, checkpoint = opened(family)
    folder = opened.root / "followed" / f"{family}-{type(nets[0]).__name__}-{kind}"
    controls = []
    for place, net in enumerate(nets):
        write_control(folder / "controlnet" / str(place), net, family)
        handle = open_control(str(place), [folder], store.digests)
        hint, cell = picture(place).pixels_BHWC.movedim(-1, 1), 8
        if not handle.reads_pixels:
            hint, cell = store.encode_hint(handle, checkpoint.vae, picture(place)), 1
        told: dict[str, Any] = {} if kind is None else {"kind": kind}
        controls.append(Control(handle, hint, strength=STRENGTHS[place], cell=cell, **told))

    def prompt(words: Conditioning) -> Conditioning:
        for control in controls:
            words = words.controlled_by(control)
        return words

    return prompt


def controlled(family: str, count: int, opened: Openings) -> Steered:
    """Steer by control networks."""
    nets = [tiny_control(tiny_models.shared(family), family, seed=11 + place) for place in range(count)]
    hints = [picture(place).pixels_BHWC.movedim(-1, 1) for place in range(count)]
    name = "image" if family in ("sd15", "sdxl") else "control_image"
    if name == "control_image":
        # These pipelines bring files to -1..1, but take tensors as they are.
        hints = [hint * 2.0 - 1.0 for hint in hints]
    told = {name: as_one(hints), "controlnet_conditioning_scale": as_one([*STRENGTHS[:count]])}
    return Steered(
        pipeline=pipeline_of(family, PIPELINES[family], controlnet=as_one(nets)),
        arguments=told,
        prompt=followed(opened, family, nets),
    )


def of_a_kind(kind: int, opened: Openings) -> Steered:
    """Steer by a network for several kinds of pictures, which the pipeline is told to be of `KIND`."""
    net = tiny_control(tiny_models.shared("flux"), "flux", num_mode=7)
    return Steered(
        pipeline=pipeline_of("flux", PIPELINES["flux"], controlnet=net),
        arguments={
            "control_image": picture(0).pixels_BHWC.movedim(-1, 1) * 2.0 - 1.0,
            "controlnet_conditioning_scale": STRENGTHS[0],
            "control_mode": KIND,
        },
        prompt=followed(opened, "flux", [net], kind=kind),
    )


def of_kinds(count: int, opened: Openings) -> Steered:
    """Steer by a network for several kinds of pictures, which reads some of them at once."""
    net = tiny_union(tiny_models.shared("sdxl"))
    store, _ = opened("sdxl")
    folder = opened.root / "followed" / "union"
    write_control(folder / "controlnet" / "union", net, "sdxl")
    handle = open_control("union", [folder], store.digests)
    hints = [picture(place).pixels_BHWC.movedim(-1, 1) for place in range(count)]

    def prompt(words: Conditioning) -> Conditioning:
        for hint, strength, kind in zip(hints, STRENGTHS, KINDS, strict=False):
            words = words.controlled_by(Control(handle, hint, strength=strength, cell=8, kind=kind))
        return words

    return Steered(
        pipeline=pipeline_of("sdxl", "StableDiffusionXLControlNetUnionPipeline", controlnet=net),
        arguments={
            "control_image": hints,
            "control_mode": [*KINDS[:count]],
            "controlnet_conditioning_scale": as_one([*STRENGTHS[:count]]),
        },
        prompt=prompt,
    )


def begun_and_controlled(opened: Openings) -> Steered:
    """Begin with a picture, and follow another."""
    net = tiny_control(tiny_models.shared("sd15"), "sd15", seed=11)
    start, control = begun("sd15", opened), controlled("sd15", 1, opened)
    told = dict(control.arguments)
    told["control_image"] = told.pop("image")
    return replace(
        start,
        pipeline=pipeline_of("sd15", "StableDiffusionControlNetImg2ImgPipeline", controlnet=net),
        arguments={**start.arguments, **told},
        prompt=control.prompt,
    )


def hinted(family: str, count: int, opened: Openings) -> Steered:
    """Steer by T2I-Adapters."""
    nets = [tiny_hints(tiny_models.shared(family), family, seed=11 + place) for place in range(count)]
    adapter = diffusers.MultiAdapter(nets) if count > 1 else nets[0]
    return Steered(
        pipeline=pipeline_of(family, ADAPTERS[family], adapter=adapter),
        arguments={
            "image": as_one([picture(place).pixels_BHWC.movedim(-1, 1) for place in range(count)]),
            "adapter_conditioning_scale": as_one([*STRENGTHS[:count]]),
        },
        prompt=followed(opened, family, nets),
    )


# Where a negative prompt steers, the pipeline of Qwen-Image lets the network read the positive one for both.
UNGUIDED = replace(
    BASES["qwen-image"], arguments={**BASES["qwen-image"].arguments, "true_cfg_scale": 1.0}, scale=1.0
)
STEERINGS = (
    *(
        Steering("ControlNet", BASES[family], partial(controlled, family, count), title=_COUNTED[count])
        for family, count in (("sd15", 2), ("sdxl", 1), ("sd3", 2), ("flux", 2))
    ),
    Steering("ControlNet", UNGUIDED, partial(controlled, "qwen-image", 1), title="without a negative prompt"),
    Steering("ControlNet", BASES["flux"], partial(of_a_kind, KIND), title="one for several kinds"),
    Steering("ControlNet", BASES["sdxl"], partial(of_kinds, 1), title="one for several kinds"),
    Steering("ControlNet", BASES["sdxl"], partial(of_kinds, 2), title="one for two kinds at once"),
    Steering("ControlNet", BASES["sd15"], begun_and_controlled, title="with image to image", is_native=True),
    *(
        Steering("T2I-Adapter", BASES[family], partial(hinted, family, count), title=_COUNTED[count])
        for family, count in (("sd15", 2), ("sdxl", 1))
    ),
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_networks_steer_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
