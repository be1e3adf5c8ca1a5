"""Nodes are read in an order that works, find what is near, and stay unknown where that cannot be helped."""

from collections.abc import Mapping
from typing import Any

import pytest
from comfy_files import flux, lora_and_control, node, text_to_image
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import Source
from weft.foreign.kinship import Kinship
from weft.foreign.prompts_api import read_prompt
from weft.foreign.rule_book import load_rule_book

RULES = load_rule_book().rules


def kin_of(tree: Mapping[str, Any]) -> Kinship:
    """How the nodes of a workflow hang together."""
    return Kinship(read_prompt(tree).nodes, RULES)


def test_every_node_comes_behind_what_feeds_it() -> None:
    order = kin_of(text_to_image()).order()

    assert sorted(order) == list("3456789")
    assert order.index("4") < order.index("5") < order.index("3") < order.index("8")


def test_an_empty_latent_finds_the_model_of_its_sampler_where_it_was_loaded() -> None:
    assert kin_of(lora_and_control()).near("5", "model") == Source("4", 0)
    # Here the sampler has a guider, and that has the model.
    assert kin_of(flux()).near("9", "model") == Source("1", 0)


def test_a_lora_without_an_encoder_finds_that_of_the_checkpoint() -> None:
    lora = node("LoraLoaderModelOnly", model=("4", 0), lora_name="a", strength_model=1.0)

    assert kin_of({**text_to_image(), "10": lora}).near("10", "encoder") == Source("4", 1)


def test_a_circle_is_refused_with_its_nodes() -> None:
    circle = {"1": node("VAEDecode", samples=("2", 0)), "2": node("VAEEncode", pixels=("1", 0))}

    with pytest.raises(ForeignUnreadableError, match="circle"):
        kin_of(circle).order()


def test_what_only_dissolves_into_an_unknown_node_stays_as_it_is() -> None:
    tree = {**flux(), "10": node("FancySampler", noise=("6", 0), guider=("5", 0), latent_image=("9", 0))}

    assert kin_of(tree).unknown == {"5", "6", "10"}


def test_what_only_looks_at_an_unknown_node_stays_as_it_is() -> None:
    tree = {**flux(), "5": node("FancyGuider", model=("4", 0))}

    assert kin_of(tree).unknown == {"5", "6", "7", "10"}
