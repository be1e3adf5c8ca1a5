"""A workflow that nobody drew is refused before anything is made of it."""

import pytest
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import MOST_NODES, refuse_too_many


def test_too_many_nodes_are_refused() -> None:
    refuse_too_many(MOST_NODES)

    with pytest.raises(ForeignUnreadableError, match="more than 2,000 nodes"):
        refuse_too_many(MOST_NODES + 1)
