"""Safetensors headers are read without tensors, and every kind of damage or disguise is named."""

import json
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError, ModelFileRefusedError
from weft_nodes.models.weights import (
    component_files,
    count_bytes,
    iterate_tensors,
    read_header,
    single_files,
)


def _file(path: Path) -> Path:
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3), "b.bias": torch.zeros(4, dtype=torch.float16)}
    save_file(tensors, path, metadata={"made_by": "a test"})
    return path


def _raw(path: Path, header: object, body: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def test_a_header_tells_names_shapes_dtypes_and_metadata(tmp_path: Path) -> None:
    header = read_header(_file(tmp_path / "x.safetensors"))

    assert {name: (info.dtype, info.shape) for name, info in header.tensors.items()} == {
        "a.weight": ("F32", (2, 3)),
        "b.bias": ("F16", (4,)),
    }
    assert header.metadata == {"made_by": "a test"}


def test_tensors_are_read_by_prefix(tmp_path: Path) -> None:
    found = dict(iterate_tensors(_file(tmp_path / "x.safetensors"), prefixes=("a.",)))

    assert list(found) == ["a.weight"]
    assert torch.equal(found["a.weight"], torch.arange(6.0).reshape(2, 3))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match=r"nowhere\.safetensors"):
        read_header(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin", ".pkl", ".CKPT"])
def test_a_pickle_is_refused_by_its_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps({}))

    with pytest.raises(ModelFileRefusedError) as caught:
        read_header(path)

    assert caught.value.code == "pickle-refused"
    assert "runs whatever code" in caught.value.message
    assert "safetensors" in caught.value.hint


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_renamed_pickle_is_refused_by_its_content(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps({"state_dict": list(range(100))}, protocol=protocol))

    with pytest.raises(ModelFileRefusedError, match="renamed"):
        read_header(path)


def test_a_renamed_torch_file_is_refused_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"a": torch.zeros(3)}, path)

    with pytest.raises(ModelFileRefusedError, match="renamed"):
        read_header(path)


def test_a_header_whose_length_begins_like_a_pickle_is_still_a_header(tmp_path: Path) -> None:
    # 0x0280 bytes of header: the first two bytes of the file are those of a pickle of protocol 2.
    empty = {"__metadata__": {"padding": ""}}
    padding = 0x0280 - len(json.dumps(empty))
    path = _raw(tmp_path / "x.safetensors", {"__metadata__": {"padding": "x" * padding}})

    assert path.read_bytes()[:2] == b"\x80\x02"
    assert read_header(path).tensors == {}


@pytest.mark.parametrize("kept", [0, 5, 8, 60])
def test_a_file_cut_inside_its_header_is_corrupt(tmp_path: Path, kept: int) -> None:
    path = _file(tmp_path / "x.safetensors")
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(CheckpointCorruptError, match=r"x\.safetensors") as caught:
        read_header(path)

    assert caught.value.code == "checkpoint-corrupt"


def test_a_file_cut_inside_its_weights_says_how_much_is_there(tmp_path: Path) -> None:
    path = _file(tmp_path / "x.safetensors")
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(CheckpointCorruptError, match="22 of 32 bytes"):
        read_header(path)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 99\n", "Git LFS"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>" + b" " * 40, "web page"),
        (b"GGUF\xff\x00\x00\x00" + b"\0" * 80, "header is damaged"),
        (b"\xff" * 100, "does not begin like"),
    ],
)
def test_what_is_no_weight_file_is_called_by_its_name(tmp_path: Path, start: bytes, words: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(start)

    with pytest.raises(CheckpointCorruptError, match=words):
        read_header(path)


def test_a_header_that_is_not_json_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes((12).to_bytes(8, "little") + b'{"a": nonsense}')

    with pytest.raises(CheckpointCorruptError, match="damaged"):
        read_header(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1]},
        {"dtype": "F32", "shape": ["x", "y"], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]},
        "F32",
    ],
)
def test_a_tensor_that_is_described_wrongly_is_named(tmp_path: Path, entry: object) -> None:
    path = _raw(tmp_path / "x.safetensors", {"odd.weight": entry}, b"\0" * 8)

    with pytest.raises(CheckpointCorruptError, match=r"odd\.weight"):
        read_header(path)


def test_damage_that_only_the_library_sees_is_corrupt_too(tmp_path: Path) -> None:
    # Two tensors that overlap: our own checks look at each one alone.
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    path = _raw(tmp_path / "x.safetensors", {"a": entry, "b": entry}, b"\0" * 8)

    with pytest.raises(CheckpointCorruptError, match=r"x\.safetensors"):
        list(iterate_tensors(path))


def test_the_full_precision_file_wins_over_a_variant(tmp_path: Path) -> None:
    _file(tmp_path / "diffusion_pytorch_model.fp16.safetensors")
    full = _file(tmp_path / "diffusion_pytorch_model.safetensors")

    assert component_files(tmp_path) == (full,)


def test_a_variant_is_taken_where_it_is_all_there_is(tmp_path: Path) -> None:
    variant = _file(tmp_path / "model.fp16.safetensors")

    assert component_files(tmp_path) == (variant,)


def test_shards_are_listed_by_their_index(tmp_path: Path) -> None:
    shards = tuple(_file(tmp_path / f"model-0000{n}-of-00002.safetensors") for n in (1, 2))
    index = {"weight_map": {"a.weight": shards[1].name, "b.bias": shards[0].name}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))

    assert component_files(tmp_path) == shards


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "gone.safetensors"}}')

    with pytest.raises(ModelFileMissingError, match=r"gone\.safetensors"):
        component_files(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'])
def test_a_damaged_index_is_corrupt(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(content)

    with pytest.raises(CheckpointCorruptError, match=r"index\.json"):
        component_files(tmp_path)


@pytest.mark.parametrize("name", ["../other/x.safetensors", "/etc/x.safetensors"])
def test_an_index_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))

    with pytest.raises(CheckpointCorruptError, match="outside"):
        component_files(tmp_path)


def test_a_folder_with_pickles_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")

    with pytest.raises(ModelFileRefusedError, match="only weight file"):
        component_files(tmp_path)


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_weights_is_missing_them(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "unet"
    if exists:
        folder.mkdir()

    with pytest.raises(ModelFileMissingError):
        component_files(folder)


def test_shared_parameters_count_once() -> None:
    layer = torch.nn.Linear(3, 3, bias=False)

    assert count_bytes(torch.nn.ModuleList([layer, layer])) == 36


def test_a_zip_that_is_no_torch_file_is_refused_as_well(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", "x" * 100)

    with pytest.raises(ModelFileRefusedError):
        read_header(path)


def test_files_are_listed_by_the_way_below_their_folder_and_the_first_of_a_name_counts(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first / "a.safetensors", second / "a.safetensors", second / "deep" / "b.safetensors"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    (second / "c.txt").touch()

    assert single_files([first, tmp_path / "absent", second]) == {
        "a.safetensors": first / "a.safetensors",
        "deep/b.safetensors": second / "deep" / "b.safetensors",
    }
