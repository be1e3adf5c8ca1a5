"""Mapped files: their tensors are views, and their memory is given back without losing anything."""

from pathlib import Path

import torch
from weft_nodes.models.mapped import MappedFile

PAGES = 4096 * 4


def mapped(path: Path, size: int = PAGES) -> MappedFile:
    path.write_bytes(bytes(number % 251 for number in range(size)))
    return MappedFile.open(path)


def resident(path: Path) -> int:
    """How much of a mapped file is in the memory of this process, in bytes."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.endswith(str(path)))
    line = next(line for line in lines[place:] if line.startswith("Rss:"))
    return int(line.split()[1]) * 1024


def test_a_tensor_lies_where_it_is_said_to_lie(tmp_path: Path) -> None:
    file = mapped(tmp_path / "file")

    assert file.tensor(3, (2, 2), torch.uint8).tolist() == [[3, 4], [5, 6]]
    assert file.tensor(1, (1,), torch.int16).item() == 1 + 2 * 256


def test_a_tensor_without_numbers_needs_no_bytes(tmp_path: Path) -> None:
    assert mapped(tmp_path / "file").tensor(PAGES, (0, 3), torch.float16).shape == (0, 3)


def test_memory_is_given_back_and_what_is_read_again_is_there_again(tmp_path: Path) -> None:
    file = mapped(tmp_path / "file")
    tensor = file.tensor(0, (PAGES,), torch.uint8)
    before = tensor.clone()

    assert resident(tmp_path / "file") == PAGES
    file.give_back()
    assert resident(tmp_path / "file") == 0
    assert torch.equal(tensor, before)


def test_nothing_is_ever_written_to_the_file(tmp_path: Path) -> None:
    file = mapped(tmp_path / "file")

    file.tensor(0, (4,), torch.uint8).zero_()

    assert (tmp_path / "file").read_bytes()[:4] == bytes([0, 1, 2, 3])


def test_a_mapping_ends_with_its_last_tensor(tmp_path: Path) -> None:
    tensor = mapped(tmp_path / "file").tensor(0, (4,), torch.uint8)
    assert str(tmp_path / "file") in Path("/proc/self/maps").read_text()

    del tensor

    assert str(tmp_path / "file") not in Path("/proc/self/maps").read_text()
