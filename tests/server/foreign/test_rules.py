"""A rule is a line, and one that is written wrongly says what is wrong with it."""

import pytest
from weft.errors import JSON
from weft.foreign.faults import RulesInvalidError
from weft.foreign.rules import Expression, Term, read_rule


def test_a_bare_name_is_an_input_of_theirs_and_an_equals_sign_renames_it() -> None:
    (make,) = read_rule({"makes": "latent.decode latent=samples vae"}, place="it").makes

    assert make.type == "latent.decode"
    assert make.inputs["latent"] == Expression((Term("input", ("samples",)),))
    assert make.inputs["vae"] == Expression((Term("input", ("vae",)),))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("'a b'", Expression((Term("literal", literal="a b"),))),
        ("0.5", Expression((Term("literal", literal=0.5),))),
        ("-3", Expression((Term("literal", literal=-3),))),
        ("true", Expression((Term("literal", literal=True),))),
        ("noise.seed|seed", Expression((Term("input", ("noise", "seed")),), "first", "seed")),
        ("a/b", Expression((Term("input", ("a",)), Term("input", ("b",))), "first")),
        ("a+b", Expression((Term("input", ("a",)), Term("input", ("b",))), "sum")),
        ("a,b", Expression((Term("input", ("a",)), Term("input", ("b",))), "list")),
        (":image", Expression((Term("made", ("", "image")),))),
        (":grown.mask", Expression((Term("made", ("grown", "mask")),))),
        ("^model", Expression((Term("near", ("model",)),))),
    ],
)
def test_what_stands_behind_an_equals_sign(written: str, expected: Expression) -> None:
    (make,) = read_rule({"makes": f"a.b c={written}"}, place="it").makes

    assert make.inputs["c"] == expected


def test_outputs_are_made_handed_on_or_only_left_on_the_wire() -> None:
    made, handed, left = read_rule(
        {"gives": ["one.image", "<model rescale=by", "@ seed=n"]}, place="it"
    ).gives

    assert made.base == Term("made", ("one", "image"))
    assert (handed.base, set(handed.left)) == (Term("input", ("model",)), {"rescale"})
    assert (left.base, set(left.left)) == (None, {"seed"})


def test_a_rule_knows_which_of_their_inputs_it_looks_at() -> None:
    rule = read_rule({"makes": "s seed=noise.seed latent=latent_image", "hands_out": "images"}, place="it")

    assert rule.used == {"noise", "latent_image", "images"}
    assert rule.records == {"noise"}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [("text", "it is no table"), ({"make": "a.b"}, "make, which no rule has"), ({"makes": "a.b =x"}, '"=x"')],
)
def test_a_rule_that_is_none_is_refused(entry: JSON, fault: str) -> None:
    with pytest.raises(RulesInvalidError, match=fault):
        read_rule(entry, place="It")
