"""Traits follow the links, pass through what does not know them, and clash where they meet."""

import pytest
from server.graph.toys import Shelf, entry, found, report_of, tree
from weft.errors import JSON, Problem
from weft.graph.traits import Fact

CHAIN: dict[str, JSON] = {
    "large": entry("toy.load", checkpoint="large"),
    "small": entry("toy.load", checkpoint="small"),
    "odd": entry("toy.load", checkpoint="odd"),
    "latent": entry("toy.empty"),
    "noise": entry("toy.noise"),
}


def clash(nodes: dict[str, JSON]) -> Problem:
    report = report_of(CHAIN | nodes)
    (problem,) = report.problems
    assert problem.code == "trait-mismatch"
    return problem


def test_parts_of_one_family_go_together() -> None:
    assert (
        report_of(CHAIN | {"s": entry("toy.sample", model="@small.model", latent="@latent.latent")}).problems
        == ()
    )


def test_parts_of_two_families_are_refused_naming_both() -> None:
    problem = clash({"s": entry("toy.sample", model="@large.model", latent="@latent.latent")})

    assert (problem.node, problem.input) == ("s", "latent")
    for word in ("latent.latent", "sd15", "large.model", "sdxl", "family"):
        assert word in problem.message


def test_a_trait_is_followed_through_nodes_that_pass_it_on() -> None:
    problem = clash(
        {
            "once": entry("toy.resize", latent="@latent.latent"),
            "twice": entry("toy.resize", latent="@once.latent"),
            "s": entry("toy.sample", model="@large.model", latent="@twice.latent"),
        }
    )

    assert problem.details == {
        "path": ["latent.latent", "once.latent", "twice.latent"],
        "other_path": ["large.model"],
    }
    assert "through once.latent, twice.latent" in problem.message


def test_a_trait_that_a_node_requires_is_compared() -> None:
    problem = clash({"d": entry("toy.decode", latent="@latent.latent")})

    assert (problem.node, problem.input) == ("d", "latent")
    assert problem.message == "latent.latent has family sd15, but d.latent expects family sdxl."


def test_what_is_not_known_is_compared_with_nothing() -> None:
    report = report_of(
        CHAIN
        | {
            "s": entry("toy.sample", model="@odd.model", latent="@noise.latent"),
            "d": entry("toy.decode", latent="@s.latent"),
            "t": entry("toy.sample", model="@odd.model", latent="@latent.latent"),
        }
    )

    assert report.problems == ()


def test_a_node_gives_what_one_of_its_inputs_has() -> None:
    problem = clash(
        {
            "s": entry("toy.sample", model="@small.model", latent="@noise.latent"),
            "d": entry("toy.decode", latent="@s.latent"),
        }
    )

    assert problem.details["path"] == ["small.model", "s.latent"]


def test_a_trait_of_a_chosen_file_is_compared_with_the_link() -> None:
    problem = clash({"p": entry("toy.patch", model="@large.model", lora="ink")})

    assert (problem.node, problem.input) == ("p", "model")
    assert '"ink"' in problem.message


def test_a_fitting_file_is_no_problem() -> None:
    assert report_of(CHAIN | {"p": entry("toy.patch", model="@large.model", lora="oil")}).problems == ()


def test_a_number_that_does_not_suit_what_is_connected_brings_a_warning_and_the_workflow_runs() -> None:
    nodes = {"fast": entry("toy.load", checkpoint="fast"), "h": entry("toy.hasten", model="@fast.model")}

    report = report_of(nodes)

    (problem,) = report.warnings
    assert report.errors == ()
    assert report.graph is not None
    assert (problem.code, problem.node, problem.input) == ("value-unsuited", "h", "steps")
    assert problem.message == "h.steps is 20, but fast.model was made for few steps."
    assert problem.hint == "Take 4."


