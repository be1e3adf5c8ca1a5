"""The page of the editor: its addresses, and the policy that lets its one inline text in."""

import base64
import hashlib
import re

from weft.web.editor.edition import shipped_editor
from weft.web.editor.page import read_page
from weft.web.security import SECURITY_HEADERS

STRICT = SECURITY_HEADERS["Content-Security-Policy"]
MAP = '<script type="importmap">{"imports": {"preact": "/editor/current/preact.mjs"}}</script>'


def test_every_address_leads_to_the_edition() -> None:
    page = read_page(f'{MAP}<link href="/editor/current/ui/ui.css">', "abc")

    assert page.body.count(b"/editor/abc/") == 2
    assert b"current" not in page.body


def test_the_policy_allows_the_import_map_as_it_is_sent_and_nothing_else_more() -> None:
    page = read_page(MAP, "abc")
    text = b'{"imports": {"preact": "/editor/abc/preact.mjs"}}'
    digest = base64.b64encode(hashlib.sha256(text).digest()).decode()

    assert text in page.body
    assert f"script-src 'self' 'sha256-{digest}';" in page.policy
    assert page.policy.replace(f" 'sha256-{digest}'", "") == STRICT


def test_a_page_without_an_import_map_keeps_the_policy_of_every_answer() -> None:
    assert read_page("<p>weft</p>", "abc").policy == STRICT


def test_the_shipped_page_has_no_other_script_or_style_inline() -> None:
    html = (shipped_editor() / "index.html").read_text()
    scripts = re.findall(r"<script(.*?)>(.*?)</script>", html, re.DOTALL)

    assert [about for about, text in scripts if text.strip() and about != ' type="importmap"'] == []
    assert re.search(r"<style|\sstyle=|\son\w+=", html) is None
