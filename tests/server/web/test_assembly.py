"""The parts of a server fit together, and a data folder belongs to one of them at a time."""

from pathlib import Path

import pytest
from weft.jobs.faults import DataFolderInUseError
from weft.settings import load_settings
from weft.web.assembly import open_services


async def test_the_parts_share_one_queue_and_one_folder(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "data"})

    services = open_services(settings)

    assert services.events is services.jobs.events
    assert services.workers is services.jobs.workers
    assert services.jobs.counts()["queued"] == 0
    assert "text-to-image" in services.workflows.names()
    with pytest.raises(DataFolderInUseError):
        open_services(settings)
    await services.jobs.close()
    await services.models.close()
    await open_services(settings).jobs.close()