@pytest.mark.parametrize(
    ("model", "steps"), [("fast", 4), ("fast", "@number.value"), ("small", 20), ("odd", 20), ("fast", [1, 4])]
)
def test_numbers_that_suit_or_are_not_known_bring_no_warning(model: str, steps: JSON) -> None:
    nodes = {
        "number": entry("toy.number", value=20),
        "load": entry("toy.load", checkpoint=model),
        "h": entry("toy.hasten", model="@load.model", steps=steps),
    }

    assert report_of(nodes).problems == ()


def test_the_largest_of_several_numbers_brings_the_warning() -> None:
    nodes = {
        "load": entry("toy.load", checkpoint="fast"),
        "h": entry("toy.hasten", model="@load.model", steps=[1, 30, 4]),
    }

    (problem,) = report_of(nodes).warnings
    assert "h.steps is 30" in problem.message


def test_a_text_that_is_too_long_for_what_is_connected_brings_the_warning() -> None:
    nodes = {
        "load": entry("toy.load", checkpoint="fast"),
        "short": entry("toy.hasten", model="@load.model", steps=1, label="  abc "),
        "long": entry("toy.hasten", model="@load.model", steps=1, label="abcd"),
    }

    (problem,) = report_of(nodes).warnings
    assert problem.message == 'long.label is "abcd", but load.model has little room.'


def test_a_number_without_effect_brings_no_warning() -> None:
    nodes = {
        "number": entry("toy.number"),
        "load": entry("toy.load", checkpoint="fast"),
        "idle": entry("toy.hasten", model="@load.model", steps=1),
        "busy": entry("toy.hasten", model="@load.model", steps=1, extra="@number.value"),
    }

    assert found(report_of(nodes)) == [("value-unsuited", "busy", "strength")]


def test_a_warning_is_given_behind_nodes_that_pass_the_trait_on() -> None:
    nodes = {
        "load": entry("toy.load", checkpoint="fast"),
        "w": entry("toy.switch", yes="@load.model", no="@load.model"),
        "h": entry("toy.hasten", model="@w.value", steps=20),
    }

    (problem,) = report_of(nodes).warnings
    assert "load.model (through w.value)" in problem.message


def test_traits_pass_through_a_generic_node_where_all_agree() -> None:
    problem = clash(
        {
            "w": entry("toy.switch", yes="@small.model", no="@small.model"),
            "x": entry("toy.sample", model="@w.value", latent="@noise.latent"),
            "d": entry("toy.decode", latent="@x.latent"),
        }
    )

    assert problem.details["path"] == ["small.model", "w.value", "x.latent"]


def test_traits_that_differ_before_a_generic_node_are_not_known_behind_it() -> None:
    report = report_of(
        CHAIN
        | {
            "w": entry("toy.switch", yes="@small.model", no="@large.model"),
            "x": entry("toy.sample", model="@w.value", latent="@latent.latent"),
        }
    )

    assert report.problems == ()


def test_every_part_of_a_list_is_compared() -> None:
    report = report_of(CHAIN | {"d": entry("toy.decode", latent=["@noise.latent", "@latent.latent"])})

    assert found(report) == [("trait-mismatch", "d", "latent")]


def test_a_clash_inside_a_workflow_is_reported_where_the_part_was_given() -> None:
    inner = tree(
        {"l": entry("toy.empty"), "s": entry("toy.sample", latent="@l.latent")},
        inputs={"model": "s.model", "start": "s.latent"},
    )
    nodes = {**CHAIN, "w": entry("workflow:inner", model="@large.model", start="@latent.latent")}

    report = report_of(nodes, workflows=Shelf(inner=inner))

    assert found(report) == [("trait-mismatch", "w", "start")]


def marching(**inputs: JSON) -> dict[str, JSON]:
    """A node that is told how to go on by a strict model, and from where."""
    strict = entry("toy.load", checkpoint="strict")
    march = entry("toy.march", 1, **{"model": "@strict.model", "start": "@noise.latent", **inputs})
    return CHAIN | {"strict": strict, "m": march}


