"""The canvas of the editor beside React Flow: one graph with the same nodes, in headless Chromium.

Real pointer and wheel events. The time of a frame is what the page sees; the CPU time is that of the page's
main thread, which other work on the machine disturbs far less. React Flow comes from npm by
`editor/deno.lock` and is bundled for the bench alone.
"""

import argparse
import functools
import http.server
import math
import shutil
import statistics
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal

from playwright.sync_api import CDPSession, Page, sync_playwright

HERE = Path(__file__).parent / "editor"
FRONTEND = Path(__file__).parents[2] / "frontend"
PAGES = ("weft", "xyflow", "xyflow?cull")
NODES = 2000
SECONDS = 1.8
SETTLE_MS = 900
WINDOW = (1600, 900)

MOST_INTERVALS = 1.2
"""Of the display, for the median frame."""

MOST_CPU_MS = 12.0
MOST_PAINT_MS = 300.0

RECORD = """() => {
  globalThis.frames = [];
  let last = 0;
  const step = (time) => {
    if (globalThis.isRecording && last) frames.push(time - last);
    last = globalThis.isRecording ? time : 0;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""

Act = Callable[[Page, Mapping[str, Any]], None]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the sources as they are, the pages of the bench among them, and what was bundled for it."""

    def __init__(self, *args: Any, built: Path, **kwargs: Any) -> None:
        self._roots = {"/frontend/bench/": HERE, "/frontend/": FRONTEND, "/built/": built}
        super().__init__(*args, **kwargs)

    extensions_map: ClassVar[dict[str, str]] = {  # type: ignore[misc]
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def translate_path(self, path: str) -> str:
        plain = path.partition("?")[0]
        for prefix, root in self._roots.items():
            if plain.startswith(prefix):
                return str(root / plain.removeprefix(prefix))
        return str(HERE / "nothing")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def bundle(folder: Path) -> None:
    """Bundle React Flow with its page.

    Args:
        folder: Where the files go.
    """
    deno = str(Path(sysconfig.get_path("scripts")) / "deno")
    command = [deno, "bundle", "--platform", "browser", "--minify", "--outdir", str(folder), "xyflow.jsx"]
    subprocess.run(command, cwd=HERE, check=True, capture_output=True)


@contextmanager
def served() -> Iterator[str]:
    """Serve the pages; gives their address."""
    with TemporaryDirectory() as folder:
        bundle(Path(folder))
        handler = functools.partial(_Handler, built=Path(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/frontend/bench"
        finally:
            server.shutdown()
            server.server_close()


def drag(start: str) -> Act:
    """Return the act of dragging around from a probed point.

    Args:
        start: `head` drags a node, `empty` the plane.
    """

    def act(page: Page, probe: Mapping[str, Any]) -> None:
        x, y = probe[start]["x"], probe[start]["y"]
        button: Literal["left", "middle"] = probe["button"] if start == "empty" else "left"
        page.mouse.move(x, y)
        page.mouse.down(button=button)
        end = time.monotonic() + SECONDS
        turn = 0
        while time.monotonic() < end:
            turn += 1
            page.mouse.move(x + 160 * math.sin(turn / 12), y + 90 * math.sin(turn / 9))
        page.mouse.move(x + 37, y + 21)
        page.mouse.up(button=button)

    return act


def wheel(page: Page, probe: Mapping[str, Any]) -> None:
    """Zoom out and in again."""
    del probe
    page.mouse.move(WINDOW[0] / 2, WINDOW[1] / 2)
    end = time.monotonic() + SECONDS
    turn = 0
    while time.monotonic() < end:
        turn += 1
        page.mouse.wheel(0, -60 if (turn // 14) % 2 else 60)


SCENES: Mapping[str, tuple[str, Act]] = {
    "pan, 100 %": ("work", drag("empty")),
    "zoom, 100 %": ("work", wheel),
    "drag, 100 %": ("work", drag("head")),
    "pan, all": ("fit", drag("empty")),
    "zoom, all": ("fit", wheel),
    "drag, all": ("fit", drag("head")),
}


def _metrics(session: CDPSession) -> dict[str, float]:
    answer = session.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


def _settle(page: Page) -> None:
    """Wait until the page has put everything in its place."""
    count = -1
    while count != (count := page.evaluate("document.querySelectorAll('*').length")):
        page.wait_for_timeout(SETTLE_MS)


def _record(page: Page, session: CDPSession, view: str, act: Act) -> dict[str, float]:
    """Play a scene and measure its frames.

    Raises:
        RuntimeError: Nothing moved, so that the numbers would mean nothing.
    """
    page.evaluate(f"bench.view('{view}')")
    _settle(page)
    probe, before = page.evaluate("bench.probe()"), page.evaluate("bench.state()")
    start = _metrics(session)
    page.evaluate("frames.length = 0; globalThis.isRecording = true")
    act(page, probe)
    page.evaluate("globalThis.isRecording = false")
    end, frames = _metrics(session), sorted(page.evaluate("frames"))
    page.wait_for_timeout(SETTLE_MS / 3)
    if page.evaluate("bench.state()") == before:
        message = f"nothing moved in {page.url} ({view})"
        raise RuntimeError(message)
    return {
        "median": statistics.median(frames),
        "p95": frames[int(len(frames) * 0.95)],
        "cpu": (end["TaskDuration"] - start["TaskDuration"]) * 1000 / len(frames),
    }


def measure(url: str, nodes: int) -> dict[str, Any]:
    """Measure a page in a browser of its own.

    Args:
        url: The page.
        nodes: Size of the graph.

    Returns:
        First paint in ms, heap in MB, elements, the display's interval in ms, and for each scene the median
        and the 95th percentile of a frame and the CPU time of a frame, in ms.
    """
    flags = ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]}, color_scheme="dark")
        page.set_default_timeout(180_000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(url)
        page.wait_for_function("globalThis.bench")
        page.evaluate(RECORD)
        page.evaluate("globalThis.isRecording = true")
        page.wait_for_timeout(500)
        interval = statistics.median(page.evaluate("globalThis.isRecording = false, frames"))
        page.evaluate(f"bench.prepare({nodes})")
        before = _metrics(session)
        found: dict[str, Any] = {"interval": interval, "paint": page.evaluate("bench.load()")}
        after = _metrics(session)
        found["paint_cpu"] = (after["TaskDuration"] - before["TaskDuration"]) * 1000
        session.send("HeapProfiler.collectGarbage")
        memory = _metrics(session)
        found |= {"heap": memory["JSHeapUsedSize"] / 1e6, "elements": memory["Nodes"]}
        found["scenes"] = {name: _record(page, session, *scene) for name, scene in SCENES.items()}
        browser.close()
    return found


def report(name: str, nodes: int, rounds: list[dict[str, Any]]) -> None:
    """Print the medians of some rounds as a row of the table."""

    def middle(read: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(map(read, rounds))

    cells = [
        f"{middle(lambda found: found['paint']):.0f} ({middle(lambda found: found['paint_cpu']):.0f})",
        f"{middle(lambda found: found['heap']):.0f}",
        f"{middle(lambda found: found['elements']):.0f}",
    ]
    for scene in SCENES:
        median, late, cpu = (
            middle(lambda found, key=key, scene=scene: found["scenes"][scene][key])  # type: ignore[misc]
            for key in ("median", "p95", "cpu")
        )
        cells.append(f"{median:.0f}/{late:.0f} · {cpu:.1f}")
    print(f"| {name} | {nodes} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure all pages in turns and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--nodes", type=int, nargs="+", default=[NODES])
    parser.add_argument("--pages", nargs="+", default=list(PAGES))
    options = parser.parse_args()
    if shutil.which("chromium") is None:
        print("No Chromium is installed, so the editor is not measured.")
        return
    print(f"Frame: median/p95 ms · CPU ms of the main thread. First paint: ms (CPU). Window {WINDOW}.\n")
    print(f"| page | nodes | first paint | heap MB | elements | {' | '.join(SCENES)} |")
    print(f"|{'---|' * (5 + len(SCENES))}")
    with served() as address:
        for nodes in options.nodes:
            rounds: dict[str, list[dict[str, Any]]] = {page: [] for page in options.pages}
            for _ in range(options.rounds):
                for page, found in rounds.items():
                    name, _, query = page.partition("?")
                    found.append(measure(f"{address}/{name}.html?{query}", nodes))
            for page, found in rounds.items():
                report(page, nodes, found)
            if own := rounds.get("weft"):
                _judge(own)


def _judge(rounds: list[dict[str, Any]]) -> None:
    """Say whether the targets of the editor are met."""
    best = {
        name: {key: min(found["scenes"][name][key] for found in rounds) for key in ("median", "cpu")}
        for name in SCENES
    }
    interval = statistics.median(found["interval"] for found in rounds)
    slow = [name for name, scene in best.items() if scene["median"] > MOST_INTERVALS * interval]
    busy = [name for name, scene in best.items() if scene["cpu"] > MOST_CPU_MS]
    paint = min(found["paint"] for found in rounds)
    print(f"\nMedian frame <= {MOST_INTERVALS} intervals of {interval:.1f} ms: {slow or 'yes'}")
    print(f"CPU <= {MOST_CPU_MS:.0f} ms a frame: {busy or 'yes'}")
    cpu = min(found["paint_cpu"] for found in rounds)
    verdict = "yes" if paint <= MOST_PAINT_MS else f"{paint:.0f} ms"
    print(f"First paint <= {MOST_PAINT_MS:.0f} ms: {verdict} ({cpu:.0f} ms of CPU)\n")


if __name__ == "__main__":
    main()
