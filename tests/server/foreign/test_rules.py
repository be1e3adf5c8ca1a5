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
        ("noise.seed|seed", Expression((Term("input", ("noise", "seed")),), "first", ("seed",))),
        ("a|names|file", Expression((Term("input", ("a",)),), "first", ("names", "file"))),
        ("a/b", Expression((Term("input", ("a",)), Term("input", ("b",))), "first")),
        ("a+b", Expression((Term("input", ("a",)), Term("input", ("b",))), "sum")),
        ("a,b", Expression((Term("input", ("a",)), Term("input", ("b",))), "list")),
        ("~positive", Expression((Term("later", ("positive",)),))),
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
        {"gives": ["one.image/<picture", "<model rescale=by", "@ seed=n"]}, place="it"
    ).gives

    assert made.bases == (Term("made", ("one", "image")), Term("input", ("picture",)))
    assert (handed.bases, set(handed.left)) == ((Term("input", ("model",)),), {"rescale"})
    assert (left.bases, set(left.left)) == ((), {"seed"})


def test_what_is_put_before_an_input_of_somebody_else_is_left_on_the_wire() -> None:
    rule = read_rule(
        {"makes": "seen: a.b c=~positive image", "gives": "<model ~positive=:seen.c by=w"}, place="it"
    )

    assert rule.gives[0].before == {"positive": Term("made", ("seen", "c"))}
    assert set(rule.gives[0].left) == {"by"}
    assert rule.makes[0].is_later
    assert rule.used == {"model", "image", "w"}


def test_a_node_may_need_something_and_lack_something_else() -> None:
    (make,) = read_rule({"makes": "third?c?model.soft!a/b: x.y c"}, place="it").makes

    assert (make.name, make.type) == ("third", "x.y")
    assert [e.terms[0].path for e in make.needs] == [("c",), ("model", "soft")]
    assert [[term.path for term in e.terms] for e in make.lacks] == [[("a",), ("b",)]]


def test_a_rule_knows_which_of_their_inputs_it_looks_at() -> None:
    rule = read_rule(
        {"makes": "s seed=noise.seed latent=latent_image", "hands_out": "image=images"}, place="it"
    )

    assert rule.used == {"noise", "latent_image", "images"}
    assert rule.records == {"noise"}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [("text", "it is no table"), ({"make": "a.b"}, "make, which no rule has"), ({"makes": "a.b =x"}, '"=x"')],
)
def test_a_rule_that_is_none_is_refused(entry: JSON, fault: str) -> None:
    with pytest.raises(RulesInvalidError, match=fault):
        read_rule(entry, place="It")
