"""Headers of GGUF files are read as their own library writes them, and what is damaged is refused."""

import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from weft.jobs.files.file_faults import WeightsRefusedError
from weft.jobs.hub.gguf_header import MOST_TENSORS, read_gguf_header
from weft.jobs.hub.weight_files import weight_facts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two packed tensors, a plain one, and notes of every kind."""
    place = tmp_path / "model.gguf"
    writer = GGUFWriter(place, "flux")
    writer.add_name("A model")
    writer.add_quantization_version(2)
    writer.add_array("tokenizer.ggml.tokens", ["a", "bc", ""])
    writer.add_array("sizes", [1, 2, 3])
    writer.add_bool("is_small", val=True)
    for name in ("a.weight", "b.weight"):
        blocks = quantize(np.ones((4, 64), np.float32), GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, blocks, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.add_tensor("norm", np.ones(8, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return place


def test_tensors_numbers_types_and_notes_are_told(path: Path) -> None:
    facts = weight_facts([path])

    assert (facts.tensors, facts.parameters, facts.dtype) == (3, 2 * 4 * 64 + 8, "Q8_0")
    assert dict(facts.notes) == {"general.architecture": "flux", "general.name": "A model"}


def test_what_is_cut_off_is_refused_wherever_it_was_cut(path: Path) -> None:
    data = path.read_bytes()
    for length in range(0, len(data) - 700, 7):
        path.write_bytes(data[:length])
        with pytest.raises(WeightsRefusedError):
            read_gguf_header(path)


@pytest.mark.parametrize(
    "header",
    [
        b"PK\x03\x04" + bytes(60),
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, MOST_TENSORS + 1, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 2**63),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<QI", 0, 99),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<QIIQ", 0, 9, 4, 2**62),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<QI", 0, 1000),
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "model.gguf").write_bytes(header + bytes(64))

    with pytest.raises(WeightsRefusedError):
        read_gguf_header(tmp_path / "model.gguf")


def test_a_type_that_is_not_known_yet_is_called_by_its_number(tmp_path: Path) -> None:
    tensor = struct.pack("<Q1sIQIQ", 1, b"x", 1, 32, 200, 0)
    (tmp_path / "model.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor)

    assert read_gguf_header(tmp_path / "model.gguf").parameters == {"type 200": 32}
