"""A real worker answers questions: plans, migrations, thumbnails, reloads, and the catalogue anew."""

from pathlib import Path

import numpy as np
import pytest
from server.workers.toys import PACK, Workers, document, toy
from weft.errors import JSON, NodeError, Problem, ProblemsError
from weft.pictures import encode_png, read_picture
from weft.workers.answers import problems_of
from weft.workers.pool import CatalogChanged
from weft.workers.protocol import Answer, AskCatalog, AskMigration, AskPlan, AskReload, AskThumbnail

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADD = document(["add.sum"], add=toy("number.add", 2, a=1, b=1))


def _codes(answer: Answer) -> list[JSON]:
    return [problem["code"] for problem in answer.problems]


async def test_a_plan_says_what_would_run(workers: Workers) -> None:
    before = await workers.pool.ask(AskPlan(document=ADD, lineage="plan"))
    await workers.run("planned", ADD, lineage="plan")
    after = await workers.pool.ask(AskPlan(document=ADD, lineage="plan"))

    steps = [answer.result["steps"][0]["action"] for answer in (before, after)]  # type: ignore[index,call-overload]
    assert steps == ["run", "hit"]
    assert before.problems == after.problems == ()


async def test_a_plan_of_a_wrong_workflow_is_answered_with_its_problems(workers: Workers) -> None:
    answer = await workers.pool.ask(AskPlan(document=document(["add.sum"], add=toy("number.add", 2, a="x"))))

    assert answer.result is None
    assert _codes(answer) == ["input-invalid"]


async def test_old_nodes_are_brought_up_to_date(workers: Workers) -> None:
    answer = await workers.pool.ask(AskMigration(document=document([], add=toy("number.add", 1, x=3))))

    assert answer.result["nodes"]["add"] == {  # type: ignore[index,call-overload]
        "type": "toys:number.add",
        "version": 2,
        "inputs": {"a": 3},
    }


async def test_nodes_that_are_too_new_are_answered_with_the_problem(workers: Workers) -> None:
    answer = await workers.pool.ask(AskMigration(document=document([], add=toy("number.add", 9))))

    assert _codes(answer) == ["node-version"]


async def test_a_thumbnail_is_drawn(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(np.zeros((40, 80, 3), dtype=np.uint8)))
    question = AskThumbnail(source=str(tmp_path / "a.png"), target=str(tmp_path / "a.webp"), size=20)

    answer = await workers.pool.ask(question)

    assert answer.result == {"width": 20, "height": 10}
    assert read_picture(tmp_path / "a.webp").shape == (10, 20, 3)


async def test_a_thumbnail_of_nothing_is_answered_with_the_problem(workers: Workers, tmp_path: Path) -> None:
    question = AskThumbnail(source=str(tmp_path / "a.png"), target=str(tmp_path / "a.webp"), size=20)

    assert _codes(await workers.pool.ask(question)) == ["picture-unreadable"]


async def test_the_catalogue_is_published_anew_when_files_have_come_and_gone(workers: Workers) -> None:
    models = workers.settings.models_dirs[0]
    models.mkdir(exist_ok=True)
    seen = []

    for change in ((models / "rice.paper").touch, (models / "rice.paper").unlink):
        told = len(workers.happened(CatalogChanged))
        change()
        answer = await workers.pool.ask(AskCatalog())
        await workers.until(lambda told=told: len(workers.happened(CatalogChanged)) > told)  # type: ignore[misc]
        assert answer.result is None
        assert workers.pool.catalog is not None
        seen.append(dict(workers.pool.catalog.listing("paper")))

    assert seen == [{"rice": {"family": "paper"}}, {}]


async def test_a_catalogue_that_is_the_same_is_no_news(workers: Workers) -> None:
    await workers.pool.ask(AskCatalog())
    told = len(workers.happened(CatalogChanged))

    await workers.pool.ask(AskCatalog())
    await workers.run("no-news", ADD)

    assert len(workers.happened(CatalogChanged)) == told


async def test_packs_that_changed_are_loaded_again(workers: Workers) -> None:
    pack = workers.settings.custom_nodes_dirs[0] / "toys.py"
    seven = document(["seven.value"], seven=toy("number.seven"))
    assert (await workers.run("unknown-yet", seven)).state == "failed"

    pack.write_text(PACK + '\n\n@node("number.seven")\ndef _seven() -> int:\n    return 7\n')
    answer = await workers.pool.ask(AskReload())
    finished = await workers.run("known-now", seven)

    assert [report["ok"] for report in answer.result] == [True]  # type: ignore[union-attr,index,call-overload]
    assert [product.value for product in finished.products] == [7]
    assert workers.pool.catalog is not None
    assert workers.pool.catalog.schema("toys:number.seven") is not None


async def test_a_pack_that_broke_keeps_its_last_good_version(workers: Workers) -> None:
    pack = workers.settings.custom_nodes_dirs[0] / "toys.py"

    pack.write_text("1 / 0")
    broken = await workers.pool.ask(AskReload())
    finished = await workers.run("still-there", ADD)
    pack.write_text(PACK)
    mended = await workers.pool.ask(AskReload())

    assert [report["ok"] for report in broken.result] == [False]  # type: ignore[union-attr,index,call-overload]
    assert finished.state == "succeeded"
    assert [report["ok"] for report in mended.result] == [True]  # type: ignore[union-attr,index,call-overload]


async def test_every_exception_becomes_problems() -> None:
    several = ProblemsError([Problem("a", "A.", ""), Problem("b", "B.", "")])

    assert [problem.code for problem in problems_of(several)] == ["a", "b"]
    assert [problem.code for problem in problems_of(NodeError("A.", hint="B."))] == ["node-error"]
    (fault,) = problems_of(KeyError("x"))
    assert fault.code == "worker-fault"
    assert "KeyError" in str(fault.details["traceback"])
