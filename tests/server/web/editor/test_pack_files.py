"""A pack adds modules to the editor, and of its other files nothing is given out."""

from pathlib import Path

import pytest
from live_server import lay_out, live_server
from weft.web.editor.pack_files import find_pack_file, pack_modules

PACK = '''"""A pack."""

from weft.sdk import node


@node("word.say", output="text")
def say(text: str) -> str:
    """Say a word.

    Args:
        text: The word.
    """
    return text
'''


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "custom_nodes" / "words"
    lay_out(tmp_path)
    (folder / "web" / "parts").mkdir(parents=True)
    (folder / "__init__.py").write_text(PACK)
    for name in ("main.js", "parts/word.js", "style.css", "notes.txt", "secret.py"):
        (folder / "web" / name).write_text(f"// {name}")
    return folder


def test_the_modules_of_a_pack_are_those_directly_in_its_folder(pack: Path) -> None:
    assert pack_modules("words", str(pack)) == ("/api/packs/words/web/main.js",)


@pytest.mark.parametrize("path", ["the installed package weft_nodes", "/nowhere", __file__, ""])
def test_what_is_no_folder_of_a_pack_adds_nothing(path: str) -> None:
    assert pack_modules("words", path) == ()
    assert find_pack_file(path, "main.js") is None


def test_a_file_is_given_with_its_kind(pack: Path) -> None:
    assert find_pack_file(str(pack), "parts/word.js") == (pack / "web/parts/word.js", "text/javascript")
    assert find_pack_file(str(pack), "style.css") == (pack / "web/style.css", "text/css")


@pytest.mark.parametrize(
    "file",
    ["notes.txt", "secret.py", "missing.js", "../__init__.py", "../../outside.js", "/etc/hosts.js", "parts"],
)
def test_nothing_else_is_given(pack: Path, file: str) -> None:
    (pack.parent / "outside.js").write_text("// not of this pack")

    assert find_pack_file(str(pack), file) is None


def test_a_link_does_not_lead_out_of_the_folder(pack: Path) -> None:
    (pack.parent / "outside.js").write_text("// not of this pack")
    (pack / "web" / "linked.js").symlink_to(pack.parent / "outside.js")

    assert find_pack_file(str(pack), "linked.js") is None


def test_the_server_names_the_modules_and_gives_them_out(pack: Path, tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        packs = {entry["name"]: entry for entry in server.call("GET", "/api/packs").json["packs"]}
        (address,) = packs["words"]["web"]
        module = server.call("GET", address)
        statuses = [
            server.call("GET", f"/api/packs/{name}").status
            for name in ("words/web/secret.py", "words/web/..%2f__init__.py", "nobody/web/main.js")
        ]

    assert module.body == b"// main.js"
    assert module.headers["content-type"] == "text/javascript; charset=utf-8"
    assert statuses == [404, 404, 404]
