"""OpenAI's images dialect: pictures from a prompt, or from a picture and a prompt, made by a workflow."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from weft.jobs.records import Job
from weft.jobs.requests import Request
from weft.web.app_keys import CLOSING
from weft.web.catalog_routes import catalog_of
from weft.web.description.function_schema import Function, read_functions
from weft.web.images.images_faults import ImageModelUnknownError, ImagesFailedError
from weft.web.images.images_form import read_form
from weft.web.images.images_mapping import ImagesCall, choose_function, makes_pictures, map_call
from weft.web.images.images_wire import (
    EditsForm,
    GenerationsRequest,
    ImageModelsView,
    ImageModelView,
    ImagesOptions,
    ImagesResponse,
    MadeImage,
)
from weft.web.job_routes import IDEMPOTENCY_HEADER, idempotency_key
from weft.web.routing import Call, Media, Policy, Reply, route
from weft.web.waiting import wait_for_end

TAG = "OpenAI images"

B = TypeVar("B")

_FORM = Media(("multipart/form-data",), "A form with a file.", fields=EditsForm)
_FAULTS = (404, 409, 422, 429, 503, 507)
_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class _Made:
    """A picture that was made.

    Attributes:
        digest: Digest of its file.
        seed: Its seed; None where the workflow has none.
    """

    digest: str
    seed: int | None


@route(
    "POST",
    "/v1/images/generations",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=GenerationsRequest,
    headers=(IDEMPOTENCY_HEADER,),
    answers={200: ImagesResponse},
    faults=_FAULTS,
    example={"prompt": "a red circle", "n": 1, "seed": 7},
)
async def generate_images(call: Call[GenerationsRequest]) -> Reply:
    """Make pictures from a prompt, as OpenAI's clients ask for them.

    Behind it stands the workflow of the setting `images_workflow`, or the one that `model` names. The
    parameters go to its inputs by name: `prompt`, `seed`, and `size` to `width` and `height`. What the
    workflow has no input for is refused (400), never dropped. The pictures are jobs like any others. 422 says
    that a job failed, and how.
    """
    function = await _function(call, call.body.model, call.services.settings.images_workflow)
    made = map_call(function, call.body, key=idempotency_key(call))
    return Reply(await _response(call, call.body, await _run(call, made)))


@route(
    "POST",
    "/v1/images/edits",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=_FORM,
    headers=(IDEMPOTENCY_HEADER,),
    answers={200: ImagesResponse},
    faults=_FAULTS,
)
async def edit_images(call: Call[None]) -> Reply:
    """Make pictures from a picture and a prompt, as OpenAI's clients ask for them.

    Behind it stands the workflow of the setting `edits_workflow`, or the one that `model` names. It needs an
    input `image`, and `mask` for a mask. The uploaded picture becomes an asset of the caller.
    """
    form = await read_form(call.request, call.services.assets, owner=call.caller.owner)
    function = await _function(call, form.options.model, call.services.settings.edits_workflow)
    made = map_call(function, form.options, form.pictures, key=idempotency_key(call))
    return Reply(await _response(call, form.options, await _run(call, made)))


@route("GET", "/v1/models", policy=Policy.READ, tag=TAG, answers={200: ImageModelsView}, faults=(503,))
async def list_image_models(call: Call[None]) -> Reply:
    """List the saved workflows that can be named as a `model`: they take a prompt and make a picture."""
    functions = await _functions(call)
    names = [function.name for function in functions if makes_pictures(function)]
    return Reply(ImageModelsView(data=tuple(ImageModelView(id=name) for name in names)))


@route(
    "GET", "/v1/models/{model}", policy=Policy.READ, tag=TAG, answers={200: ImageModelView}, faults=(404, 503)
)
async def show_image_model(call: Call[None]) -> Reply:
    """Say whether a saved workflow can be named as a `model`."""
    name = call.request.match_info["model"]
    names = [function.name for function in await _functions(call) if makes_pictures(function)]
    if name not in names:
        raise ImageModelUnknownError(name=name, known=names)
    return Reply(ImageModelView(id=name))


async def _functions(call: Call[B]) -> tuple[Function, ...]:
    catalog = await catalog_of(call.services)
    return await asyncio.to_thread(read_functions, call.services.workflows.of(call.caller.owner), catalog)


async def _function(call: Call[B], model: str | None, default: str) -> Function:
    return choose_function(await _functions(call), model, default)


async def _run(call: Call[B], made: ImagesCall) -> list[_Made]:
    """Run the workflow once for each seed, all of them together, and wait for every picture.

    Raises:
        ImagesFailedError: One of the jobs did not succeed.
    """
    request = Request(
        name=made.workflow,
        inputs=made.inputs,
        targets=(made.output,),
        idempotency_key=idempotency_key(call),
        owner=call.caller.owner,
        uses_all=call.caller.sees_all,
    )
    jobs = call.services.jobs
    if made.seeds is None:
        submitted = [(await jobs.submit(request))[0]]
    else:
        submitted = (await jobs.submit_batch(request, {"seed": made.seeds}, "zip"))[0]
    seeds = made.seeds or (None,)
    ended = [await _ended(call, job) for job in submitted]
    return [
        _Made(digest, seed)
        for job, seed in zip(ended, seeds, strict=True)
        for digest in _pictures(job, made.output)
    ]


async def _ended(call: Call[B], job: Job) -> Job:
    while not job.is_final:
        job = await wait_for_end(call, job, _WAIT_S)
        if not job.is_final and call.request.app[CLOSING].is_set():
            reason = f'The server is being stopped; the job "{job.id}" goes on when it is back.'
            raise ImagesFailedError(reason=reason, job=job.id)
    if job.state == "succeeded":
        return job
    if job.state == "cancelled":
        raise ImagesFailedError(reason=f'The job "{job.id}" was cancelled.', job=job.id)
    first = next((entry for entry in job.problems if entry.get("severity") == "error"), {})
    reason, hint = str(first.get("message", "The job failed.")), str(first.get("hint", ""))
    raise ImagesFailedError(reason=reason, hint=hint, job=job.id)


def _pictures(job: Job, output: str) -> Iterator[str]:
    """Give the digests of the pictures that a job made.

    Raises:
        ImagesFailedError: It made none.
    """
    found = [entry.digest for entry in job.outputs if entry.output == output and entry.digest]
    if not found:
        raise ImagesFailedError(reason=f'The job "{job.id}" made no picture.', job=job.id)
    yield from found


async def _response(call: Call[B], options: ImagesOptions, made: list[_Made]) -> ImagesResponse:
    if options.response_format == "url":
        origin = f"{call.request.scheme}://{call.request.host}"
        data = tuple(MadeImage(url=f"{origin}/api/assets/{entry.digest}", seed=entry.seed) for entry in made)
    else:
        texts = [await asyncio.to_thread(_base64, call, entry.digest) for entry in made]
        data = tuple(
            MadeImage(b64_json=text, seed=entry.seed) for text, entry in zip(texts, made, strict=True)
        )
    return ImagesResponse(created=int(time.time()), data=data)


def _base64(call: Call[B], digest: str) -> str:
    return base64.b64encode(call.services.assets.path(digest).read_bytes()).decode()
