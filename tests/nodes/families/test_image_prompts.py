"""IP-Adapters are told apart by their headers and find the image encoder they were trained with."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import tiny_models
import torch
from tiny.image_prompts import write_adapter
from torch import Tensor
from weft_nodes.families.image_prompts import adapter_facts, adapter_traits, list_adapters, open_adapter
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError

WriteHeader = Callable[[Mapping[str, Tensor]], Path]


def published(width: int, **projection: tuple[int, ...]) -> dict[str, Tensor]:
    """Some tensors of a published adapter, without storage."""
    shapes = {f"image_proj.{name}": shape for name, shape in projection.items()}
    shapes["ip_adapter.1.to_k_ip.weight"] = (320, width)
    return meta(shapes)


def meta(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Tensors without storage."""
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def for_flux(width: int = 4096, *, tokens: int = 4) -> dict[str, Tensor]:
    """Some tensors of the first adapters for FLUX.1, of which the second makes four times as many tokens."""
    layer = "double_blocks.0.processor.ip_adapter_double_stream_{}"
    return meta(
        {
            "ip_adapter_proj_model.norm.weight": (width,),
            "ip_adapter_proj_model.proj.weight": (tokens * width, 768),
            layer.format("k_proj.weight"): (3072, width),
            layer.format("k_proj.bias"): (3072,),
        }
    )


def for_sd3(width: int = 2432) -> dict[str, Tensor]:
    """Some tensors of the adapter for Stable Diffusion 3.5."""
    return meta(
        {
            "image_proj.latents": (1, 64, 1280),
            "image_proj.proj_in.weight": (1280, 1152),
            "image_proj.proj_out.weight": (width, 1280),
            "image_proj.layers.0.2.1.weight": (5120, 1280),
            "ip_adapter.0.norm_ip.linear.weight": (2 * width, 1280),
            "ip_adapter.0.to_k_ip.weight": (width, width),
        }
    )


@pytest.mark.parametrize(
    ("family", "encoder", "tensors"),
    [
        ("flux", ("clip", "projection_dim", 768), for_flux()),
        ("flux", ("clip", "projection_dim", 768), for_flux(tokens=16)),
        ("sd3", ("siglip", "hidden_size", 1152), for_sd3()),
        ("sd3", ("siglip", "hidden_size", 1152), for_sd3(1536)),
    ],
)
def test_published_adapters_for_transformers_are_recognised(
    family: str, encoder: tuple[str, str, int], tensors: Mapping[str, Tensor], write_header: WriteHeader
) -> None:
    assert adapter_facts(write_header(tensors)) == (family, encoder)


@pytest.mark.parametrize(
    ("family", "tensors"),
    [
        ("sd15", published(768, **{"proj.weight": (3072, 1024)})),
        ("sd15", published(768, latents=(1, 16, 768), **{"proj_in.weight": (768, 1280)})),
        ("sd15", published(768, **{"proj.0.weight": (1280, 1280), "proj.3.weight": (768,)})),
        ("sdxl", published(2048, **{"proj.weight": (8192, 1280)})),
        ("sdxl", published(2048, latents=(1, 16, 1280), **{"proj_in.weight": (1280, 1280)})),
    ],
)
def test_published_adapters_are_recognised(
    family: str, tensors: Mapping[str, Tensor], write_header: WriteHeader
) -> None:
    path = write_header(tensors)

    assert adapter_facts(path).family == family
    assert adapter_traits(path) == {"family": family}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (published(768, **{"proj.0.weight": (1024, 512), "proj.2.weight": (3072, 1024)}), "faces"),
        (published(999, **{"proj.weight": (3996, 1024)}), "width 999"),
        (for_flux(999), "width 999"),
        (for_sd3(999), "width 999"),
        # SigLIP read by double blocks: an adapter of other makers, whose layers in single blocks none loads.
        (
            meta({"ip_adapter.0.to_k_ip.weight": (3072, 4096), "ip_adapter.0.to_k_ip.bias": (3072,)}),
            "newer kind",
        ),
        ({"lora_up.weight": torch.empty(4, 4)}, "no ip_adapter.1"),
    ],
)
def test_others_are_refused_with_the_reason(
    tensors: Mapping[str, Tensor], reason: str, write_header: WriteHeader
) -> None:
    path = write_header(tensors)

    with pytest.raises(CheckpointUnknownError) as caught:
        adapter_facts(path)
    assert reason in str(caught.value.hint)
    assert adapter_traits(path) == {}


@pytest.mark.parametrize(("kind", "encoder"), [("base", "clip"), ("flux", "clip"), ("sd3", "siglip")])
def test_a_handle_knows_its_kind_and_its_image_encoder(tmp_path: Path, kind: str, encoder: str) -> None:
    network = tiny_models.tiny_unet() if kind == "base" else tiny_models.MAKERS[kind]().transformer
    path = write_adapter(tmp_path / "ip_adapter", network, "starter", kind=kind)

    found = open_adapter(path.name, [tmp_path], DigestMemory(tmp_path / "digests"))

    assert (found.family, found.encoder_kind, found.made_for) == (
        "starter",
        encoder,
        "unet" if kind == "base" else kind,
    )
    assert Path(found.encoder.path) == path.parent / "image_encoder"


def test_image_encoders_are_not_listed_and_names_are_no_paths(tmp_path: Path) -> None:
    write_adapter(tmp_path / "ip_adapter" / "models", tiny_models.tiny_unet(), "starter")

    assert list(list_adapters([tmp_path])) == ["models/ip-adapter-base.safetensors"]
    with pytest.raises(ModelFileMissingError):
        open_adapter("../ip_adapter/models/ip-adapter-base.safetensors", [tmp_path], DigestMemory(tmp_path))
