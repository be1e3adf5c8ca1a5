"""What tests of the engine share."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def limits_kept() -> Iterator[None]:
    """Take back the limit on memory that a test sets to this process, in which torch is imported already."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)
