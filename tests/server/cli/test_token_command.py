"""`weft token`: made, listed, removed, and every misuse told."""

import pytest
from cli.heard import Weft
from weft.cli.exits import ExitCode


def test_a_token_is_made_shown_once_listed_and_removed(weft: Weft) -> None:
    made = weft("token", "add", "laptop", "--scope", "read")
    listed = weft("token", "list")
    removed = weft("token", "remove", "laptop")

    assert made.data.startswith("weft_")
    assert listed.data.split()[:2] == ["laptop", "read"]
    assert made.data.strip() not in listed.data
    assert removed.code == ExitCode.OK
    assert weft("token", "list").data == ""


def test_with_json_the_answer_is_one_object(weft: Weft) -> None:
    made = weft("token", "add", "laptop", "--json").answer

    assert (made["name"], made["scope"]) == ("laptop", "submit")
    assert weft("token", "list", "--json").answer == {
        "tokens": [{"name": "laptop", "scope": "submit", "token": None}]
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add",), "usage"),
        (("remove",), "usage"),
        (("ad", "x"), "usage"),
        (("list", "x"), "usage"),
        (("add", "x", "--scope", "wide"), "usage"),
        (("add", "two words"), "token-name"),
        (("remove", "nobody"), "token-name"),
    ],
)
def test_what_cannot_be_meant_is_refused(weft: Weft, words: tuple[str, ...], code: str) -> None:
    heard = weft("token", *words)

    assert heard.code == ExitCode.BAD_INPUT
    assert f"[{code}]" in heard.words


def test_another_data_folder_has_other_tokens(weft: Weft, tmp_path: object) -> None:
    weft("token", "add", "laptop", "--data-dir", f"{tmp_path}/other")

    assert weft("token", "list").data == ""
    assert weft("token", "list", "--data-dir", f"{tmp_path}/other").data.startswith("laptop")
