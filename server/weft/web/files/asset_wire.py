"""Assets as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from weft.paths import ASSET_PREFIX
from weft.web.wire import JobId
from weft.web.wire_base import JSONValue, Wire

if TYPE_CHECKING:
    from weft.jobs.records import Asset, AssetPage

MOST_LISTED = 200
"""Assets of one page, at most."""

LARGEST_THUMBNAIL = 512
THUMBNAIL_STEP = 32


class AssetView(Wire):
    """A picture that was uploaded or made.

    Attributes:
        digest: SHA-256 of its content; its name.
        input: What an input of a workflow takes to mean this picture.
        kind: Whether it was uploaded, or made by a job.
        name: What it was called when it was uploaded, or the output that it is.
        owner: Whom it belongs to.
        media_type: Such as `image/png`.
        size: Bytes.
        width: Pixels.
        height: Pixels.
        created_at: When it came.
        url: Where it is fetched from.
        thumbnail_url: Where a small copy is fetched from.
        workflow_url: Where the workflow is fetched from that made it, if it says so.
    """

    digest: str
    input: str
    kind: Literal["upload", "output"]
    name: str
    owner: str
    media_type: str
    size: int
    width: int
    height: int
    created_at: datetime
    url: str
    thumbnail_url: str
    workflow_url: str


class AssetPageView(Wire):
    """A part of the gallery.

    Attributes:
        assets: The pictures, the newest first; of a job, in the order of its outputs.
        next: What to send as `cursor` for the part after it; null at the end.
        total: How many pictures the whole list has.
    """

    assets: tuple[AssetView, ...]
    next: str | None
    total: int


class AssetsQuery(Wire):
    """Which pictures to list.

    Attributes:
        kind: Only uploads, or only what jobs made.
        job: Only what this job made.
        cursor: What the page before gave as `next`.
        limit: Pictures of this page, at most.
    """

    kind: Literal["upload", "output"] | None = None
    job: JobId | None = None
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=MOST_LISTED)


class UploadQuery(Wire):
    """What is known of an upload besides its bytes.

    Attributes:
        name: What people call it; of a form, the name of its file where this is missing.
    """

    name: str | None = Field(default=None, max_length=500)


class ThumbnailQuery(Wire):
    """How large a small copy is.

    Attributes:
        size: Its longest edge in pixels, a multiple of 32.
    """

    size: int = Field(default=256, ge=THUMBNAIL_STEP, le=LARGEST_THUMBNAIL, multiple_of=THUMBNAIL_STEP)


class CarriedWorkflow(Wire):
    """The workflow that a picture carries.

    Attributes:
        workflow: The workflow as it ran, complete by itself; it can be submitted as it is.
    """

    workflow: dict[str, JSONValue]


def asset_view(asset: Asset) -> AssetView:
    """Write an asset."""
    url = f"/api/assets/{asset.digest}"
    return AssetView(
        digest=asset.digest,
        input=f"{ASSET_PREFIX}{asset.digest}",
        kind=asset.kind,
        name=asset.name,
        owner=asset.owner,
        media_type=asset.media_type,
        size=asset.size,
        width=asset.width,
        height=asset.height,
        created_at=datetime.fromtimestamp(asset.created_at, UTC),
        url=url,
        thumbnail_url=f"{url}/thumbnail",
        workflow_url=f"{url}/workflow",
    )


def asset_page_view(page: AssetPage) -> AssetPageView:
    """Write a page of assets."""
    views = tuple(asset_view(asset) for asset in page.assets)
    return AssetPageView(assets=views, next=page.next, total=page.total)
