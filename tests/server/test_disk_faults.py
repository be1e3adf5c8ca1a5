"""What the system says about a file is told as an error of weft."""

import errno
from pathlib import Path

import pytest
from weft.disk_faults import told
from weft.errors import DiskFullError, FileUnwritableError


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_without_room_is_said_to_be_full(number: int) -> None:
    with pytest.raises(DiskFullError, match="file"), told(Path("file"), 5):
        raise OSError(number, "no room")


def test_everything_else_is_said_as_the_system_says_it(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritableError, match="Is a directory"), told(tmp_path):
        tmp_path.write_bytes(b"")


def test_what_goes_well_is_left_alone(tmp_path: Path) -> None:
    with told(tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"x")

    assert (tmp_path / "file").read_bytes() == b"x"
