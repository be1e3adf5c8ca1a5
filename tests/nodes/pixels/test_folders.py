"""Names of files stay within their folder, and are listed as people count."""

from pathlib import Path

import pytest
from weft_nodes.pixels.folders import PathOutsideError, contained, files_below


def test_names_are_listed_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10.png", "2.png", "b/1.PNG", "1.txt", "a2.png", "a10.png", "2b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert files_below(tmp_path, (".png",)) == ["2.png", "2b.png", "10.png", "a2.png", "a10.png", "b/1.PNG"]


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert files_below(tmp_path / "none", (".png",)) == []


def test_folders_and_links_that_lead_out_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "in" / "folder.png").mkdir(parents=True)
    (tmp_path / "out.png").touch()
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "out.png")

    assert files_below(tmp_path / "in", (".png",)) == []


def test_a_name_within_is_followed(tmp_path: Path) -> None:
    assert contained(tmp_path, "a/../b.png", called="input") == tmp_path.resolve() / "b.png"
    assert contained(tmp_path, "", called="input") == tmp_path.resolve()


@pytest.mark.parametrize("name", ["..", "../x", "/etc/passwd", "a/../../x"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PathOutsideError, match="input folder"):
        contained(tmp_path, name, called="input")
