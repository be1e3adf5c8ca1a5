"""What handlers find in the application."""

from weft.web.app_keys import ACCESS, CLOSING, METRICS, ROUTES


def test_every_key_stands_for_something_else() -> None:
    assert len({str(key) for key in (ACCESS, CLOSING, METRICS, ROUTES)}) == 4
