"""What axe-core finds wrong for people who do not see, or use no mouse."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import deno
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
SERIOUS = {"serious", "critical"}


@cache
def _source() -> str:
    """The text of axe-core, from the npm registry by the lock file."""
    program = 'import axe from "axe-core"; console.log(axe.source)'
    command = [deno.find_deno_bin(), "eval", "--frozen", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def violations(page: Page, scope: str | Locator = "body") -> list[str]:
    """Give the serious violations in a part of a page, each with the first elements that have it."""
    part = page.locator(scope) if isinstance(scope, str) else scope
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_source())
    found: Any = part.evaluate("part => axe.run(part, {resultTypes: ['violations']})")
    return [
        f"{entry['id']}: {entry['help']}: {[node['html'][:120] for node in entry['nodes'][:3]]}"
        for entry in found["violations"]
        if entry["impact"] in SERIOUS
    ]
