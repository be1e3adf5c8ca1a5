"""Manifests say what a pack is called and needs; what is missing is named, and nothing is installed."""

from importlib import metadata
from pathlib import Path

import pytest
from weft.manifests import Manifest, missing_requirements, read_manifest
from weft.plugin_errors import ManifestInvalidError


def test_a_pack_without_a_manifest_is_called_as_its_folder(tmp_path: Path) -> None:
    assert read_manifest("toys", tmp_path) == Manifest("toys")


def test_a_packs_own_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "weft-pack.toml").write_text(
        'name = "Toys for all"\nversion = "1.2"\nrequirements = ["numpy>=1"]\n'
    )

    assert read_manifest("toys", tmp_path) == Manifest("Toys for all", "1.2", ("numpy>=1",))


def test_a_project_file_is_a_manifest_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "toys"\nversion = "3"\ndependencies = ["pillow"]\n[tool.other]\nx = 1\n'
    )

    assert read_manifest("mine", tmp_path) == Manifest("toys", "3", ("pillow",))


def test_a_project_file_without_a_project_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")

    assert read_manifest("toys", tmp_path) == Manifest("toys")


def test_the_packs_own_manifest_goes_first(tmp_path: Path) -> None:
    (tmp_path / "weft-pack.toml").write_text('name = "own"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "project"\n')

    assert read_manifest("toys", tmp_path).title == "own"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = \n", "cannot be read"),
        ("name = 5\n", "a name or version that is not text"),
        ("version = 1.0\n", "a name or version that is not text"),
        ('requirements = "numpy"\n', "requirements that are not a list of texts"),
        ("requirements = [1]\n", "requirements that are not a list of texts"),
    ],
)
def test_a_faulty_manifest_is_refused_with_the_name_of_the_pack(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "weft-pack.toml").write_text(text)

    with pytest.raises(ManifestInvalidError) as caught:
        read_manifest("toys", tmp_path)

    assert 'The pack "toys" has' in caught.value.message
    assert said in caught.value.message


def test_a_manifest_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weft-pack.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ManifestInvalidError, match="cannot be read"):
        read_manifest("toys", tmp_path)


def test_what_is_installed_is_not_missing() -> None:
    installed = metadata.version("numpy")

    assert missing_requirements("toys", ["numpy", f"numpy=={installed}", "NumPy>=1"]) == ()


def test_what_is_missing_is_named_with_what_is_there_instead() -> None:
    installed = metadata.version("numpy")

    assert missing_requirements("toys", ["numpy>=9999", "surely-not-there-at-all>=1"]) == (
        f"numpy>=9999 ({installed} is installed)",
        "surely-not-there-at-all>=1 (not installed)",
    )


def test_what_another_platform_needs_is_not_missing() -> None:
    assert missing_requirements("toys", ['surely-not-there; python_version < "3"']) == ()


def test_a_requirement_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ManifestInvalidError, match="the requirement"):
        missing_requirements("toys", ["numpy>>1"])
