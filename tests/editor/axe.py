"""What axe-core finds wrong for people who do not see, or use no mouse."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Literal

import deno
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
SERIOUS = {"serious", "critical"}

THEMES: tuple[tuple[Literal["dark", "light"], str | None], ...] = (
    ("dark", None),
    ("light", "color-contrast"),
)
"""The themes, each with the only rule that is looked at there: names and roles are alike in both."""


@cache
def _source() -> str:
    """The text of axe-core, from the npm registry by the lock file."""
    program = 'import axe from "axe-core"; console.log(axe.source)'
    command = [deno.find_deno_bin(), "eval", "--frozen", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def violations(page: Page, scope: str | Locator = "body", *, only: str | None = None) -> list[str]:
    """Give the serious violations in a part of a page, each with the first elements that have it.

    Args:
        page: The page.
        scope: What to look at.
        only: A rule, where nothing but that is asked.
    """
    part = page.locator(scope) if isinstance(scope, str) else scope
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_source())
    options: dict[str, Any] = {"resultTypes": ["violations"], **({"runOnly": [only]} if only else {})}
    found: Any = part.evaluate("(part, options) => axe.run(part, options)", options)
    return [
        f"{entry['id']}: {entry['help']}: {[node['html'][:120] for node in entry['nodes'][:3]]}"
        for entry in found["violations"]
        if entry["impact"] in SERIOUS
    ]
