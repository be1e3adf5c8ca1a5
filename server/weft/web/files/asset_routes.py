"""Assets: upload pictures, look through what there is, and fetch them, small copies and their workflows."""

from __future__ import annotations

from aiohttp import web

from weft.jobs.files.picture_headers import read_picture_header
from weft.web.files.asset_wire import (
    AssetPageView,
    AssetsQuery,
    AssetView,
    CarriedWorkflow,
    ThumbnailQuery,
    UploadQuery,
    asset_page_view,
    asset_view,
)
from weft.web.files.file_answers import file_answer
from weft.web.files.uploads import UPLOAD_TYPES, read_upload
from weft.web.routing import Call, Caller, Media, Policy, Reply, route

TAG = "Assets"
PICTURES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")


@route(
    "POST",
    "/api/assets",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=Media(UPLOAD_TYPES, "The picture itself, or a form with it as its one file."),
    query=UploadQuery,
    answers={201: AssetView, 200: AssetView},
    faults=(422, 507),
)
async def upload_asset(call: Call[None]) -> Reply:
    """Upload a picture: PNG, JPEG or WebP.

    What it is, its content says, and neither its name nor its content type; everything else is refused with
    415. The same bytes again are the same asset (200). An input for a picture takes the `input` of the
    answer.
    """
    query: UploadQuery = call.query
    upload = await read_upload(call.request)
    name = query.name if query.name is not None else upload.name
    asset, is_new = await call.services.assets.upload(upload.pieces, owner=call.caller.owner, name=name)
    view = asset_view(asset)
    return Reply(view, status=201 if is_new else 200, headers={"Location": view.url})


@route(
    "GET",
    "/api/assets",
    policy=Policy.READ,
    tag=TAG,
    query=AssetsQuery,
    answers={200: AssetPageView},
    faults=(404, 422),
)
async def list_assets(call: Call[None]) -> Reply:
    """List the pictures that were uploaded or made, the newest first.

    With `job`, what that job made, in the order of its outputs and on one page.
    """
    query: AssetsQuery = call.query
    owner = _owner(call.caller)
    if query.job is not None:
        return Reply(asset_page_view(await call.services.assets.of_job(query.job, owner)))
    page = await call.services.assets.page(owner, kind=query.kind, after=query.cursor, limit=query.limit)
    return Reply(asset_page_view(page))


@route(
    "GET",
    "/api/assets/{digest}",
    policy=Policy.READ,
    tag=TAG,
    answers={
        200: Media(PICTURES, "The file."),
        206: Media(PICTURES, "The part of the file that was asked for."),
        304: None,
    },
    faults=(404, 416),
    headers=("Range",),
)
async def fetch_asset(call: Call[None]) -> web.StreamResponse:
    """Fetch a picture, or a part of it.

    What lies at this address never changes, so that it can be kept for ever.
    """
    asset = await call.services.assets.find(call.request.match_info["digest"], _owner(call.caller))
    path = call.services.assets.path(asset.digest)
    with path.open("rb") as file:
        # Its own bytes say what it is, whatever anybody wrote down.
        header = read_picture_header(file)
    media_type = "application/octet-stream" if header is None else header.media_type
    return await file_answer(
        call.request, path, tag=asset.digest, media_type=media_type, name=asset.digest[:16]
    )


@route(
    "DELETE", "/api/assets/{digest}", policy=Policy.SUBMIT, tag=TAG, answers={204: None}, faults=(404, 409)
)
async def delete_asset(call: Call[None]) -> Reply:
    """Delete an upload of one's own.

    What a job made goes with its job. A workflow that names the picture does not run any more.
    """
    await call.services.assets.delete(call.request.match_info["digest"], call.caller.owner)
    return Reply(status=204)


@route(
    "GET",
    "/api/assets/{digest}/thumbnail",
    policy=Policy.READ,
    tag=TAG,
    query=ThumbnailQuery,
    answers={
        200: Media(("image/webp",), "The small copy."),
        206: Media(("image/webp",), "The part of it that was asked for."),
        304: None,
    },
    faults=(404, 416, 422, 503, 507),
    headers=("Range",),
)
async def fetch_thumbnail(call: Call[None]) -> web.StreamResponse:
    """Fetch a small copy of a picture, as WebP.

    A worker draws it when it is first asked for; until one is ready, 503 says when to ask again.
    """
    query: ThumbnailQuery = call.query
    asset = await call.services.assets.find(call.request.match_info["digest"], _owner(call.caller))
    source = call.services.assets.path(asset.digest)
    path = await call.services.thumbnails.path(asset.digest, source, query.size)
    tag = f"{asset.digest}-{query.size}"
    name = f"{asset.digest[:16]}-{query.size}"
    return await file_answer(call.request, path, tag=tag, media_type="image/webp", name=name)


@route(
    "GET",
    "/api/assets/{digest}/workflow",
    policy=Policy.READ,
    tag=TAG,
    answers={200: CarriedWorkflow},
    faults=(404, 422),
)
async def fetch_asset_workflow(call: Call[None]) -> Reply:
    """Fetch the workflow that a picture carries, so that it can be made again or changed."""
    asset = await call.services.assets.find(call.request.match_info["digest"], _owner(call.caller))
    return Reply(CarriedWorkflow(workflow=await call.services.assets.workflow(asset.digest)))


def _owner(caller: Caller) -> str | None:
    return None if caller.sees_all else caller.owner