def test_what_is_entered_must_be_among_the_alternatives_of_what_is_connected() -> None:
    assert report_of(marching(pace="brisk")).problems == ()

    problem = clash(marching(pace="slow"))

    assert (problem.node, problem.input) == ("m", "pace")
    assert problem.message == "m.pace is slow, but strict.model has pace quick, brisk."
    assert problem.hint == "Take another pace."
    assert problem.details == {"path": ["m.pace"], "other_path": ["strict.model"]}


def test_each_of_several_values_that_are_entered_is_compared() -> None:
    assert found(report_of(marching(pace=["quick", "slow"], calm=[True, False]))) == [
        ("trait-mismatch", "m", "pace"),
        ("trait-mismatch", "m", "calm"),
    ]


def test_what_comes_over_a_link_in_place_of_what_is_entered_is_not_known() -> None:
    linked = marching(pace="@word.text") | {"word": entry("toy.text", text="slow")}

    assert report_of(linked).problems == ()


def test_an_input_that_is_left_empty_does_not_suit_what_needs_it_wherever_it_stands() -> None:
    problem = clash(marching(start=None))

    assert (problem.node, problem.input) == ("m", "start")
    assert problem.message == "m.start is empty, but strict.model has start needed."
    assert problem.hint == "Use parts whose start is the same."


def test_what_is_entered_is_compared_with_nothing_where_nothing_is_known() -> None:
    odd = entry("toy.load", checkpoint="odd")

    assert report_of(marching(start=None, pace="slow", calm=False) | {"strict": odd}).problems == ()


def test_values_that_agree_are_joined_to_one_and_others_to_a_value_of_their_own() -> None:
    nodes = {
        "same": entry("toy.pair", a="@large.model", b="@large.model"),
        "half": entry("toy.pair", a="@odd.model", b="@large.model"),
        "mixed": entry("toy.pair", a="@small.model", b="@large.model"),
        "again": entry("toy.sample", model="@same.model", latent="@noise.latent"),
        "one": entry("toy.sample", model="@half.model", latent="@latent.latent"),
        "both": entry("toy.sample", model="@mixed.model", latent="@latent.latent"),
    }

    report = report_of(CHAIN | nodes)

    assert [(problem.node, problem.message.rpartition("expects ")[2]) for problem in report.problems] == [
        ("one", "family sdxl."),
        ("both", "family sd15 + sdxl."),
    ]
    assert report.problems[1].details["other_path"] == ["small.model", "mixed.model"]


def test_what_is_left_empty_within_a_workflow_is_reported_where_it_can_be_given() -> None:
    nodes = {"l": entry("toy.load", checkpoint="strict"), "m": entry("toy.march", model="@l.model")}
    inner = tree(nodes, inputs={"from": "m.start", "tempo": "m.pace"})

    report = report_of({"w": entry("workflow:inner", tempo="slow")}, workflows=Shelf(inner=inner))

    assert found(report) == [("trait-mismatch", "w", "from"), ("trait-mismatch", "w", "tempo")]


@pytest.mark.parametrize("length", [1, 3000])
def test_the_path_of_a_fact_leads_from_its_origin(length: int) -> None:
    fact = Fact("sd15", "n0")
    for i in range(1, length):
        fact = Fact("sd15", f"n{i}", fact)

    assert fact.path() == tuple(f"n{i}" for i in range(length))


def test_a_long_path_is_shown_in_part() -> None:
    nodes = {f"r{i}": entry("toy.resize", latent=f"@r{i - 1}.latent") for i in range(1, 3000)}
    nodes["r0"] = entry("toy.resize", latent="@latent.latent")

    problem = clash({**nodes, "d": entry("toy.decode", latent="@r2999.latent")})

    assert "r0.latent, …, r2999.latent" in problem.message
    assert len(problem.details["path"]) == 3001  # type: ignore[arg-type]
