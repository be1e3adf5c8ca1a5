"""Puts the parts of a server together; nothing runs yet afterwards."""

from __future__ import annotations

from weft.settings import Settings
from weft.web.services import Services


def open_services(settings: Settings, *, installed: bool = True) -> Services:
    """Open the data folder and make the parts of a server that work with it.

    Call it on the event loop that the server runs on. `Jobs.start` and `Jobs.close` begin and end the work.

    Args:
        settings: The settings.
        installed: Whether workers load installed packs, weft's own nodes among them.

    Raises:
        DataFolderInUseError: Another server has the data folder.
        WeftError: The data folder cannot be used.
    """
    from weft.jobs.files.assets import Assets
    from weft.jobs.files.blobs import Blobs
    from weft.jobs.files.library import WorkflowLibrary
    from weft.jobs.files.thumbnails import FOLDER_NAME, Thumbnails
    from weft.jobs.hub.models import ModelLibrary
    from weft.jobs.ledger.ledger import Ledger
    from weft.jobs.service import Jobs

    ledger = Ledger.open(settings.data_dir)
    blobs = Blobs(settings.data_dir / "blobs")
    workflows = WorkflowLibrary(ledger, settings.workflows_dirs)
    jobs = Jobs(settings, ledger=ledger, blobs=blobs, workflows=workflows, installed=installed)
    return Services(
        settings=settings,
        jobs=jobs,
        events=jobs.events,
        workers=jobs.workers,
        assets=Assets(settings, ledger, blobs),
        thumbnails=Thumbnails(settings.data_dir / FOLDER_NAME, jobs.workers),
        workflows=workflows,
        models=ModelLibrary(settings, jobs.workers),
    )
