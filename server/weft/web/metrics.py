"""What Prometheus reads: counters of this process, and gauges that are looked up when it asks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from weft.jobs.records import Event, JobState
    from weft.web.services import Services

CONTENT_TYPE = CONTENT_TYPE_LATEST

_JOB_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600)
_REQUEST_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Metrics:
    """The counters of one server; a registry of its own, so that two servers in a process do not meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "weft_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "weft_http_request_seconds",
            "How long answers took, streams left out.",
            ("route",),
            buckets=_REQUEST_SECONDS,
            registry=self._registry,
        )
        self._jobs = Counter("weft_jobs_ended", "Jobs that ended.", ("state",), registry=self._registry)
        self._job_seconds = Histogram(
            "weft_job_seconds", "How long jobs ran.", buckets=_JOB_SECONDS, registry=self._registry
        )

    def count_request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count an answer; `seconds` is None for a stream, whose length says nothing."""
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._request_seconds.labels(route).observe(seconds)

    def count_event(self, event: Event) -> None:
        """Count what an event of a job says of its end."""
        state = event.data.get("state")
        if event.type != "job" or state not in {"succeeded", "failed", "cancelled"}:
            return
        self._jobs.labels(str(state)).inc()
        seconds = event.data.get("seconds")
        if isinstance(seconds, int | float):
            self._job_seconds.observe(seconds)

    def text(self, services: Services, counts: dict[JobState, int]) -> bytes:
        """Give everything in the text format of Prometheus.

        Args:
            services: What gauges are looked up in.
            counts: How many jobs are in each state.
        """
        now = CollectorRegistry()
        now.register(_Now(services, counts))
        return generate_latest(self._registry) + generate_latest(now)


class _Now(Collector):
    def __init__(self, services: Services, counts: dict[JobState, int]) -> None:
        self._services = services
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        jobs = GaugeMetricFamily("weft_jobs", "Jobs there are.", labels=["state"])
        for state, count in self._counts.items():
            jobs.add_metric([state], count)
        yield jobs
        yield GaugeMetricFamily(
            "weft_queue_depth", "Jobs that wait for a worker.", value=self._counts.get("queued", 0)
        )
        up = GaugeMetricFamily("weft_worker_ready", "Whether a worker takes jobs.", labels=["worker"])
        restarts = GaugeMetricFamily(
            "weft_worker_restarts", "How often a worker was started again.", labels=["worker"]
        )
        running = GaugeMetricFamily("weft_worker_jobs", "Jobs that run on a worker.", labels=["worker"])
        for worker in self._services.workers.workers:
            up.add_metric([worker.name], worker.state == "ready")
            restarts.add_metric([worker.name], worker.restarts)
            running.add_metric([worker.name], len(worker.running))
        yield from (up, restarts, running)
        yield GaugeMetricFamily(
            "weft_event_subscribers",
            "Streams of events that are open.",
            # One of them is the count of jobs above.
            value=max(0, self._services.events.observers - 1),
        )
        yield GaugeMetricFamily("weft_resident_memory_bytes", "Memory of the server.", value=resident_bytes())


def resident_bytes() -> int:
    """Give the memory of this process that is in RAM; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 — one read a scrape
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
