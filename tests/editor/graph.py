"""A graph that tests lay their hands on, and what the editor has in mind of it."""

from __future__ import annotations

import json
from typing import Any

from editor.hands import Hands
from playwright.sync_api import expect

TEXT_TO_IMAGE: dict[str, Any] = {
    "weft": 1,
    "inputs": {},
    "outputs": {},
    "nodes": {
        "model": {"type": "checkpoint.load", "version": 1, "inputs": {"checkpoint": "starter"}},
        "prompt": {
            "type": "prompt.encode",
            "version": 1,
            "inputs": {"encoder": {"from": "model.encoder"}, "text": "a red circle"},
        },
        "size": {
            "type": "latent.empty",
            "version": 1,
            "inputs": {"model": {"from": "model.model"}, "width": 64, "height": 64},
        },
        "sample": {
            "type": "latent.sample",
            "version": 1,
            "inputs": {
                "model": {"from": "model.model"},
                "positive": {"from": "prompt.conditioning"},
                "latent": {"from": "size.latent"},
                "steps": 4,
            },
        },
        "decode": {
            "type": "latent.decode",
            "version": 1,
            "inputs": {"latent": {"from": "sample.latent"}, "vae": {"from": "model.vae"}},
        },
    },
    "view": {
        "nodes": {
            "model": {"at": [0, 0]},
            "prompt": {"at": [400, 0]},
            "size": {"at": [400, 288]},
            "sample": {"at": [800, 0]},
            "decode": {"at": [1200, 0]},
        },
        "frames": [],
        "notes": [],
    },
}
"""Text to image with room around every node, so that a mouse finds ground, wires and nodes."""


IS_BLOCKED = """() =>
    document.querySelector("dialog[open]") !== null || document.querySelector("#canvas") === null"""
"""Whether a dialog stands in the way."""

USUAL = {
    "theme": "system",
    "language": "system",
    "snapToGrid": False,
    "snapToNeighbours": True,
    "wireStyle": "curved",
    "minimap": True,
    "liveRun": False,
    "keymap": {},
    "panel": None,
}
"""What a person has chosen who has chosen nothing."""

TIDY = """async (usual) => {
    const { settings, palette, desk } = await (await import("weft")).editor();
    for (const [key, value] of Object.entries(usual)) {
        if (JSON.stringify(settings[key].value) !== JSON.stringify(value)) settings[key].value = value;
    }
    palette.value = desk.viewer.value = desk.comparison.value = null;
    desk.face.value = "graph";
}"""

OPEN = """async (editor, wanted, open) => {
    const { tabs, runs, gesture, palette, viewport } = editor;
    document.activeElement?.blur();
    palette.value = null;
    const [before, last] = [[...tabs.all.peek()], globalThis.opened];
    const [tab] = before;
    const isIdle = gesture.peek().kind === "none" &&
        !document.querySelector(":popover-open:not(.toasts, .tooltip), dialog[open]");
    const isTheSame = before.length === 1 && tab.id === last?.id && wanted === last.wanted &&
        tab.saved.peek() === last.saved && runs.shown(tab.id).peek() === null;
    if (isIdle && isTheSame) tab.history.goTo(0);
    if (isIdle && isTheSame && JSON.stringify(tab.history.document.peek()) === last.document) {
        // The Tab key begins where a page does.
        const begin = document.createElement("span");
        begin.tabIndex = -1;
        document.body.prepend(begin);
        begin.focus();
        begin.remove();
        tab.selection.clear();
        viewport.set(last.place);
    } else {
        const { id, saved, history } = await open();
        for (const { id } of before) tabs.close(id);
        const [place, text] = [viewport.state.peek(), JSON.stringify(history.document.peek())];
        globalThis.opened = { id, wanted, saved: saved.peek(), place, document: text };
    }
}"""
"""Opens a document, and closes all others. One that was opened before, and neither saved nor run since, is
undone instead: its nodes stay on the page, which takes a browser a third of the time."""

DRAWN = "new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"
"""Waits until what was changed is drawn."""

SHOW = f"""async ([shown, zoom]) => {{
    const editor = await (await import("weft")).editor();
    await ({OPEN})(editor, JSON.stringify(shown), () => editor.tabs.open(shown));
    editor.viewport.set({{ x: 40, y: 40, zoom }});
    await {DRAWN};
}}"""

