"""Headers of weight files are read without the weights, and what is no whole safetensors file is refused."""

import contextlib
import io
import json
import pickle
import random
import zipfile
from pathlib import Path

import pytest
from server.jobs.stand_in_hub import safetensors
from weft.jobs.files.file_faults import WeightsRefusedError
from weft.jobs.hub.weight_files import LONGEST_HEADER_BYTES, MOST_NOTES, check_weights, weight_facts


def put(folder: Path, data: bytes, name: str = "model.safetensors") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def with_header(header: object, weights: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + weights


def zipped_pickle() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1]))
    return buffer.getvalue()


def test_the_facts_are_counted_from_the_header(tmp_path: Path) -> None:
    path = put(tmp_path, safetensors({"a": [2, 3], "b": [4], "scalar": []}, notes={"format": "pt"}))

    facts = weight_facts([path])

    assert (facts.tensors, facts.parameters, facts.dtype) == (3, 11, "F16")
    assert facts.notes == {"format": "pt"}


def test_several_files_are_counted_together(tmp_path: Path) -> None:
    paths = [put(tmp_path, safetensors({"a": [5]}), f"{name}.safetensors") for name in "ab"]

    assert weight_facts(paths).parameters == 10


def test_the_type_is_that_of_most_numbers(tmp_path: Path) -> None:
    header = {
        "few": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "many": {"dtype": "BF16", "shape": [100], "data_offsets": [8, 208]},
    }

    assert weight_facts([put(tmp_path, with_header(header, bytes(208)))]).dtype == "BF16"


def test_no_files_have_no_facts() -> None:
    assert weight_facts([]).dtype == ""


def test_long_notes_are_shortened(tmp_path: Path) -> None:
    notes = {f"note {number}": "x" * 10_000 for number in range(200)}

    found = weight_facts([put(tmp_path, safetensors(notes=notes))]).notes

    assert len(found) == MOST_NOTES
    assert max(map(len, found.values())) == 500


def test_a_file_without_tensors_is_whole(tmp_path: Path) -> None:
    check_weights(put(tmp_path, with_header({})), name="empty")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin"),
        (b"{}", "does not begin"),
        (pickle.dumps({"weight": 1}, protocol=2), "pickle"),
        (pickle.dumps({"weight": 1}, protocol=4) + bytes(100), "pickle"),
        (zipped_pickle(), "pickle"),
        (b"<!DOCTYPE html><html>login</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:x", "Git LFS"),
        (b"GGUF" + bytes(100), "does not begin"),
        ((2**63).to_bytes(8, "little") + b"{" + bytes(100), "does not begin"),
        ((LONGEST_HEADER_BYTES + 1).to_bytes(8, "little") + b"{" + bytes(100), "does not begin"),
        ((50).to_bytes(8, "little") + b"{" + bytes(10), "does not begin"),
        ((5).to_bytes(8, "little") + b"{nope", "damaged header"),
        ((60).to_bytes(8, "little") + b'{"a":' * 12, "damaged header"),
        (with_header({"a": 3}), "does not describe"),
        (with_header({"a": {"dtype": "F16", "shape": [1]}}), "does not describe"),
        (with_header({"a": {"dtype": "F17", "shape": [1], "data_offsets": [0, 2]}}, bytes(2)), "wrongly"),
        (with_header({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 2]}}, bytes(2)), "wrongly"),
        (with_header({"a": {"dtype": "F16", "shape": [-1], "data_offsets": [0, -2]}}), "wrongly"),
        (with_header({"a": {"dtype": "F16", "shape": ["1"], "data_offsets": [0, 2]}}, bytes(2)), "wrongly"),
        (with_header({"a": {"dtype": "F16", "shape": [1], "data_offsets": [2, 4]}}, bytes(4)), "gaps"),
        (safetensors()[:-1], "bytes of weights"),
        (safetensors() + b"!", "bytes of weights"),
    ],
)
def test_what_is_no_whole_safetensors_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(WeightsRefusedError, match=f"^some file is refused.*{reason}"):
        check_weights(put(tmp_path, data), name="some file")


def test_damaged_headers_are_refused_and_never_crash(tmp_path: Path) -> None:
    draw = random.Random(5)
    whole = safetensors({"a": [2, 3], "b": [4]}, notes={"format": "pt"})

    for _ in range(500):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 5)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        with contextlib.suppress(WeightsRefusedError):
            check_weights(put(tmp_path, bytes(data)), name="damaged")
