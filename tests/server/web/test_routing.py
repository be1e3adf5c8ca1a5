"""Declarations of routes: what they say can be read off them."""

from types import ModuleType

import pytest
from weft.web.routing import Call, Caller, Policy, Reply, route, routes_of


@route("GET", "/first", policy=Policy.READ, tag="Toys", faults=(404,))
async def first(call: Call[None]) -> Reply:
    """Answer nothing."""
    del call
    return Reply()


@route("POST", "/second", policy=Policy.MANAGE, tag="Toys")
async def second(call: Call[None]) -> Reply:
    """Answer nothing."""
    del call
    return Reply()


def test_a_module_gives_its_routes_in_their_order() -> None:
    module = ModuleType("toys")
    vars(module).update(second=second, other=3, first=first)

    assert [found.name for found in routes_of(module)] == ["second", "first"]


def test_a_route_is_what_was_declared() -> None:
    assert (first.method, first.path, first.policy, first.faults) == ("GET", "/first", Policy.READ, (404,))


@pytest.mark.parametrize(
    ("granted", "reach"),
    [
        (Policy.PUBLIC, {Policy.PUBLIC}),
        (Policy.READ, {Policy.PUBLIC, Policy.READ}),
        (Policy.SUBMIT, {Policy.PUBLIC, Policy.READ, Policy.SUBMIT}),
        (Policy.MANAGE, set(Policy)),
    ],
)
def test_a_scope_holds_those_before_it(granted: Policy, reach: set[Policy]) -> None:
    assert {policy for policy in Policy if Caller("ann", granted).may(policy)} == reach


def test_only_whoever_manages_sees_what_belongs_to_others() -> None:
    assert Caller("ann", Policy.MANAGE).sees is None
    assert Caller("ann", Policy.SUBMIT).sees == "ann"