BEGIN = f"""async (template) => {{
    const editor = await (await import("weft")).editor();
    await ({OPEN})(editor, template, () => editor.tabs.openSaved(template));
    await {DRAWN};
}}"""


class Graph:
    """The graph in front, as a user has it before them.

    Attributes:
        hands: The user.
    """

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.page = hands.page

    def inside(self, expression: str, given: Any = None) -> Any:
        """Evaluate what is written of `editor` and `given`, in the page."""
        source = """async ([expression, given]) => {
            const editor = await (await import("weft")).editor();
            return EVALUATED;
        }""".replace("EVALUATED", expression)
        return self.page.evaluate(source, [None, given])

    def show(self, document: dict[str, Any], zoom: float = 0.75) -> None:
        """Open a document at a zoom, and close all others."""
        self.page.evaluate(SHOW, [json.loads(json.dumps(document)), zoom])
        expect(self.hands.nodes).to_have_count(len(document["nodes"]))
        # Clicks before and after a key are never one double click.
        self.hands.press("Shift")
        self.page.mouse.move(*self.hands.on_canvas(0.5, 0.95))

    def clear(self) -> None:
        """Leave the editor as a first visit finds it."""
        self._tidy()
        self.inside("void editor.tabs.all.peek().slice().forEach((tab) => editor.tabs.close(tab.id))")
        self.page.mouse.move(*self.hands.on_canvas(0.5, 0.95))
        expect(self.hands.button("Empty canvas")).to_be_visible()

    def begin_with(self, template: str) -> None:
        """Open a template as a click on its card does, without drawing the page of cards."""
        self._tidy()
        self.page.evaluate(BEGIN, template)
        self.hands.press("Shift")
        self.page.mouse.move(*self.hands.on_canvas(0.5, 0.95))

    def _tidy(self) -> None:
        """Put all away but the documents; the page is loaded again only if it must be."""
        # Even where nothing changes by it, the browser looks up the style of every element again.
        if not self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"):
            self.page.emulate_media(color_scheme="dark")
        self.hands.press("Escape")
        if self.page.evaluate(IS_BLOCKED):
            self.page.evaluate("localStorage.clear()")
            self.hands.open()
        self.page.evaluate(TIDY, USUAL)

    # ---- what the editor has in mind ----

    @property
    def document(self) -> dict[str, Any]:
        """The document in front."""
        return dict(self.inside("JSON.parse(JSON.stringify(editor.document.peek()))"))

    @property
    def nodes(self) -> dict[str, Any]:
        """The nodes of the document."""
        return dict(self.document["nodes"])

    def given(self, node: str, name: str) -> Any:
        """What an input is given; None for nothing."""
        return self.nodes[node]["inputs"].get(name)

    def look(self, node: str) -> dict[str, Any]:
        """How a node is shown."""
        return dict(self.document["view"]["nodes"][node])

    @property
    def selected(self) -> set[str]:
        """The nodes that are selected."""
        return set(self.inside("[...editor.selection.peek().nodes.peek()]"))

    @property
    def steps(self) -> list[str]:
        """The names of the steps that were done and not undone."""
        history = "editor.tabs.current.peek().history"
        done = f"{history}.entries.peek().slice(0, {history}.position.peek())"
        return list(self.inside(f"{done}.map(({{label}}) => label.id)"))

    @property
    def place(self) -> dict[str, float]:
        """Where the viewport is."""
        return dict(self.inside("editor.viewport.state.peek()"))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the graph in the window."""
        left, top = self.inside("editor.viewport.toClient(given)", [x, y])
        return left, top

    def middle(self, source: tuple[str, str], target: tuple[str, str]) -> tuple[float, float]:
        """The middle of a wire between an output and an input, in the window."""
        start, end = self.hands.point(self.hands.output(*source)), self.hands.point(self.hands.input(*target))
        return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2

    def choose(self, query: str) -> None:
        """Type into the open search for nodes, and take the first."""
        box = self.page.get_by_role("dialog").get_by_role("combobox")
        box.fill(query)
        expect(self.page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
        box.press("Enter")
        expect(box).to_be_hidden()

    @property
    def announced(self) -> str:
        """What screen readers were told last."""
        return self.page.locator("[role=status][aria-live=polite]").last.inner_text()
