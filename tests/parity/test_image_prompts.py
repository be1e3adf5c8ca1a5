"""IP-Adapters read pictures as they do in diffusers' pipelines."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from parity.conftest import Openings
from parity.staged import NEGATIVE
from parity.steering import BASES, Steered, Steering, assert_steered
from tiny.image_prompts import SIZE, tiny_image_encoder, write_adapter
from tiny.styles import tiny_siglip
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.values import Conditioning, ImagePrompt
from weft_nodes.families.image_prompts import open_adapter
from weft_nodes.models.blocks import block_strengths

STRENGTHS = (0.7, 0.4)


def pictures(count: int, seed: int) -> Image:
    """Pictures of the size that the image encoder sees."""
    return Image(torch.rand(count, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(seed)))


def as_pixels(image: Image) -> Tensor:
    """What the pipelines' own processor makes of pictures of the right size."""
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    return ((image.pixels_BHWC - mean) / deviation).movedim(-1, 1)


def as_signed(image: Image) -> Tensor:
    """The same for SigLIP."""
    return (image.pixels_BHWC * 2 - 1).movedim(-1, 1)


def _seeing_sd3(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    """Load adapters into a pipeline, and return by what it is shown pictures."""
    (path,), (image,) = paths, images
    pipeline.load_ip_adapter(str(path.parent), path.name, image_encoder_folder=None, low_cpu_mem_usage=False)
    seen = tiny_siglip()(as_signed(image), output_hidden_states=True).hidden_states[-2].detach()
    return {"ip_adapter_image_embeds": torch.cat([torch.zeros_like(seen), seen])}


def _seeing_flux(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    pipeline.register_modules(image_encoder=tiny_image_encoder())
    names = [path.name for path in paths]
    pipeline.load_ip_adapter([str(paths[0].parent)], names, low_cpu_mem_usage=False)
    embedded = [pipeline.encode_image(as_pixels(image), "cpu", 1)[None] for image in images]
    # Which picture stands for none is left to the pipeline.
    return {"ip_adapter_image_embeds": embedded}


def _seeing_unet(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    pipeline.register_modules(image_encoder=tiny_image_encoder())
    folder, names = str(paths[0].parent), [path.name for path in paths]
    pipeline.load_ip_adapter(folder, "", names, image_encoder_folder=None, low_cpu_mem_usage=False)
    layers = pipeline.unet.encoder_hid_proj.image_projection_layers
    embedded = []
    for image, layer in zip(images, layers, strict=True):
        is_whole = type(layer).__name__ == "ImageProjection"
        given, empty = pipeline.encode_image(as_pixels(image), "cpu", 1, None if is_whole else True)
        embedded.append(torch.cat([empty[None], given[None]]))
    return {"ip_adapter_image_embeds": embedded}


def seeing(family: str, kinds: list[str], scales: list[Any], blocks: str, opened: Openings) -> Steered:
    """Show pictures through adapters, the first of which counts in some blocks only."""
    store, checkpoint = opened(family)
    # Loading changes the network.
    made = tiny_models.MAKERS[family]()
    # The pipeline of SD 3 takes one picture.
    images = [pictures(1 if family == "sd3" else 2, 1), pictures(1, 2)][: len(kinds)]
    network, place = getattr(made, checkpoint.model.component), opened.root / "ip_adapter" / family
    paths = [
        write_adapter(place, network, family, kind=kind, seed=7 + number) for number, kind in enumerate(kinds)
    ]
    adapters = [open_adapter(f"{family}/{path.name}", [opened.root], store.digests) for path in paths]
    adapters[0] = replace(adapters[0], blocks=block_strengths(blocks))
    prompts = [
        ImagePrompt(adapter, *store.read_pictures(adapter, image), strength=strength)
        for adapter, image, strength in zip(adapters, images, STRENGTHS, strict=False)
    ]

    def prompt(words: Conditioning) -> Conditioning:
        for shown in prompts:
            words = words.controlled_by(shown)
        return words

    arguments = {"sd3": _seeing_sd3, "flux": _seeing_flux}.get(family, _seeing_unet)(made, paths, images)
    made.set_ip_adapter_scale(scales[0] if family == "sd3" else scales)
    return Steered(pipeline=made, arguments=arguments, prompt=prompt)


# With a negative prompt, since no picture is for that what the pipeline takes a black one for.
_FLUX = replace(
    BASES["flux"],
    arguments={"guidance_scale": 3.5, "true_cfg_scale": 3.0, "negative_prompt": NEGATIVE},
    scale=3.0,
)
STEERINGS = (
    Steering(
        "IP-Adapter",
        BASES["sd15"],
        partial(seeing, "sd15", ["base", "plus"], [*STRENGTHS], ""),
        title="two at once, one of the kind Plus",
    ),
    Steering("IP-Adapter", BASES["sdxl"], partial(seeing, "sdxl", ["base"], [0.7], "")),
    Steering(
        "IP-Adapter",
        BASES["sdxl"],
        partial(
            seeing,
            "sdxl",
            ["plus"],
            [{"up": {"block_0": [0.0, 0.7]}}],
            "*=0, up_blocks.0.attentions.1=1",
        ),
        title="Plus, in one block",
    ),
    Steering(
        "IP-Adapter",
        _FLUX,
        partial(seeing, "flux", ["flux", "flux-newer"], [[0.7, 0.0], 0.4], "transformer_blocks.1=0"),
        title="two at once, one in some blocks",
    ),
    Steering("IP-Adapter", BASES["sd3"], partial(seeing, "sd3", ["sd3"], [0.7], "")),
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_pictures_are_read_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
