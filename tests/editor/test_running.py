"""Running: all or up to a node, cancel, pause, the queue and its order, history, gallery, comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from editor.conftest import heard
from editor.graph import Graph
from editor.hands import Hands
from live_server import SLOW, LiveServer, eventually, live_server
from playwright.sync_api import Locator, expect


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with toy nodes, which run as long as a test wants."""
    with live_server(tmp_path_factory.mktemp("toys")) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
def toys(server: LiveServer) -> LiveServer:
    """The same server, by what it has."""
    return server


@pytest.fixture
def hands(desk: Hands, toys: LiveServer) -> Iterator[Hands]:
    """The editor with the toy workflow in front; nothing is left in the queue."""
    with heard(desk):
        Graph(desk).begin_with("draw")
        expect(desk.nodes).to_have_count(2)
        yield desk
    toys.call("POST", "/api/queue/resume")
    for job in toys.call("GET", "/api/jobs?limit=200").json["jobs"]:
        if job["state"] in {"queued", "running"}:
            toys.call("POST", f"/api/jobs/{job['id']}/cancel")
            toys.wait_for(job["id"], "cancelled", "succeeded", "failed")


def panel(hands: Hands, name: str) -> Locator:
    """A panel at the left, opened where it is not."""
    shown = hands.page.get_by_role("region", name=name, exact=True)
    if not shown.is_visible():
        hands.page.get_by_role("navigation", name="Panels").get_by_role("button", name=name).click()
    expect(shown).to_be_visible()
    return shown


def draw(toys: LiveServer, text: str) -> str:
    """Make a picture without the editor, and give the job."""
    job = toys.submit({"name": "draw", "inputs": {"prompt": text}}, wait=60)
    assert job["state"] == "succeeded", job
    return str(job["id"])


def choose(hands: Hands, entry: str) -> None:
    """Choose from the open menu."""
    hands.page.get_by_role("menuitem", name=entry).or_(
        hands.page.get_by_role("menuitemcheckbox", name=entry)
    ).click()


def test_a_run_shows_its_picture_in_the_node_and_in_the_gallery(hands: Hands) -> None:
    with hands.run():
        hands.button("Run").click()

    expect(hands.picture("draw")).to_be_visible()
    gallery = panel(hands, "Gallery")
    gallery.get_by_role("listitem").first.get_by_role("button").first.click()
    viewer = hands.page.get_by_role("dialog")
    expect(viewer.get_by_role("img")).to_be_visible()
    viewer.get_by_role("button", name="Open its workflow").click()
    expect(viewer).to_be_hidden()
    expect(hands.page.get_by_role("navigation", name="Open documents").get_by_role("listitem")).to_have_count(
        2
    )
    expect(hands.node("draw")).to_be_visible()


def test_a_run_to_a_node_makes_nothing_behind_it(hands: Hands) -> None:
    hands.page.mouse.click(*hands.title_of("draw"))
    with hands.run() as job:
        hands.button("Ways to run").click()
        choose(hands, "Run to selection")

    assert {output["output"] for output in job["outputs"]} == {"draw.image"}


def test_a_run_shows_its_progress_and_is_cancelled(hands: Hands, toys: LiveServer) -> None:
    job = toys.submit(SLOW)["id"]

    expect(hands.page.get_by_role("progressbar").first).to_be_visible()
    hands.button("Cancel run").click()
    toys.wait_for(job, "cancelled")
    expect(hands.page.get_by_role("progressbar")).to_have_count(0)
    history = panel(hands, "Queue").get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first.get_by_role("img", name="Cancelled")).to_be_visible()


def test_a_paused_queue_keeps_jobs_whose_order_can_be_changed(hands: Hands, toys: LiveServer) -> None:
    queue = panel(hands, "Queue")
    queue.get_by_role("button", name="Pause queue").click()
    eventually(lambda: bool(toys.call("GET", "/api/queue").json["paused"]))
    toys.submit({"name": "draw", "inputs": {"prompt": "first"}})
    last = toys.submit({"name": "draw", "inputs": {"prompt": "last"}, "priority": -1})
    waiting = queue.get_by_role("list", name="Waiting").get_by_role("listitem")
    expect(waiting).to_have_count(2)

    waiting.nth(1).get_by_role("button", name=re.compile("first$")).click()

    eventually(lambda: toys.call("GET", f"/api/jobs/{last['id']}").json["position"] == 1)
    expect(waiting.nth(0)).to_contain_text("Priority 1")
    expect(waiting).to_have_count(2)
    assert toys.call("GET", f"/api/jobs/{last['id']}").json["number"] == last["number"]
    queue.get_by_role("button", name="Resume queue").click()
    expect(waiting).to_have_count(0)


