"""The messages about what is installed say what the code does."""

import json
from typing import get_args

from server.graph.toys import catalog
from weft.sockets import Verdict, fits, parse_type
from weft.web.catalog_wire import RULES, NodeView, node_view


def test_every_verdict_that_allows_a_link_is_a_published_rule() -> None:
    verdicts = set(get_args(Verdict)) - {"no"}

    assert {rule.name for rule in RULES} == verdicts
    assert len(RULES) == len(verdicts)


def test_every_rule_decides_its_own_example() -> None:
    supertypes = {"square": ("shape",)}

    assert [
        rule.name
        for rule in RULES
        if fits(parse_type(rule.source), parse_type(rule.target), supertypes).verdict != rule.name
    ] == []


def test_every_node_type_is_told_as_the_description_says() -> None:
    for schema in map(catalog().schema, catalog().types()):
        assert schema is not None
        NodeView.model_validate_json(json.dumps(node_view(schema)))
