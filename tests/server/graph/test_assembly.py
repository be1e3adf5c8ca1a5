"""Node by node: types fit or are refused, values take their canonical form, lists wrap, map and collect."""

import pytest
from server.graph.toys import entry, found, graph_of, report_of
from weft.errors import JSON
from weft.graph.structure import Constant, Source, Spread


def test_a_subtype_fits_where_its_base_is_taken() -> None:
    assert report_of({"n": entry("toy.noise"), "r": entry("toy.resize", latent="@n.latent")}).problems == ()


def test_a_base_does_not_fit_where_a_subtype_is_taken() -> None:
    report = report_of(
        {"m": entry("toy.load", checkpoint="small"), "r": entry("toy.resize", latent="@m.model")}
    )

    assert found(report) == [("socket-mismatch", "r", "latent")]


def test_a_whole_number_fits_where_a_float_is_taken_but_not_the_other_way() -> None:
    assert report_of({"n": entry("toy.number"), "s": entry("toy.scale", value="@n.value")}).problems == ()

    report = report_of({"r": entry("toy.real"), "s": entry("toy.spell", value="@r.value")})
    assert found(report) == [("socket-mismatch", "s", "value")]


def test_whole_numbers_for_float_sockets_become_floats() -> None:
    values = graph_of({"s": entry("toy.scale", value=2)}).nodes["s"].values

    assert values == {"value": 2.0, "factor": 1.0}
    assert all(type(value) is float for value in values.values())


def test_defaults_are_filled_in() -> None:
    assert graph_of({"m": entry("toy.maybe")}).nodes["m"].values == {"value": None, "other": 5}


def test_a_single_link_into_a_list_is_wrapped() -> None:
    graph = graph_of({"n": entry("toy.number"), "s": entry("toy.sum", items="@n.value")})

    assert graph.nodes["s"].links == {"items": (Source("n", "value"),)}
    assert graph.nodes["s"].axes == {}


def test_a_single_value_for_a_list_is_wrapped() -> None:
    assert graph_of({"s": entry("toy.sum", items=4)}).nodes["s"].values == {"items": [4]}


def test_a_list_for_a_list_is_passed_on_as_it_is() -> None:
    graph = graph_of({"r": entry("toy.range"), "s": entry("toy.sum", items="@r.items")})

    assert graph.nodes["s"].links == {"items": Source("r", "items")}
    assert graph.nodes["s"].out_axes == ()


def test_a_list_of_links_and_values_becomes_one_list() -> None:
    graph = graph_of(
        {
            "n": entry("toy.number"),
            "r": entry("toy.range"),
            "s": entry("toy.sum", items=["@n.value", 7, "@r.items"]),
        }
    )

    assert graph.nodes["s"].links == {
        "items": (Source("n", "value"), Constant(7), Spread(Source("r", "items")))
    }


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["@t.text"], "produces string"),
        (["@n.value", "word"], "has an item that is"),
        ([1, 2.5], "has at index 1 an item that is 2.5"),
        ("word", "must be a whole number"),
    ],
)
def test_each_part_of_a_list_must_fit(items: JSON, message: str) -> None:
    report = report_of({"t": entry("toy.text"), "n": entry("toy.number"), "s": entry("toy.sum", items=items)})

    assert [problem.node for problem in report.problems] == ["s"]
    assert message in report.problems[0].message


def test_a_weight_file_that_is_not_there_is_met_with_the_folders_for_them() -> None:
    (problem,) = report_of({"m": entry("toy.load", checkpoint="smal")}).problems

    assert 'checkpoint is "smal", ' in problem.message
    assert "WEFT_MODELS_DIRS" in problem.hint
    assert problem.details == {"missing_models": ["smal"]}


def test_every_weight_file_of_a_list_that_is_not_there_is_named() -> None:
    (problem,) = report_of({"m": entry("toy.load", checkpoint=["small", "smal", "larg"])}).problems

    assert problem.details == {"missing_models": ["smal", "larg"]}


def test_a_value_of_another_kind_names_no_weight_file() -> None:
    (problem,) = report_of({"m": entry("toy.load", checkpoint=5)}).problems

    assert problem.details == {}


