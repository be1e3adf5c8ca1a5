"""IP-Adapters are told apart by their headers and find the image encoder they were trained with."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import tiny_models
import torch
from tiny.image_prompts import write_adapter
from torch import Tensor
from weft_nodes.families.image_prompts import adapter_family, adapter_traits, list_adapters, open_adapter
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError

WriteHeader = Callable[[Mapping[str, Tensor]], Path]


def published(width: int, **projection: tuple[int, ...]) -> dict[str, Tensor]:
    """Some tensors of a published adapter, without storage."""
    shapes = {f"image_proj.{name}": shape for name, shape in projection.items()}
    shapes["ip_adapter.1.to_k_ip.weight"] = (320, width)
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


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

    assert adapter_family(path) == family
    assert adapter_traits(path) == {"family": family}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (published(768, **{"proj.0.weight": (1024, 512), "proj.2.weight": (3072, 1024)}), "faces"),
        (published(999, **{"proj.weight": (3996, 1024)}), "width 999"),
        ({"lora_up.weight": torch.empty(4, 4)}, "no ip_adapter.1"),
    ],
)
def test_others_are_refused_with_the_reason(
    tensors: Mapping[str, Tensor], reason: str, write_header: WriteHeader
) -> None:
    path = write_header(tensors)

    with pytest.raises(CheckpointUnknownError) as caught:
        adapter_family(path)
    assert reason in str(caught.value.hint)
    assert adapter_traits(path) == {}


def test_the_nearest_image_encoder_of_the_right_width_is_taken(tmp_path: Path) -> None:
    unet, memory = tiny_models.tiny_unet(), DigestMemory(tmp_path / "digests")
    for part in ("models", "sdxl_models"):
        write_adapter(tmp_path / "ip_adapter" / part, unet, "starter")
    name = "sdxl_models/ip-adapter-base.safetensors"
    nearest = open_adapter(name, [tmp_path], memory)
    config = tmp_path / "ip_adapter" / "sdxl_models" / "image_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"projection_dim": 1}))

    other = open_adapter(name, [tmp_path], memory)

    assert Path(nearest.encoder.path) == config.parent
    assert Path(other.encoder.path) == tmp_path / "ip_adapter" / "models" / "image_encoder"


def test_an_adapter_without_its_image_encoder_says_which_it_wants(tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "elsewhere", tiny_models.tiny_unet(), "starter")
    (tmp_path / "models" / "ip_adapter").mkdir(parents=True)
    path.rename(tmp_path / "models" / "ip_adapter" / "x.safetensors")
    memory = DigestMemory(tmp_path / "digests")

    with pytest.raises(ModelFileMissingError) as caught:
        open_adapter("x.safetensors", [tmp_path / "models"], memory)
    assert "projection_dim is 12" in str(caught.value.hint)

    (tmp_path / "models" / "clip_vision").mkdir()
    (tmp_path / "elsewhere" / "image_encoder").rename(tmp_path / "models" / "clip_vision" / "H")
    assert open_adapter("x.safetensors", [tmp_path / "models"], memory).family == "starter"


def test_image_encoders_are_not_listed_and_names_are_no_paths(tmp_path: Path) -> None:
    write_adapter(tmp_path / "ip_adapter" / "models", tiny_models.tiny_unet(), "starter")

    assert list(list_adapters([tmp_path])) == ["models/ip-adapter-base.safetensors"]
    with pytest.raises(ModelFileMissingError):
        open_adapter("../ip_adapter/models/ip-adapter-base.safetensors", [tmp_path], DigestMemory(tmp_path))
