"""What whoever runs the server looks at: health, readiness, metrics."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from weft.web.app_keys import METRICS
from weft.web.metrics import CONTENT_TYPE
from weft.web.routing import Call, Media, Policy, Reply, route
from weft.web.wire_base import Wire

_METRICS = Media(("text/plain",), "The text format of Prometheus.")


class HealthView(Wire):
    """The server lives.

    Attributes:
        status: Always `ok`.
    """

    status: Literal["ok"] = "ok"


class WorkerState(Wire):
    """One worker process.

    Attributes:
        name: Its name.
        state: Whether it takes jobs.
        phase: What it is doing while it starts.
        device: Where it computes, such as `cpu` or `cuda:0`; empty before it is ready.
        device_name: What that device is called.
        jobs: How many jobs it runs.
        restarts: How often it was started again.
    """

    name: str
    state: Literal["starting", "ready", "down"]
    phase: str
    device: str
    device_name: str
    jobs: int
    restarts: int


class ReadinessView(Wire):
    """Whether jobs are run.

    Attributes:
        ready: Whether at least one worker takes jobs.
        paused: Whether the queue is paused.
        workers: Every worker process.
    """

    ready: bool
    paused: bool
    workers: tuple[WorkerState, ...]


def curl_line(url: str, token: str | None = None) -> str:
    """Give the command that makes a first picture.

    Args:
        url: Where the server answers, without a slash at the end.
        token: The token to show, or a word in its place; None where none is needed.
    """
    shown = f" -H 'Authorization: Bearer {token}'" if token else ""
    body = """'{"name": "text-to-image", "inputs": {"prompt": "a red circle"}}'"""
    return f"curl '{url}/api/jobs?wait=300'{shown} -H 'Content-Type: application/json' -d {body}"


@route("GET", "/healthz", policy=Policy.PUBLIC, tag="Operations", answers={200: HealthView})
async def show_health(call: Call[None]) -> Reply:
    """Say that the server lives.

    It answers as long as the process can answer anything at all, whatever the workers do.
    """
    del call
    return Reply(HealthView())


@route(
    "GET",
    "/readyz",
    policy=Policy.PUBLIC,
    tag="Operations",
    answers={200: ReadinessView, 503: ReadinessView},
)
async def show_readiness(call: Call[None]) -> Reply:
    """Say whether jobs are run.

    200 once a worker takes jobs; 503 before, with what each worker is doing. Jobs can be submitted all the
    while: they wait in the queue.
    """
    workers = tuple(
        WorkerState(
            name=worker.name,
            state=worker.state,
            phase=worker.phase,
            device=worker.device,
            device_name=worker.device_name,
            jobs=len(worker.running),
            restarts=worker.restarts,
        )
        for worker in call.services.workers.workers
    )
    is_ready = any(worker.state == "ready" for worker in workers)
    view = ReadinessView(ready=is_ready, paused=call.services.jobs.is_paused, workers=workers)
    return Reply(view, status=200 if is_ready else 503)


@route("GET", "/metrics", policy=Policy.READ, tag="Operations", answers={200: _METRICS})
async def show_metrics(call: Call[None]) -> web.Response:
    """Give what Prometheus collects: jobs, queue, workers, requests, streams, memory."""
    counts = call.services.jobs.counts()
    body = call.request.app[METRICS].text(call.services, counts)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