def test_a_list_into_one_item_maps() -> None:
    graph = graph_of({"r": entry("toy.range"), "a": entry("toy.add", a="@r.items")})

    node = graph.nodes["a"]
    assert node.links == {"a": Source("r", "items")}
    assert node.axes == {"a": ("r.items",)}
    assert node.out_axes == ("r.items",)


def test_what_a_mapped_node_makes_maps_what_takes_one_item() -> None:
    graph = graph_of(
        {
            "r": entry("toy.range"),
            "a": entry("toy.add", a="@r.items"),
            "s": entry("toy.spell", value="@a.value"),
        }
    )

    assert graph.nodes["s"].axes == {"value": ("r.items",)}
    assert graph.nodes["s"].out_axes == ("r.items",)


def test_inputs_of_one_origin_advance_together() -> None:
    graph = graph_of(
        {
            "r": entry("toy.range"),
            "a": entry("toy.add", a="@r.items"),
            "b": entry("toy.add", a="@a.value", b="@r.items"),
        }
    )

    assert graph.nodes["b"].axes == {"a": ("r.items",), "b": ("r.items",)}
    assert graph.nodes["b"].out_axes == ("r.items",)


def test_inputs_of_different_origins_multiply_with_the_first_input_outermost() -> None:
    graph = graph_of(
        {
            "x": entry("toy.range"),
            "y": entry("toy.range"),
            "a": entry("toy.add", b="@x.items", a="@y.items"),
        }
    )

    assert graph.nodes["a"].out_axes == ("y.items", "x.items")


def test_zip_makes_lists_of_different_origins_advance_together() -> None:
    nodes: dict[str, JSON] = {
        "x": entry("toy.range"),
        "y": entry("toy.range"),
        "a": {**entry("toy.add", a="@x.items", b="@y.items"), "zip": [["a", "b"]]},
    }

    node = graph_of(nodes).nodes["a"]

    assert node.axes == {"a": ("x.items",), "b": ("x.items",)}
    assert node.out_axes == ("x.items",)


def test_a_mapped_value_into_a_list_is_collected() -> None:
    graph = graph_of(
        {
            "x": entry("toy.range"),
            "y": entry("toy.range"),
            "a": entry("toy.add", a="@x.items", b="@y.items"),
            "s": entry("toy.sum", items="@a.value"),
        }
    )

    assert graph.nodes["s"].links == {"items": (Source("a", "value"),)}
    assert graph.nodes["s"].axes == {}
    assert graph.nodes["s"].out_axes == ()


def test_a_list_made_by_a_mapped_node_is_passed_on_once_for_each() -> None:
    graph = graph_of(
        {
            "r": entry("toy.range"),
            "each": entry("toy.range", count="@r.items"),
            "s": entry("toy.sum", items="@each.items"),
        }
    )

    assert graph.nodes["s"].links == {"items": Source("each", "items")}
    assert graph.nodes["s"].axes == {"items": ("r.items",)}
    assert graph.nodes["s"].out_axes == ("r.items",)


def test_a_list_made_by_a_mapped_node_spreads_inside_a_list() -> None:
    graph = graph_of(
        {
            "r": entry("toy.range"),
            "each": entry("toy.range", count="@r.items"),
            "s": entry("toy.sum", items=["@each.items"]),
        }
    )

    assert graph.nodes["s"].links == {"items": (Spread(Source("each", "items")),)}
    assert graph.nodes["s"].out_axes == ()


def test_lists_of_lists_do_not_map() -> None:
    report = report_of(
        {
            "r": entry("toy.range"),
            "each": entry("toy.range", count="@r.items"),
            "s": entry("toy.spell", value="@each.items"),
        }
    )

    assert found(report) == [("list-nested", "s", "value")]


def test_a_list_in_the_document_maps_too() -> None:
    node = graph_of({"a": entry("toy.add", a=[1, 2, 3])}).nodes["a"]

    assert node.values == {"a": [1, 2, 3], "b": 1}
    assert node.axes == {"a": ("a:a",)}
    assert node.out_axes == ("a:a",)


def test_a_list_of_links_maps_too() -> None:
    node = graph_of({"n": entry("toy.number"), "a": entry("toy.add", a=["@n.value", 3])}).nodes["a"]

    assert node.links == {"a": (Source("n", "value"), Constant(3))}
    assert node.axes == {"a": ("a:a",)}


def test_a_list_in_the_document_with_a_wrong_item_is_refused() -> None:
    assert found(report_of({"a": entry("toy.add", a=[1, "two"])})) == [("input-invalid", "a", "a")]


