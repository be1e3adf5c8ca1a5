"""Image encoders are the same in folders and in files, which show what they are like by their tensors."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipVisionConfig,
    SiglipVisionModel,
)
from weft.sdk import Image
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.image_encoders import (
    EncoderKind,
    as_clip_sees,
    as_siglip_sees,
    encoder_config,
    encoder_digest,
    encoder_files,
    encoder_part,
    side_seen,
)
from weft_nodes.models.loading import load_module

# The only width of both kinds among the published ones, since files show no number of heads.
WIDTH = 768
SIDE = 16


def options(**others: Any) -> dict[str, Any]:
    """What the tiny encoders of both kinds are like."""
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 12,
        "image_size": SIDE,
        "patch_size": 8,
        **others,
    }


@pytest.fixture(scope="module", params=["clip", "siglip"])
def encoder(request: pytest.FixtureRequest) -> tuple[EncoderKind, Any]:
    """An image encoder of each kind."""
    torch.manual_seed(4)
    if request.param == "clip":
        return "clip", CLIPVisionModelWithProjection(CLIPVisionConfig(**options(projection_dim=6))).eval()
    return "siglip", SiglipVisionModel(SiglipVisionConfig(**options())).eval()


def loaded(path: Path, kind: EncoderKind) -> nn.Module:
    """The image encoder of a folder or file."""
    return load_module(
        encoder_files(path),
        encoder_part(kind, path.name),
        path=path,
        dtype=torch.float32,
        device=torch.device("cpu"),
    )


def seen(encoder: Any) -> Tensor:
    """What an image encoder says of a picture."""
    pixels = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        output = encoder(pixels)
    said: Tensor = output.image_embeds if "image_embeds" in output else output.last_hidden_state
    return said


@pytest.mark.parametrize("prefix", ["vision_model.", ""])
def test_a_file_is_read_as_its_folder(tmp_path: Path, encoder: tuple[EncoderKind, Any], prefix: str) -> None:
    kind, module = encoder
    module.save_pretrained(tmp_path / "folder")
    tensors = {
        name if name.startswith("visual_") else f"{prefix}{name.removeprefix('vision_model.')}": tensor
        for name, tensor in module.state_dict().items()
    }
    # Files of whole models hold what reads too.
    save_file({**tensors, "text_model.x": torch.zeros(1)}, tmp_path / "encoder.safetensors")

    expected = seen(module)

    for path in (tmp_path / "folder", tmp_path / "encoder.safetensors"):
        found = loaded(path, kind)
        assert seen(found).equal(expected)
        assert side_seen(found) == SIDE
        shown = encoder_config(path)
        assert {name: shown[name] for name in ("kind", "hidden_size", "image_size")} == {
            "kind": kind,
            "hidden_size": WIDTH,
            "image_size": SIDE,
        }


def test_a_folder_may_be_of_a_model_that_reads_too(tmp_path: Path, encoder: tuple[EncoderKind, Any]) -> None:
    kind, module = encoder
    module.save_pretrained(tmp_path)
    own = json.loads((tmp_path / "config.json").read_text())
    whole = {"model_type": kind, "projection_dim": 6, "text_config": {}, "vision_config": own}
    (tmp_path / "config.json").write_text(json.dumps(whole))

    assert seen(loaded(tmp_path, kind)).equal(seen(module))
    assert encoder_config(tmp_path)["kind"] == kind


def published(
    width: int, layers: int, patch: int, positions: int, **others: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published file, of which the layers are told by one tensor each."""
    names = {
        "embeddings.patch_embedding.weight": (width, 3, patch, patch),
        "embeddings.position_embedding.weight": (positions, width),
        **{f"encoder.layers.{layer}.mlp.fc1.weight": (4 * width, width) for layer in range(layers)},
    }
    return {f"vision_model.{name}": shape for name, shape in names.items()} | others


CLASS = "vision_model.embeddings.class_embedding"
FILES: dict[str, tuple[Mapping[str, tuple[int, ...]], Mapping[str, object]]] = {
    "sigclip_vision_patch14_384": (
        {
            **published(1152, 27, 14, 729),
            "vision_model.encoder.layers.0.mlp.fc1.weight": (4304, 1152),
            "vision_model.head.mlp.fc1.weight": (4304, 1152),
        },
        {
            "kind": "siglip",
            "intermediate_size": 4304,
            "num_hidden_layers": 27,
            "num_attention_heads": 16,
            "image_size": 384,
        },
    ),
    "clip-vit-large-patch14": (
        {**published(1024, 24, 14, 257), CLASS: (1024,), "visual_projection.weight": (768, 1024)},
        {
            "kind": "clip",
            "num_hidden_layers": 24,
            "projection_dim": 768,
            "hidden_act": "quick_gelu",
            "image_size": 224,
        },
    ),
    "CLIP-ViT-H-14": (
        {**published(1280, 32, 14, 257), CLASS: (1280,), "visual_projection.weight": (1024, 1280)},
        {
            "kind": "clip",
            "num_hidden_layers": 32,
            "projection_dim": 1024,
            "hidden_act": "gelu",
            "num_attention_heads": 16,
        },
    ),
    "CLIP-ViT-bigG-14": (
        {**published(1664, 48, 14, 257), CLASS: (1664,), "visual_projection.weight": (1280, 1664)},
        {
            "kind": "clip",
            "num_hidden_layers": 48,
            "projection_dim": 1280,
            "hidden_act": "gelu",
            "num_attention_heads": 16,
        },
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_published_files_are_recognised(tmp_path: Path, name: str) -> None:
    shapes, expected = FILES[name]
    path = tmp_path / f"{name}.safetensors"
    write_header(path, shapes)

    found = encoder_config(path)

    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    "shapes", [{"lora_up.weight": (4, 4)}, published(999, 2, 14, 257), published(1024, 0, 14, 257)]
)
def test_other_files_are_no_image_encoders(tmp_path: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    write_header(tmp_path / "x.safetensors", shapes)

    with pytest.raises(CheckpointUnknownError, match="belongs to no model"):
        encoder_config(tmp_path / "x.safetensors")


@pytest.mark.parametrize("encoder", ["clip"], indirect=True)
def test_the_digest_is_of_the_content_alone(tmp_path: Path, encoder: tuple[EncoderKind, Any]) -> None:
    _, module = encoder
    memory = DigestMemory(tmp_path / "digests")
    module.save_pretrained(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    file = tmp_path / "alone.safetensors"
    shutil.copy(tmp_path / "one" / "model.safetensors", file)

    one, two, alone = (encoder_digest(path, memory) for path in (tmp_path / "one", tmp_path / "two", file))

    assert one == two != alone
    assert alone == memory.file(file)


def test_pictures_are_seen_without_what_is_transparent() -> None:
    clear = Image(torch.cat([torch.rand(1, 10, 30, 3), torch.zeros(1, 10, 30, 1)], dim=-1))
    black = Image(torch.zeros(1, SIDE, SIDE, 3))

    assert as_siglip_sees(clear, SIDE).eq(-1).all()
    torch.testing.assert_close(as_clip_sees(clear, SIDE), as_clip_sees(black, SIDE))


def write_header(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Write a safetensors file whose header is true and whose tensors are a hole in the disk."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * torch.Size(shape).numel()
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
