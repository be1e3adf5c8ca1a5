"""Models: which there are, and loading new ones from a hub."""

from __future__ import annotations

from aiohttp import web

from weft.jobs.hub.pull_choice import PullRequest
from weft.web.files.asset_wire import ThumbnailQuery
from weft.web.files.file_answers import file_answer
from weft.web.files.model_wire import ModelList, PullList, PullRequestBody, PullView, model_view, pull_view
from weft.web.routing import Call, Media, Policy, Reply, route

TAG = "Models"


@route("GET", "/api/models", policy=Policy.READ, tag=TAG, answers={200: ModelList}, faults=(503,))
async def list_models(call: Call[None]) -> Reply:
    """List the models that workflows can name, with what their files say of themselves.

    Only the headers of files are read. Until a worker has said which models there are, 503 says when to ask
    again.
    """
    models = await call.services.models.all()
    return Reply(ModelList(models=tuple(model_view(model) for model in models)))


@route(
    "GET",
    "/api/models/pictures/{picture_id}",
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
async def fetch_model_picture(call: Call[None]) -> web.StreamResponse:
    """Fetch a small copy of the picture that lies beside a model, as WebP.

    A file named like the model shows it: `ink.preview.png`, `ink.png`, `ink.jpg` or `ink.webp` beside
    `ink.safetensors`. A worker draws the copy when it is first asked for; until one is ready, 503 says when
    to ask again.
    """
    query: ThumbnailQuery = call.query
    picture = call.request.match_info["picture_id"]
    source = await call.services.models.picture(picture)
    path = await call.services.thumbnails.path(picture, source, query.size)
    tag, name = f"{picture}-{query.size}", f"{picture[:16]}-{query.size}"
    return await file_answer(call.request, path, tag=tag, media_type="image/webp", name=name)


@route(
    "POST",
    "/api/models/pull",
    policy=Policy.MANAGE,
    tag=TAG,
    body=PullRequestBody,
    answers={202: PullView},
    faults=(507,),
    example={"repo": "owner/model", "file": "model.safetensors", "folder": "loras"},
)
async def pull_model(call: Call[PullRequestBody]) -> Reply:
    """Load a model from the hub, huggingface.co unless the server was started with `HF_ENDPOINT`.

    Only safetensors files and the texts of pipelines are loaded; pickles, which can run code, are refused.
    Every file is checked against the digest that the hub gives before it appears among the models. The same
    request goes on where an earlier one was interrupted. Watch the answer's `links.self`.
    """
    body = call.body
    files = (*([body.file] if body.file is not None else []), *body.files)
    request = PullRequest(body.repo, files, body.revision, body.folder)
    view = pull_view(await call.services.models.pulls.begin(request))
    return Reply(view, status=202, headers={"Location": view.links.self})


@route("GET", "/api/models/pulls", policy=Policy.MANAGE, tag=TAG, answers={200: PullList})
async def list_pulls(call: Call[None]) -> Reply:
    """List the downloads, the newest first."""
    return Reply(PullList(pulls=tuple(pull_view(pull) for pull in call.services.models.pulls.all())))


@route(
    "GET",
    "/api/models/pulls/{pull_id}",
    policy=Policy.MANAGE,
    tag=TAG,
    answers={200: PullView},
    faults=(404,),
)
async def show_pull(call: Call[None]) -> Reply:
    """Show how far a download is."""
    return Reply(pull_view(call.services.models.pulls.get(call.request.match_info["pull_id"])))


@route(
    "DELETE",
    "/api/models/pulls/{pull_id}",
    policy=Policy.MANAGE,
    tag=TAG,
    answers={200: PullView},
    faults=(404,),
)
async def cancel_pull(call: Call[None]) -> Reply:
    """Stop a download and delete what was loaded of it, or forget one that has ended.

    A model that was loaded already stays.
    """
    return Reply(pull_view(await call.services.models.pulls.cancel(call.request.match_info["pull_id"])))
