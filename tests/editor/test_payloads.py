"""Whatever people write into workflows and names, and whatever they upload, is shown and never run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from editor.graph import Graph
from editor.hands import Hands
from editor.test_canvas import open_document
from editor.test_panels import open_panel
from playwright.sync_api import expect
from server.web.files.test_asset_routes import HOSTILE, png

PAYLOADS = tuple(
    line.strip().replace("RUN", "window.ran=true").replace("U+0001", "\x01").replace("U+2028", "\u2028")
    for line in """
        <img onerror=RUN src=x>
        <svg onload=RUN>
        <body onload=RUN>
        <input onfocus=RUN autofocus>
        <video onerror=RUN src=x>
        <audio onerror=RUN src=x>
        <details ontoggle=RUN open>
        <marquee onstart=RUN>
        <object onerror=RUN data=x>
        <iframe onload=RUN>
        <select onfocus=RUN autofocus>
        <style onload=RUN>
        <link onerror=RUN rel=stylesheet href=x>
        <a onclick=RUN href=#>
        <form onsubmit=RUN>
        <script>RUN</script>
        <script src=data:text/javascript,RUN></script>
        </title><script>RUN</script>
        </textarea><script>RUN</script>
        </style><script>RUN</script>
        <scr<script>ipt>RUN</scr</script>ipt>
        <SCRIPT>RUN</SCRIPT >
        <script/x>RUN</script>
        <iframe srcdoc='<script>parent.RUN</script>'></iframe>
        <iframe src=javascript:parent.RUN></iframe>
        <svg><script>RUN</script></svg>
        <svg><a xlink:href=javascript:RUN><text>a</text></a></svg>
        <math><mtext><img src=x onerror=RUN></mtext></math>
        <template><img src=x onerror=RUN></template>
        <meta http-equiv=refresh content='0;url=javascript:RUN'>
        <base href=javascript:RUN//>
        <embed src=data:text/html,<script>RUN</script>>
        <a href=javascript:RUN>go</a>
        [go](javascript:RUN)
        [go](JaVaScRiPt:RUN)
        [go](data:text/html,<script>RUN</script>)
        [go](vbscript:RUN)
        [go](U+0001javascript:RUN)
        [go](&#106;avascript:RUN)
        ![x](x"onerror="RUN)
        [x](https://weft.invalid/"onmouseover="RUN)
        <https://x"onload=RUN>
        **<img src=x onerror=RUN>**
        `<img src=x onerror=RUN>`
        # <svg onload=RUN>
        "><img src=x onerror=RUN>
        '-RUN-'
        ${RUN}
        {{constructor.constructor('RUN')()}}
        U+2028RUN//
    """.strip().splitlines()
)

FOREIGN = """() => [...document.querySelectorAll("*")].filter((element) =>
    /^(script|iframe|object|embed|base|marquee|meta)$/i.test(element.localName) && element.closest("body") ||
    [...element.attributes].some(({ name, value }) => /^on/i.test(name) ||
        /^(href|src|action|data|xlink:href)$/i.test(name) &&
        /^\\W*(javascript|vbscript|data:text)/i.test(value))
  ).map((element) => element.outerHTML.slice(0, 200))"""
"""What no text may become: elements that run or load something, and attributes that do."""


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def workflow() -> dict[str, Any]:
    """A workflow with every text in each place that takes one: five in a node, a note and a frame."""
    shares = [PAYLOADS[at : at + 5] for at in range(0, len(PAYLOADS), 5)]
    nodes, looks, notes, frames, inputs = {}, {}, [], [], {}
    for number, texts in enumerate(shares):
        place, whole = [number % 4 * 320, number // 4 * 330], "\n\n".join(texts)
        nodes[f"n{number}"] = {
            "type": "prompt.encode",
            "version": 1,
            "inputs": {"text": " ".join(texts)},
        }
        looks[f"n{number}"] = {"at": place, "title": texts[0], "note": whole}
        notes.append({"id": f"note{number}", "at": [1300, number * 170], "size": [280, 160], "text": whole})
        frames.append({"id": f"frame{number}", "at": place, "size": [300, 300], "title": texts[1]})
        inputs[f"i{number}"] = {"to": [f"n{number}.text"], "title": texts[2], "description": whole}
    nodes["lost"] = {"type": PAYLOADS[0], "version": 1, "inputs": {PAYLOADS[1]: PAYLOADS[2]}}
    return {
        "weft": 1,
        "title": PAYLOADS[0],
        "description": "\n\n".join(PAYLOADS),
        "inputs": inputs,
        "outputs": {},
        "nodes": nodes,
        "view": {"nodes": {**looks, "lost": {"at": [0, 1400]}}, "frames": frames, "notes": notes},
    }


def unharmed(hands: Hands) -> None:
    """Nothing ran, and nothing of what was written has become more than a text."""
    assert not hands.page.evaluate("'ran' in window")
    assert hands.page.evaluate(FOREIGN) == []


def test_no_text_of_a_workflow_runs_wherever_it_is_shown(editor: Hands) -> None:
    assert len(PAYLOADS) == 50
    open_document(editor, workflow())
    editor.allow("422")
    for zoom in (1, 0.6):
        Graph(editor).inside("void editor.viewport.set({x: 40, y: 40, zoom: given})", zoom)
        expect(editor.node("n0")).to_be_visible()
        unharmed(editor)
    Graph(editor).inside("void editor.viewport.set({x: -1000, y: 40, zoom: 0.6})")
    expect(editor.page.get_by_role("complementary", name="Note").first).to_be_visible()
    unharmed(editor)
    for name in ("Queue", "Gallery", "Workflows", "Problems", "Outline"):
        open_panel(editor, name)
        unharmed(editor)
    editor.button("Form").first.click()
    expect(editor.page.get_by_role("region", name="Form", exact=True)).to_be_visible()
    unharmed(editor)


def test_no_name_on_the_server_runs_where_it_is_listed(editor: Hands) -> None:
    document = {"weft": 1, "title": PAYLOADS[0], "description": "\n".join(PAYLOADS), "nodes": {}}
    assert editor.server.call("PUT", "/api/workflows/payload", document).status in {200, 201}
    name = re.sub(r"[^\x20-\x7e]", "", PAYLOADS[0])
    headers = {"Content-Type": "image/png", "Content-Disposition": f'attachment; filename="{name}"'}
    asset = editor.server.call("POST", "/api/assets", data=png(50, workflow=workflow()), headers=headers)
    assert asset.status in {200, 201}
    wrong = {"weft": 1, "title": PAYLOADS[1], "nodes": {"x": {"type": PAYLOADS[2], "inputs": {}}}}
    assert editor.server.call("POST", "/api/jobs", {"workflow": wrong}).status == 422

    editor.page.reload()
    expect(editor.button("Empty canvas")).to_be_visible()
    unharmed(editor)
    for panel in ("Workflows", "Gallery"):
        open_panel(editor, panel)
        unharmed(editor)


def test_no_upload_runs_where_a_browser_opens_it(editor: Hands) -> None:
    mixed = png(51) + b"<script>window.ran=true</script>"
    taken = {}
    for name, data in {**HOSTILE, "a picture that is a page too": mixed}.items():
        for kind in ("image/png", "image/svg+xml", "text/html"):
            answer = editor.server.call("POST", "/api/assets", data=data, headers={"Content-Type": kind})
            if answer.status < 300:
                taken[name] = answer.json["digest"]
    assert list(taken) == ["a picture that is a page too"]
    assert len(HOSTILE) >= 20

    page = editor.page.context.new_page()
    # The browser's own page around a picture has styles, and the witness is a script: the policy of the file
    # lets neither be.
    editor.allow("inline style|Blocked script execution")
    page.goto(f"{editor.server.url}/api/assets/{taken.popitem()[1]}")
    assert page.evaluate("[document.contentType, 'ran' in window]") == ["image/png", False]
    page.close()
