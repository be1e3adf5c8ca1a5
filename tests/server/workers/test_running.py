"""Jobs in a real worker: what they tell while they run, how they end, and what they leave."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image
from server.workers.toys import Workers, document, toy
from weft.pictures import read_provenance
from weft.workers.pool import Message
from weft.workers.protocol import (
    JobFinished,
    JobStarted,
    NodeFinish,
    NodeProgressed,
    NodesChanged,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRAW = document(
    ["draw.image", "add.sum"], draw=toy("picture.draw", seed=7), add=toy("number.add", 2, a=1, b=2)
)


async def test_a_job_makes_files_and_values(workers: Workers) -> None:
    finished = await workers.run("made", DRAW, name="a drawing")

    image, number = finished.products
    assert finished.state == "succeeded"
    assert (image.output, image.type, image.width, image.height) == ("draw", "image", 12, 8)
    assert (number.output, number.type, number.value) == ("add", "int", 3)
    assert finished.counts == {"ran": 2}
    assert finished.files == {"pen.safetensors": "abc123"}
    assert finished.problems == ()


async def test_a_picture_says_how_it_was_made(workers: Workers) -> None:
    finished = await workers.run("said", DRAW, name="a drawing")

    told = read_provenance(Path(finished.products[0].path))
    assert told is not None
    assert told["workflow"] == "a drawing"
    assert told["output"] == "draw"
    assert told["files"] == {"pen.safetensors": "abc123"}
    assert told["seeds"] == {"draw.seed": 7}
    assert told["weft"]["nodes"]["draw"]["inputs"] == {"seed": 7}  # type: ignore[index,call-overload]


async def test_the_same_job_makes_the_same_bytes(workers: Workers) -> None:
    first = await workers.run("same-1", DRAW, name="a drawing")
    second = await workers.run("same-2", DRAW, name="a drawing")

    assert first.products[0].digest == second.products[0].digest
    assert first.products[0].path != second.products[0].path


async def test_it_is_told_when_a_job_begins_and_how_every_node_ends(workers: Workers) -> None:
    chain = document(
        ["trace.mask"], draw=toy("picture.draw", seed=100), trace=toy("picture.trace", image="@draw.image")
    )

    await workers.run("told", chain, lineage="chain")
    await workers.run("told-again", chain, lineage="chain")

    assert [message.nodes for message in workers.said(JobStarted, "told")] == [2]
    assert {name: end.reason for name, end in workers.ends("told").items()} == {
        "draw": "first-run",
        "trace": "first-run",
    }
    assert workers.ends("told-again")["trace"].state == "hit"


async def test_a_node_tells_what_its_picture_takes_in_memory(workers: Workers) -> None:
    await workers.run("held", document(["draw.image"], draw=toy("picture.draw", seed=103)))

    assert workers.ends("held")["draw"].held_bytes == 12 * 8 * 3 * 4


async def test_the_end_of_a_job_is_the_last_that_is_told_of_it(workers: Workers) -> None:
    slow = document(["draw.image"], draw=toy("picture.draw", seed=101, steps=20, pause_s=0.01, show=True))

    await workers.run("last", slow)
    await workers.run("after", DRAW)

    told = [
        e.message
        for e in workers.events
        if isinstance(e, Message) and getattr(e.message, "job", "") == "last"
    ]
    assert isinstance(told[0], JobStarted)
    assert isinstance(told[-1], JobFinished)
    assert sum(isinstance(message, JobFinished) for message in told) == 1


async def test_progress_and_previews_are_told_while_a_node_runs(workers: Workers) -> None:
    slow = document(["draw.image"], draw=toy("picture.draw", seed=102, steps=30, pause_s=0.02, show=True))

    await workers.run("shown", slow)

    steps = [message.step for message in workers.said(NodeProgressed, "shown")]
    message, tail = workers.previews("shown")[0]
    assert steps == sorted(set(steps))
    assert steps[-1] <= 30
    assert (message.node, message.width, message.height) == ("draw", 12, 8)
    with Image.open(io.BytesIO(tail)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (12, 8))
    started = [node for change in workers.said(NodesChanged, "shown") for node in change.started]
    assert started == ["draw"]


async def test_a_workflow_with_problems_fails_with_all_of_them(workers: Workers) -> None:
    wrong = document(["a.sum"], a=toy("number.add", 2, a="x"), b=toy("number.ad"))

    finished = await workers.run("wrong", wrong)

    assert finished.state == "failed"
    assert {problem["code"] for problem in finished.problems} == {"input-invalid", "node-type-unknown"}
    assert workers.said(JobStarted, "wrong") == []


@pytest.mark.parametrize("broken", [{}, {"weft": 99}, {"weft": 1, "nodes": 3}])
async def test_what_is_no_workflow_fails_the_job(broken: dict[str, object], workers: Workers) -> None:
    finished = await workers.run("broken", broken)  # type: ignore[arg-type]

    assert finished.state == "failed"
    assert finished.problems != ()


async def test_a_node_that_fails_leaves_the_others_their_results(workers: Workers) -> None:
    mixed = document(
        ["broken.text", "add.sum"], broken=toy("fault.raise"), add=toy("number.add", 2, a=4, b=4)
    )

    finished = await workers.run("mixed", mixed)

    (problem,) = finished.problems
    assert finished.state == "failed"
    assert [product.value for product in finished.products] == [8]
    assert (problem["code"], problem["node"]) == ("node-error", "broken")
    assert workers.ends("mixed")["broken"] == NodeFinish(
        "broken", "failed", "node-error", 0.0, "the pen broke"
    )


async def test_a_warning_of_the_check_is_passed_on(workers: Workers) -> None:
    spare = document(["add.sum"], add=toy("number.add", 2), trace=toy("picture.trace"))

    finished = await workers.run("spare", spare)

    assert finished.state == "succeeded"
    assert [problem["severity"] for problem in finished.problems] == ["warning"]


async def test_only_what_is_wanted_is_made(workers: Workers) -> None:
    finished = await workers.run("some", DRAW, targets=("add",))

    assert [product.output for product in finished.products] == ["add"]


async def test_a_wanted_name_that_is_unknown_fails_the_job(workers: Workers) -> None:
    finished = await workers.run("none", DRAW, targets=("picture",))

    assert finished.state == "failed"
    assert [problem["code"] for problem in finished.problems] == ["node-unknown"]


async def test_a_cancelled_job_stops_at_its_next_step(workers: Workers) -> None:
    endless = document(["draw.image"], draw=toy("picture.draw", seed=103, steps=100_000, pause_s=0.01))
    workers.start("stopped", endless)
    await workers.until(lambda: bool(workers.said(NodeProgressed, "stopped")))

    workers.pool.cancel("stopped")
    finished = await workers.finished("stopped")

    assert finished.state == "cancelled"
    assert workers.ends("stopped")["draw"].state == "cancelled"


async def test_a_job_can_be_cancelled_right_after_it_was_given(workers: Workers) -> None:
    endless = document(["draw.image"], draw=toy("picture.draw", seed=104, steps=100_000, pause_s=0.01))

    workers.start("at-once", endless)
    workers.pool.cancel("at-once")

    assert (await workers.finished("at-once")).state == "cancelled"


async def test_cancelling_what_does_not_run_does_nothing(workers: Workers) -> None:
    workers.pool.cancel("unheard-of")

    assert (await workers.run("unmoved", DRAW)).state == "succeeded"


async def test_jobs_run_side_by_side(workers: Workers) -> None:
    endless = document(["draw.image"], draw=toy("picture.draw", seed=105, steps=100_000, pause_s=0.01))
    workers.start("long", endless)
    await workers.until(lambda: bool(workers.said(NodeProgressed, "long")))

    finished = await workers.run("short", document(["add.sum"], add=toy("number.add", 2, a=50, b=5)))
    workers.pool.cancel("long")
    await workers.finished("long")

    assert [product.value for product in finished.products] == [55]


async def test_many_small_jobs_at_once_all_end(workers: Workers) -> None:
    names = [f"many-{number}" for number in range(50)]

    for number, name in enumerate(names):
        workers.start(name, document(["add.sum"], add=toy("number.add", 2, a=number, b=1000)))
    finished = await asyncio.gather(*(workers.finished(name) for name in names))

    assert [job.products[0].value for job in finished] == [1000 + number for number in range(50)]


async def test_an_output_that_is_too_large_to_be_told_fails_the_job(workers: Workers) -> None:
    # One value stands in several outputs, so that the message and not the node is what needs room.
    wide = document([], wide=toy("number.wide", megabytes=25))
    wide["outputs"] = {name: {"from": "wide.value"} for name in "abc"}

    finished = await workers.run("wide", wide)

    assert finished.state == "failed"
    assert [problem["code"] for problem in finished.problems] == ["message-too-long"]


async def test_pictures_that_cannot_be_written_fail_the_job(workers: Workers) -> None:
    spool = workers.settings.data_dir / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    (spool / "unwritable").write_text("in the way")

    finished = await workers.run("unwritable", DRAW)

    assert finished.state == "failed"
    assert [problem["code"] for problem in finished.problems] == ["file-unwritable"]
    assert [product.output for product in finished.products] == ["add"]