def test_a_type_variable_takes_the_type_of_what_is_connected() -> None:
    nodes = {
        "t": entry("toy.text"),
        "s": entry("toy.switch", yes="@t.text", no="@t.text"),
        "right": entry("toy.repeat", text="@s.value"),
        "wrong": entry("toy.spell", value="@s.value"),
    }

    assert found(report_of(nodes)) == [("socket-mismatch", "wrong", "value")]


def test_a_type_variable_is_the_same_in_the_whole_node() -> None:
    report = report_of(
        {
            "t": entry("toy.text"),
            "n": entry("toy.number"),
            "s": entry("toy.switch", yes="@t.text", no="@n.value"),
        }
    )

    assert found(report) == [("variable-conflict", "s", "no")]
    assert "string" in report.problems[0].message
    assert "int" in report.problems[0].message


def test_a_type_variable_takes_the_wider_of_two_types() -> None:
    nodes = {
        "n": entry("toy.noise"),
        "e": entry("toy.empty"),
        "s": entry("toy.switch", yes="@n.latent", no="@e.latent"),
        "r": entry("toy.resize", latent="@s.value"),
    }

    assert report_of(nodes).problems == ()


def test_a_type_variable_of_a_list_takes_the_type_of_its_items() -> None:
    nodes = {
        "r": entry("toy.range"),
        "f": entry("toy.first", items="@r.items"),
        "right": entry("toy.spell", value="@f.value"),
        "wrong": entry("toy.repeat", text="@f.value"),
    }

    assert found(report_of(nodes)) == [("socket-mismatch", "wrong", "text")]


def test_a_mapped_value_maps_a_generic_node() -> None:
    graph = graph_of(
        {
            "r": entry("toy.range"),
            "a": entry("toy.add", a="@r.items"),
            "s": entry("toy.switch", yes="@a.value", no="@a.value", flag=True),
            "end": entry("toy.spell", value="@s.value"),
        }
    )

    assert graph.nodes["s"].out_axes == ("r.items",)
    assert graph.nodes["end"].out_axes == ("r.items",)


def test_the_types_of_a_long_chain_of_generic_nodes_are_followed() -> None:
    nodes: dict[str, JSON] = {"s0": entry("toy.text")}
    nodes["s1"] = entry("toy.switch", yes="@s0.text", no="@s0.text")
    for i in range(2, 500):
        nodes[f"s{i}"] = entry("toy.switch", yes=f"@s{i - 1}.value", no="@s0.text")
    nodes["end"] = entry("toy.spell", value="@s499.value")

    assert found(report_of(nodes)) == [("socket-mismatch", "end", "value")]


def test_faulty_zip_groups_are_reported_at_the_node() -> None:
    node: dict[str, JSON] = {**entry("toy.add", a=1), "zip": [["a", "bee"]]}

    assert found(report_of({"a": node})) == [("zip-invalid", "a", None)]


def test_a_text_whose_brackets_do_not_pair_is_refused_with_the_place() -> None:
    report = report_of({"p": entry("toy.phrase", text="a (red circle"), "q": entry("toy.phrase", text="b]")})

    assert found(report) == [("input-invalid", "p", "text"), ("input-invalid", "q", "text")]
    assert report.problems[0].message == "text opens '(' at character 3 and never closes it."
    assert "Pair the brackets" in report.problems[0].hint


def test_one_of_several_texts_whose_brackets_do_not_pair_is_refused() -> None:
    report = report_of({"p": entry("toy.phrase", text=["(a)", "(b"])})

    assert found(report) == [("input-invalid", "p", "text")]


@pytest.mark.parametrize("syntax", ["off", "@word.text", ["on", "off"]])
def test_brackets_need_not_pair_where_they_are_characters_or_that_is_not_known(syntax: JSON) -> None:
    nodes = {"word": entry("toy.text", text="off"), "p": entry("toy.phrase", text=":-(", syntax=syntax)}

    assert "input-invalid" not in [code for code, *_ in found(report_of(nodes))]


def test_a_text_that_comes_over_a_link_is_not_read() -> None:
    nodes = {"word": entry("toy.text", text=":-("), "p": entry("toy.phrase", text="@word.text")}

    assert report_of(nodes).problems == ()
