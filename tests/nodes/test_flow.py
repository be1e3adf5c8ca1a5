"""Switches evaluate the branch they take and no other."""

import asyncio

import pytest
from weft.sdk import Lazy
from weft_nodes import flow
from weft_nodes.flow import OptionMissingError


def forbidden() -> Lazy[str]:
    """A branch that must not be evaluated."""

    async def evaluate() -> str:
        raise AssertionError("this branch was not chosen")

    return Lazy(evaluate)


def test_a_switch_evaluates_the_branch_it_takes_and_no_other() -> None:
    assert asyncio.run(flow.switch(True, Lazy.of("yes"), forbidden())) == "yes"
    assert asyncio.run(flow.switch(False, forbidden(), Lazy.of("no"))) == "no"


def test_a_selection_evaluates_the_option_of_its_number_and_no_other() -> None:
    chosen = flow.select(forbidden(), Lazy.of("one"), forbidden(), option_5=forbidden(), index=1)

    assert asyncio.run(chosen) == "one"


def test_an_option_that_is_not_connected_cannot_be_selected() -> None:
    with pytest.raises(OptionMissingError, match="option_4"):
        asyncio.run(flow.select(Lazy.of("zero"), index=4))


def test_passing_on_changes_nothing() -> None:
    value = [object()]

    assert flow.pass_on(value) is value


def test_a_note_takes_any_text_and_gives_nothing() -> None:
    flow.note("**Two passes**: the second adds detail.")

    assert flow.note.__weft_node__.schema.outputs == ()  # type: ignore[attr-defined]
