"""Names of tensors, old and new, are brought to those of the modules."""

from pathlib import Path

import pytest
import tiny_models
import torch
from torch import Tensor
from weft_nodes.models.architectures import autoencoder_part, clip_part, open_clip_part, unet_part
from weft_nodes.models.loading import build_without_storage, read_json

CONFIGS = Path(__file__).parents[3] / "nodes" / "weft_nodes" / "families" / "configs"


def _without_level(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize("projection", [False, True])
def test_text_encoders_of_any_transformers_version_are_understood(projection: bool) -> None:
    part = clip_part("text_encoder", prefix="", projection=projection)
    module = tiny_models.tiny_text_encoder(projection=projection)
    tensors = {
        name if name.startswith("text_") else f"text_model.{name}": tensor
        for name, tensor in module.state_dict().items()
    }

    renamed = part.rename(module, tensors)

    assert renamed.keys() == module.state_dict().keys()


def test_autoencoders_of_old_folders_are_understood() -> None:
    vae = tiny_models.tiny_vae()
    modern = vae.state_dict()
    old = {}
    for name, tensor in modern.items():
        spelled = name
        for new, former in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            spelled = spelled.replace(f".{new}.", f".{former}.")
        is_linear = spelled != name and tensor.ndim == 2
        old[spelled] = tensor[:, :, None, None] if is_linear else tensor

    renamed = autoencoder_part().rename(vae, old)

    assert renamed.keys() == modern.keys()
    assert all(torch.equal(renamed[name], modern[name]) for name in modern)


def test_a_modern_autoencoder_is_left_as_it_is() -> None:
    vae = tiny_models.tiny_vae()

    renamed = autoencoder_part().rename(vae, vae.state_dict())

    assert all(
        renamed[name] is tensor or torch.equal(renamed[name], tensor)
        for name, tensor in vae.state_dict().items()
    )


@pytest.mark.parametrize("projection", [False, True])
def test_open_clips_fused_attention_is_taken_apart(projection: bool) -> None:
    encoder = tiny_models.tiny_text_encoder(projection=projection)
    prefix = "conditioner.embedders.1.model."
    original = tiny_models.original_open_clip(encoder)
    part = open_clip_part("text_encoder_2", prefix=prefix, projection=projection)

    converted = part.convert(encoder, {prefix + name: tensor for name, tensor in original.items()})

    wanted = encoder.state_dict()
    assert all(torch.equal(converted[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("name", ["input_blocks.0.0.weight", "conv_in.weight"])
def test_the_header_of_a_unet_says_how_many_channels_it_reads(name: str) -> None:
    fit = unet_part().fit

    assert fit is not None
    assert fit({name: (320, 9, 3, 3), "other.weight": (1,)}) == {"in_channels": 9}
    assert fit({"other.weight": (1,)}) == {}


# Known sizes of the published models, in parameters.
@pytest.mark.parametrize(
    ("family", "count"),
    [("sd15", 859_520_964), ("sd2", 865_910_724), ("sdxl", 2_567_463_684)],
)
def test_bundled_configurations_build_networks_of_the_published_size(family: str, count: int) -> None:
    config = read_json(CONFIGS / family / "unet" / "config.json")

    module = build_without_storage(lambda: unet_part().build(config))

    assert sum(parameter.numel() for parameter in module.parameters()) == count


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl", "sdxl-refiner"])
def test_bundled_configurations_build_autoencoders_of_the_published_size(family: str) -> None:
    config = read_json(CONFIGS / family / "vae" / "config.json")

    module = build_without_storage(lambda: autoencoder_part().build(config))

    assert sum(parameter.numel() for parameter in module.parameters()) == 83_653_863


@pytest.mark.parametrize(
    ("family", "name", "projection", "count"),
    [
        ("sd15", "text_encoder", False, 123_060_480),
        ("sd2", "text_encoder", False, 340_387_840),
        ("sdxl", "text_encoder", False, 123_060_480),
        ("sdxl", "text_encoder_2", True, 694_659_840),
        ("sdxl-refiner", "text_encoder_2", True, 694_659_840),
    ],
)
def test_bundled_configurations_build_text_encoders_of_the_published_size(
    family: str, name: str, projection: bool, count: int
) -> None:
    config = read_json(CONFIGS / family / name / "config.json")

    module = build_without_storage(lambda: clip_part(name, prefix="", projection=projection).build(config))

    assert sum(parameter.numel() for parameter in module.parameters()) == count
