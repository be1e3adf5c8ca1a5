"""The files of the editor: what is served, under which address, and when it is read again."""

import os
from pathlib import Path

import pytest
from weft.web.editor.edition import Editor, shipped_editor
from weft.web.faults import EditorMissingError

INDEX = '<script type="module" src="/editor/current/app.js"></script>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "index.html": INDEX,
        "app.js": "export const answer = 42;\n",
        "ui/ui.css": "body { margin: 0; }\n" * 50,
        "vendor/preact.mjs": "export {};\n",
        "vendor/VERSIONS": "preact@11\n",
        "types.d.ts": "export {};\n",
        "README.md": "read me\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _change(path: Path, text: str) -> None:
    """Write a file a second later than all that was written before."""
    path.write_text(text)
    # A clock of the file system may tick more slowly than this test writes.
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))


def test_only_what_a_browser_loads_is_served(folder: Path) -> None:
    edition = Editor(folder).edition()

    assert sorted(edition.parts) == ["app.js", "ui/ui.css", "vendor/preact.mjs"]
    assert {part.media_type for part in edition.parts.values()} == {"text/javascript", "text/css"}


def test_text_is_kept_compressed_and_can_be_had_as_it_is_on_disk(folder: Path) -> None:
    part = Editor(folder).edition().parts["ui/ui.css"]

    assert part.plain == (folder / "ui" / "ui.css").read_bytes()
    assert len(part.body) < len(part.plain) / 4


def test_a_picture_is_not_compressed_twice(folder: Path) -> None:
    (folder / "first.png").write_bytes(b"\x89PNG")

    part = Editor(folder).edition().parts["first.png"]

    assert (part.body, part.is_gzipped) == (b"\x89PNG", False)


def test_nothing_is_read_again_while_nothing_changes(folder: Path) -> None:
    editor = Editor(folder)

    assert editor.edition() is editor.edition()


def test_an_edit_makes_another_edition_with_the_next_load_of_the_page(folder: Path) -> None:
    editor = Editor(folder)
    first = editor.edition()

    _change(folder / "app.js", "export const answer = 43;\n")
    second = editor.edition()

    assert second.digest != first.digest
    assert second.parts["app.js"].plain == b"export const answer = 43;\n"
    assert f"/editor/{second.digest}/app.js".encode() in second.page.body


def test_the_modules_come_joined_until_one_of_them_is_edited(folder: Path) -> None:
    (folder / "index.html").write_text(INDEX.replace("app.js", "main.js"))
    (folder / "main.js").write_text('import "./app.js";\n')
    editor = Editor(folder)
    alone = editor.edition().page.body
    _change(folder / "bundle.js", "export const answer=42;\n")
    joined = editor.edition().page.body
    module = editor.part(editor.edition().digest, "app.js")
    _change(folder / "ui" / "ui.css", "body { margin: 1px; }\n")
    styled = editor.edition().page.body
    os.utime(folder / "app.js", ns=(0, (folder / "bundle.js").stat().st_mtime_ns + 1))
    edited = editor.edition().page.body

    assert module is not None
    assert module.plain == (folder / "app.js").read_bytes()
    assert [b"/bundle.js" in page for page in (alone, joined, styled, edited)] == [False, True, True, False]
    assert [b"/main.js" in page for page in (alone, joined, styled, edited)] == [True, False, False, True]


def test_a_new_file_makes_another_edition(folder: Path) -> None:
    editor = Editor(folder)
    first = editor.edition()

    (folder / "ui" / "more.js").write_text("export {};\n")

    assert editor.edition().digest != first.digest


def test_equal_files_are_one_edition_wherever_and_whenever_they_are_read(folder: Path) -> None:
    first = Editor(folder).edition().digest
    _change(folder / "app.js", (folder / "app.js").read_text())

    assert Editor(folder).edition().digest == first


def test_a_file_is_given_for_its_own_edition_alone(folder: Path) -> None:
    editor = Editor(folder)
    first = editor.edition().digest

    assert editor.part(first, "app.js") is not None
    assert editor.part("0" * 16, "app.js") is None
    assert editor.part(first, "index.html") is None
    assert editor.part(first, "../secret") is None


def test_a_file_can_be_asked_for_before_any_page_was(folder: Path) -> None:
    digest = Editor(folder).edition().digest

    assert Editor(folder).part(digest, "app.js") is not None


def test_an_editor_without_its_third_party_modules_says_how_they_are_installed(folder: Path) -> None:
    (folder / "vendor" / "VERSIONS").unlink()

    with pytest.raises(EditorMissingError, match=r"no vendor/VERSIONS") as caught:
        Editor(folder).edition()
    assert "pip install" in caught.value.hint


def test_the_shipped_editor_takes_little_memory_and_little_of_the_wire() -> None:
    edition = Editor(shipped_editor()).edition()

    assert sum(len(part.body) for part in edition.parts.values()) < 2**20
