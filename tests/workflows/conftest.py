"""Desks for the tests of shipped workflows: one with a tiny random model, one with the starter model."""

from collections.abc import Iterator

import pytest
from workflow_runs import STARTER, Desk, open_desk, open_tiny_desk


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a tiny random model: quick, and its pictures show nothing."""
    desk = open_tiny_desk(tmp_path_factory.mktemp("tiny"))
    yield desk
    desk.engine.close()


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with the starter model: its pictures show what prompts say."""
    if not (STARTER / "model_index.json").is_file():
        pytest.skip("the starter model has no weights here")
    desk = open_desk(tmp_path_factory.mktemp("starter"))
    yield desk
    desk.engine.close()
