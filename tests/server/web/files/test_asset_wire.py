"""Assets are written with everything that a client needs to go on from them."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from weft.jobs.records import Asset, AssetPage
from weft.web.files.asset_wire import AssetsQuery, ThumbnailQuery, asset_page_view, asset_view

DIGEST = "ab" * 32
ASSET = Asset(DIGEST, "ann", "upload", "cat.png", "image/png", 5, 3, 2, created_at=10.0)


def test_an_asset_is_written_with_its_addresses() -> None:
    view = asset_view(ASSET)

    assert view.input == f"asset:{DIGEST}"
    assert (view.url, view.thumbnail_url) == (f"/api/assets/{DIGEST}", f"/api/assets/{DIGEST}/thumbnail")
    assert view.workflow_url == f"/api/assets/{DIGEST}/workflow"
    assert view.created_at == datetime.fromtimestamp(10, UTC)
    assert '"created_at":"1970-01-01T00:00:10Z"' in view.model_dump_json()


def test_a_page_says_where_the_next_begins() -> None:
    page = asset_page_view(AssetPage((ASSET,), "cursor", 7))

    assert ([view.digest for view in page.assets], page.next, page.total) == ([DIGEST], "cursor", 7)


@pytest.mark.parametrize("size", ["32", "64", "256", "512"])
def test_sizes_in_steps_are_taken(size: str) -> None:
    assert ThumbnailQuery.model_validate({"size": size}, strict=False).size == int(size)


@pytest.mark.parametrize("size", ["0", "33", "544", "x", ""])
def test_other_sizes_are_refused(size: str) -> None:
    with pytest.raises(ValidationError):
        ThumbnailQuery.model_validate({"size": size}, strict=False)


@pytest.mark.parametrize(
    "query", [{"kind": "other"}, {"limit": "0"}, {"limit": "201"}, {"job": "a/b"}, {"x": "1"}]
)
def test_queries_that_do_not_fit_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AssetsQuery.model_validate(query, strict=False)
