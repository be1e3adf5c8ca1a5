"""Headers of single files show how large their network is, in both of its layouts."""

from typing import Any

import diffusers
import pytest
import torch
from original_layouts import original_flux, original_sd3
from weft_nodes.families import FAMILIES
from weft_nodes.families.layouts import CONFIGS, fit_flux, fit_sd3
from weft_nodes.models.loading import build_without_storage, read_json

FLUX: dict[str, dict[str, Any]] = {
    "dev": {"num_layers": 3, "num_single_layers": 2, "guidance_embeds": True},
    "schnell": {"num_layers": 2, "num_single_layers": 4, "guidance_embeds": False},
    "fill": {
        "num_layers": 1,
        "num_single_layers": 1,
        "guidance_embeds": True,
        "in_channels": 384,
        "out_channels": 64,
    },
}
# Smaller tables of places than the published ones, which diffusers would compute.
SD3: dict[str, dict[str, Any]] = {
    "medium": {"num_layers": 2, "num_attention_heads": 24, "pos_embed_max_size": 8},
    "3.5 medium": {"num_layers": 3, "num_attention_heads": 24, "pos_embed_max_size": 12}
    | {"qk_norm": "rms_norm", "dual_attention_layers": [0, 1]},
    "3.5 large": {
        "num_layers": 2,
        "num_attention_heads": 38,
        "pos_embed_max_size": 8,
        "qk_norm": "rms_norm",
    },
}


@pytest.mark.parametrize("name", FLUX)
def test_a_flux_is_as_large_as_its_header_shows(name: str) -> None:
    config = read_json(CONFIGS / "flux" / "transformer" / "config.json") | FLUX[name]
    built = build_without_storage(lambda: diffusers.FluxTransformer2DModel.from_config(config)).state_dict()
    shapes = {key: tuple(tensor.shape) for key, tensor in built.items()}
    original = {key: tuple(tensor.shape) for key, tensor in original_flux(built).items()}

    for found in (fit_flux(shapes), fit_flux(original)):
        assert found.items() >= FLUX[name].items()


@pytest.mark.parametrize("name", SD3)
def test_a_stable_diffusion_3_is_as_large_as_its_header_shows(name: str) -> None:
    heads = SD3[name]["num_attention_heads"]
    wanted = SD3[name] | {"caption_projection_dim": 64 * heads}
    config = read_json(CONFIGS / "sd3" / "transformer" / "config.json") | wanted
    built = build_without_storage(lambda: diffusers.SD3Transformer2DModel.from_config(config)).state_dict()
    shapes = {key: tuple(tensor.shape) for key, tensor in built.items()}
    original = {key: tuple(tensor.shape) for key, tensor in original_sd3(built).items()}

    for found in (fit_sd3(shapes), fit_sd3(original)):
        assert found.items() >= wanted.items()


@pytest.mark.parametrize("fit", [fit_flux, fit_sd3])
def test_a_header_of_something_else_says_nothing(fit: Any) -> None:
    found = fit({"other.weight": (1, 2), "transformer_blocks.x": (1,)})

    assert set(found) <= {"guidance_embeds"}


@pytest.mark.parametrize("family", ["flux", "sd3"])
def test_every_part_of_a_family_has_a_configuration_from_which_it_is_built(family: str) -> None:
    adapter = FAMILIES[family]
    assert adapter.configs is not None
    for part in (adapter.vae_part, *(text.encoder for text in adapter.text_parts)):
        config = read_json(adapter.configs / part.name / "config.json")
        module = build_without_storage(lambda part=part, config=config: part.build(config))  # type: ignore[misc]
        assert sum(parameter.numel() for parameter in module.parameters()) > 50_000_000


def test_flux_schnell_differs_in_its_noise_schedule_alone() -> None:
    files = sorted(path.relative_to(CONFIGS / "flux") for path in (CONFIGS / "flux").rglob("*.json"))
    different = [
        str(file)
        for file in files
        if read_json(CONFIGS / "flux" / file) != read_json(CONFIGS / "flux-schnell" / file)
    ]

    assert different == ["scheduler/scheduler_config.json", "transformer/config.json"]


def test_every_row_of_a_flux_of_the_published_width_finds_its_place() -> None:
    # diffusers' converter knows no other width. Rows are moved whole, so the number of each stands for it.
    part = FAMILIES["flux"].network_part
    config = read_json(CONFIGS / "flux" / "transformer" / "config.json") | {
        "num_layers": 1,
        "num_single_layers": 1,
    }
    module = build_without_storage(lambda: part.build(config))
    rows = {
        name: torch.arange(number, number + tensor.shape[0]).reshape(-1, *(1,) * (tensor.ndim - 1))
        for number, (name, tensor) in enumerate(module.state_dict().items())
    }

    found = part.convert(module, {part.prefixes[0] + name: row for name, row in original_flux(rows).items()})

    assert found.keys() == rows.keys()
    assert [name for name in rows if not torch.equal(found[name], rows[name])] == []