def test_what_failed_says_why_in_the_history_and_in_its_node(hands: Hands) -> None:
    hands.page.mouse.click(*hands.title_of("draw"))
    inspector = hands.page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Fault", exact=True).fill("the pencil broke")
    inspector.get_by_label("Fault", exact=True).blur()
    with hands.run("failed"):
        hands.button("Run").click()

    expect(inspector.get_by_text("the pencil broke").first).to_be_visible()
    history = panel(hands, "Queue").get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("the pencil broke")


def test_several_runs_are_a_batch_with_a_seed_each(hands: Hands, toys: LiveServer) -> None:
    hands.button("Ways to run").click()
    choose(hands, "Run several…")
    dialog = hands.page.get_by_role("dialog", name="Run several")
    dialog.get_by_label("How many seeds").fill("3")
    with hands.run():
        dialog.get_by_role("button", name="Run 3 jobs").click()

    batch = hands.newest_job()["batch"]
    jobs = toys.call("GET", f"/api/jobs?batch={batch}").json["jobs"]
    assert sorted(next(iter(job["inputs"].values())) for job in jobs) == [3, 4, 5]


def test_two_pictures_are_compared_with_what_their_inputs_differ_in(hands: Hands, toys: LiveServer) -> None:
    draw(toys, "a lonely comma")
    draw(toys, "two brackets")
    tiles = panel(hands, "Gallery").get_by_role("listitem")

    tiles.nth(0).get_by_role("button", name="More for this picture").click()
    choose(hands, "Compare")
    tiles.nth(1).get_by_role("button").first.click()
    dialog = hands.page.get_by_role("dialog", name="Compare two pictures")

    expect(dialog.get_by_role("row", name="Text draw")).to_contain_text("two brackets")
    expect(dialog.get_by_role("row", name="Text draw")).to_contain_text("a lonely comma")
    slider = dialog.get_by_role("slider")
    slider.focus()
    hands.press("End")
    expect(slider).to_have_value("100")
    dialog.get_by_role("button", name="Difference").click()
    expect(dialog.get_by_role("img")).to_have_count(2)
    hands.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_job_of_the_history_runs_again_and_goes_with_its_pictures(hands: Hands, toys: LiveServer) -> None:
    job = draw(toys, "an old fence")
    eventually(lambda: Graph(hands).inside("editor.runs.jobs.peek()[0]?.id") == job)
    newest = panel(hands, "Queue").get_by_role("region", name="History").get_by_role("listitem").first
    expect(newest.get_by_role("button", name="Open picture of draw")).to_be_visible()

    with hands.run() as again:
        newest.get_by_role("button", name="More for").click()
        choose(hands, "Run again")
    assert again["retry_of"] == job
    newest.get_by_role("button", name="More for").click()
    choose(hands, "Delete with its pictures")
    asked = hands.page.get_by_role("dialog", name="Delete the run of draw with its pictures, for good?")
    asked.get_by_role("button", name="Cancel").click()
    assert toys.call("GET", f"/api/jobs/{again['id']}").status == 200
    newest.get_by_role("button", name="More for").click()
    choose(hands, "Delete with its pictures")
    asked.get_by_role("button", name="Delete with its pictures").click()

    eventually(lambda: toys.call("GET", f"/api/jobs/{again['id']}").status == 404)


def test_a_live_run_follows_an_edit(hands: Hands) -> None:
    hands.button("Ways to run").click()
    choose(hands, "Run after every edit")
    hands.page.mouse.click(*hands.title_of("draw"))
    field = hands.page.get_by_role("complementary", name="Inspector").get_by_label("Text", exact=True)

    with hands.run() as job:
        field.fill("a picture that nobody has asked for")
        field.blur()

    assert job["state"] == "succeeded"
    expect(hands.picture("draw")).to_be_visible()
