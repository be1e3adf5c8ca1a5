"""One batcher serves all runs of a worker."""

from pathlib import Path

import torch
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.models.service import SamplerService


def test_a_run_has_one_batcher(tmp_path: Path) -> None:
    run = LocalRun(paths=Paths.below(tmp_path))

    assert run.service(SamplerService) is run.service(SamplerService)
    assert isinstance(run.service(SamplerService).batcher, Batcher)
    run.close()


def test_there_is_nothing_to_free_in_a_batcher(tmp_path: Path) -> None:
    service = LocalRun(paths=Paths.below(tmp_path)).service(SamplerService)

    assert (service.held_bytes(), service.release(10**9)) == (0, 0)
    service.close()


def test_a_closed_service_has_stopped_its_thread(tmp_path: Path) -> None:
    service = LocalRun(paths=Paths.below(tmp_path)).service(SamplerService)
    service.close()
    service.close()

    assert torch.get_num_threads() > 0
