"""What reads pictures finds the nearest image encoder like its own, or says which it wants."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny.image_prompts import tiny_image_encoder
from tiny.styles import tiny_siglip
from weft_nodes.families.image_encoders import (
    ENCODERS,
    Needed,
    ReaderFacts,
    nearest_encoder,
    opened_weights,
    reader_traits,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError

CLIP = Needed("clip", "projection_dim", 12)


def reader(folder: Path) -> Path:
    """A file that reads pictures, in a folder of its kind."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "reader.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    return path


def test_the_nearest_one_of_the_right_width_is_taken(tmp_path: Path) -> None:
    roots = [tmp_path / "ip_adapter", tmp_path / ENCODERS]
    path = reader(tmp_path / "ip_adapter" / "xl")
    for folder in ("ip_adapter/models", "ip_adapter/xl", ENCODERS):
        tiny_image_encoder().save_pretrained(tmp_path / folder / "image_encoder")
    config = tmp_path / "ip_adapter" / "xl" / "image_encoder" / "config.json"

    nearest = nearest_encoder(path, roots, CLIP)
    config.write_text(json.dumps(json.loads(config.read_text()) | {"projection_dim": 1}))
    other = nearest_encoder(path, roots, CLIP)

    assert nearest == config.parent
    assert other == tmp_path / "ip_adapter" / "models" / "image_encoder"


def test_encoders_of_another_kind_are_passed_over_whatever_their_width(tmp_path: Path) -> None:
    path = reader(tmp_path / "ip_adapter")
    tiny_image_encoder().save_pretrained(path.parent / "image_encoder")
    tiny_siglip().save_pretrained(tmp_path / ENCODERS / "siglip")
    roots = [path.parent, tmp_path / ENCODERS]

    found = [nearest_encoder(path, roots, Needed(kind, "hidden_size", 20)) for kind in ("clip", "siglip")]

    assert found == [path.parent / "image_encoder", tmp_path / ENCODERS / "siglip"]


def test_an_encoder_may_be_a_file(tmp_path: Path) -> None:
    path = reader(tmp_path / "ip_adapter")
    (tmp_path / ENCODERS).mkdir()
    shapes = {"patch_embedding.weight": (768, 3, 8, 8), "position_embedding.weight": (4, 768)}
    tensors = {f"vision_model.embeddings.{name}": torch.zeros(shape) for name, shape in shapes.items()}
    tensors["vision_model.encoder.layers.0.mlp.fc1.weight"] = torch.zeros(8, 768)
    file = tmp_path / ENCODERS / "sigclip.safetensors"
    save_file(tensors, file)
    memory = DigestMemory(tmp_path / "digests")

    own, encoder = opened_weights(
        path, Needed("siglip", "hidden_size", 768), folder="ip_adapter", folders=[tmp_path], memory=memory
    )

    assert (Path(own.path), Path(encoder.path)) == (path, file)
    assert (own.source, encoder.source) == (memory.file(path), memory.file(file))


def test_without_one_the_error_says_which_is_wanted_and_what_was_found(tmp_path: Path) -> None:
    path = reader(tmp_path / "ip_adapter")
    tiny_siglip().save_pretrained(tmp_path / ENCODERS / "siglip")

    with pytest.raises(ModelFileMissingError) as caught:
        nearest_encoder(path, [path.parent, tmp_path / ENCODERS], CLIP)

    assert "CLIP whose projection_dim is 12" in str(caught.value.hint)
    assert "siglip" in str(caught.value.hint)


def test_what_cannot_be_read_has_no_traits(tmp_path: Path) -> None:
    def read(path: Path) -> ReaderFacts:
        if path.name == "damaged":
            raise CheckpointCorruptError(path=path, problem="it ends early")
        return ReaderFacts("flux", CLIP)

    assert reader_traits(read, tmp_path / "whole") == {"family": "flux"}
    assert reader_traits(read, tmp_path / "damaged") == {}
