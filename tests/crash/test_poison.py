"""A job that kills its worker is given up after three times, and costs no other job anything."""

from __future__ import annotations

import json
from pathlib import Path

from crash.clients import Keeper
from crash.evidence import FINAL
from crash.toys import job


def test_a_job_that_kills_its_worker_fails_after_three_times_and_the_queue_goes_on(tmp_path: Path) -> None:
    with Keeper(tmp_path / "server") as keeper:
        server = keeper.server
        beside = server.submit({**job("rest", 1, pause_s=1.0), "id": "beside"})["id"]
        poison = server.submit({**job("die", 2), "id": "poison"})["id"]
        behind = [server.submit({**job("rest", value), "id": f"behind-{value}"})["id"] for value in (3, 4, 5)]

        failed = server.wait_for(poison, *FINAL)
        others = [server.wait_for(name, *FINAL) for name in (beside, *behind)]
        after = server.submit({**job("rest", 6), "id": "after"}, wait=120)

        assert (failed["state"], failed["attempt"]) == ("failed", 3)
        assert [problem["code"] for problem in failed["problems"]] == ["worker-died", "worker-died"]
        assert "3 times" in failed["problems"][0]["message"]
        assert "exit code 7" in failed["problems"][1]["message"]
        assert "the toy ends the process" in json.dumps(failed["problems"])
        assert [other["state"] for other in others] == ["succeeded"] * 4
        # They ran beside it once at most, and then everybody ran alone.
        assert {other["attempt"] for other in others} <= {1, 2}
        assert after["state"] == "succeeded"
        promised = {beside: 1, poison: 2, "behind-3": 3, "behind-4": 4, "behind-5": 5, "after": 6}
        assert keeper.faults(promised) == []
