"""What all handlers share: the parts of a running server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.settings import Settings

if TYPE_CHECKING:
    from weft.jobs.events import EventHub
    from weft.jobs.files.assets import Assets
    from weft.jobs.files.library import WorkflowLibrary
    from weft.jobs.files.thumbnails import Thumbnails
    from weft.jobs.hub.models import ModelLibrary
    from weft.jobs.service import Jobs
    from weft.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running server.

    Attributes:
        settings: The settings.
        jobs: Submits, cancels, lists and watches jobs.
        events: Replays and streams what happened.
        workers: The worker processes and their catalogue.
        assets: Uploaded and made files by digest.
        thumbnails: Small copies of them.
        workflows: The saved workflows.
        models: The model files there are.
    """

    settings: Settings
    jobs: Jobs
    events: EventHub
    workers: WorkerPool
    assets: Assets
    thumbnails: Thumbnails
    workflows: WorkflowLibrary
    models: ModelLibrary
