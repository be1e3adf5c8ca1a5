"""GGUF files: read by their package, computed as it unpacks them, refused by name where they cannot be."""

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from transformers import T5Config, T5EncoderModel
from weft_nodes.models import gguf_files
from weft_nodes.models.errors import CheckpointCorruptError, PackageMissingError
from weft_nodes.models.gguf_files import GgufLinear, iterate_blocks, read_shapes, shape_of, unpacked
from weft_nodes.models.weights import iterate_tensors, read_header


def numbers(rows: int = 3, columns: int = 256) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal((rows, columns), dtype=np.float32)


def written(path: Path, kinds: dict[str, Kind]) -> Path:
    """Write the same numbers in several kinds of blocks."""
    writer = gguf.GGUFWriter(path, "test")
    for name, kind in kinds.items():
        if kind in (Kind.F32, Kind.F16):
            data = numbers().astype(np.float32 if kind == Kind.F32 else np.float16)
            writer.add_tensor(name, data)
        else:
            writer.add_tensor(name, gguf.quants.quantize(numbers(), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with full and with packed tensors."""
    kinds = {"full.weight": Kind.F32, "half.weight": Kind.F16, "brain.weight": Kind.BF16}
    return written(tmp_path / "net.gguf", kinds | {"q8.weight": Kind.Q8_0, "q4.weight": Kind.Q4_0})


def test_shapes_are_those_of_what_is_held(file: Path) -> None:
    assert dict(read_shapes(file)) == {
        "full.weight": ("F32", (3, 256)),
        "half.weight": ("F16", (3, 256)),
        "brain.weight": ("BF16", (3, 256)),
        "q8.weight": ("Q8_0", (3, 256)),
        "q4.weight": ("Q4_0", (3, 256)),
    }


def test_headers_and_tensors_are_read_as_those_of_other_files(file: Path) -> None:
    assert {info.shape for info in read_header(file).tensors.values()} == {(3, 256)}
    assert {shape_of(tensor) for _, tensor in iterate_tensors(file)} == {(3, 256)}
    assert [name for name, _ in iterate_tensors(file, prefixes=("q8",))] == ["q8.weight"]


@pytest.mark.parametrize(
    ("name", "error"), [("full", 0), ("half", 1e-3), ("brain", 2e-2), ("q8", 2e-2), ("q4", 0.4)]
)
def test_tensors_hold_what_was_written(file: Path, name: str, error: float) -> None:
    tensor = dict(iterate_blocks(file, []))[f"{name}.weight"]
    read = unpacked(tensor, torch.float32) if gguf_files.is_packed(tensor) else tensor.float()

    torch.testing.assert_close(read, torch.from_numpy(numbers()), rtol=0, atol=error)


@pytest.mark.parametrize("name", ["q8.weight", "q4.weight"])
def test_a_layer_computes_with_its_unpacked_weight(file: Path, name: str) -> None:
    blocks = dict(iterate_blocks(file, []))[name]
    layer = GgufLinear(blocks, bias=torch.ones(3), dtype=torch.float32)
    x = torch.randn(2, 256, generator=torch.Generator().manual_seed(1))

    assert torch.equal(
        layer(x), torch.nn.functional.linear(x, unpacked(blocks, torch.float32), torch.ones(3))
    )
    assert layer.blocks.dtype == torch.uint8
    assert type(layer.blocks) is torch.Tensor


def test_rows_of_blocks_can_be_parted_and_joined(file: Path) -> None:
    blocks = dict(iterate_blocks(file, []))["q8.weight"]
    turned = torch.cat(list(reversed(blocks.chunk(3))))

    assert torch.equal(unpacked(turned, torch.float32), unpacked(blocks, torch.float32).flip(0))


def test_the_format_is_known_by_its_first_bytes(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(b"GGML")

    assert gguf_files.is_gguf(file)
    assert not gguf_files.is_gguf(tmp_path / "other.gguf")


def test_a_damaged_file_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])

    with pytest.raises(CheckpointCorruptError, match=r"net\.gguf"):
        read_shapes(file)


def test_blocks_that_cannot_be_unpacked_are_named(tmp_path: Path) -> None:
    file = written(tmp_path / "odd.gguf", {"odd.weight": Kind.TQ1_0})

    with pytest.raises(CheckpointCorruptError, match="packed as TQ1_0") as caught:
        list(iterate_blocks(file, []))

    assert "Q8_0" in caught.value.hint


def test_the_t5_of_llama_cpp_has_the_names_of_transformers(tmp_path: Path) -> None:
    names = ["token_embd", "enc.output_norm", "enc.blk.0.attn_rel_b"]
    for block in (0, 1):
        names += [f"enc.blk.{block}.attn_{what}" for what in ("q", "k", "v", "o", "norm")]
        names += [f"enc.blk.{block}.ffn_{what}" for what in ("gate", "up", "down", "norm")]
    file = written(tmp_path / "t5.gguf", {f"{name}.weight": Kind.F32 for name in names})
    config = T5Config(
        d_model=8, d_ff=8, d_kv=2, num_heads=4, num_layers=2, vocab_size=9, feed_forward_proj="gated-gelu"
    )
    encoder = T5EncoderModel(config)

    assert read_shapes(file).keys() == encoder.state_dict().keys() - {"encoder.embed_tokens.weight"}


def test_without_its_package_a_file_is_refused_by_the_name_of_the_package(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_files, "find_spec", lambda _: None)

    with pytest.raises(PackageMissingError, match="gguf") as caught:
        read_header(file)

    assert caught.value.code == "package-missing"
    assert "weft[gguf]" in caught.value.hint
