"""A request that is sent again and again, over connections that break, is one job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from crash.clients import LOST, Keeper, drop
from crash.evidence import FINAL
from crash.toys import job
from live_server import eventually

KEY = "the-same-request"


def insist_on_one_job(folder: Path, *, clients: int, requests: int) -> None:
    """Send one key with the same body again and again, some of it over connections that break.

    Args:
        folder: Where the server lives.
        clients: How many send it at once.
        requests: How often each of them does.
    """
    body = job("rest", 7)

    def insist(keeper: Keeper, client: int) -> list[tuple[int, str]]:
        chance = Random(client)
        answers = []
        for _ in range(requests):
            headers = {"Idempotency-Key": KEY}
            if chance.random() < 0.3:
                drop(keeper.server, "POST", "/api/jobs", body, headers=headers)
                continue
            try:
                answer = keeper.server.call("POST", "/api/jobs", body, headers=headers)
            except LOST:
                # So many connections at once may not all be accepted; the next request asks again.
                continue
            answers.append((answer.status, answer.json.get("id", answer.json)))
        return answers

    with Keeper(folder) as keeper, ThreadPoolExecutor(clients) as threads:
        keeper.server.wait_until_ready()
        answers = [
            answer for each in threads.map(lambda n: insist(keeper, n), range(clients)) for answer in each
        ]

        (name,) = {name for _, name in answers}
        assert {status for status, _ in answers} <= {200, 202}
        assert len(answers) > clients * requests / 2
        assert keeper.server.call("GET", "/api/jobs").json["total"] == 1
        assert keeper.server.wait_for(name, *FINAL)["attempt"] == 1
        other = keeper.server.call("POST", "/api/jobs", job("rest", 8), headers={"Idempotency-Key": KEY})
        assert other.code == "idempotency-conflict"
        assert keeper.faults({name: 7}) == []


def test_a_key_sent_again_and_again_by_many_clients_is_one_job(tmp_path: Path) -> None:
    insist_on_one_job(tmp_path / "server", clients=20, requests=8)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_key_sent_a_thousand_times_by_fifty_clients_is_one_job(tmp_path: Path) -> None:
    insist_on_one_job(tmp_path / "server", clients=50, requests=20)


def test_a_key_whose_answer_was_lost_with_the_server_is_still_one_job(tmp_path: Path) -> None:
    body = job("rest", 7)
    headers = {"Idempotency-Key": KEY}
    with Keeper(tmp_path / "server") as keeper:
        keeper.server.wait_until_ready()
        drop(keeper.server, "POST", "/api/jobs", body, headers=headers)
        eventually(lambda: keeper.server.call("GET", "/api/jobs").json["total"] == 1)
        keeper.end(9)
        keeper.start()

        again = keeper.server.call("POST", "/api/jobs", body, headers=headers)

        assert again.status == 200
        assert keeper.server.call("GET", "/api/jobs").json["total"] == 1
        assert keeper.server.wait_for(again.json["id"], *FINAL)["state"] == "succeeded"
        assert keeper.faults({again.json["id"]: 7}) == []
