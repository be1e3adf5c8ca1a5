"""Profiles of a browser, each as if nobody had used it before."""

from __future__ import annotations

from typing import Any

from editor.witness import Witness
from playwright.sync_api import Browser, BrowserContext

PATIENCE_MS = 60_000
"""A browser may need long on a busy machine."""

FINENESS = 0.5
"""Pixels of the screen for each pixel of the page: nobody looks at it, and a processor draws each of them."""


def fresh_profile(browser: Browser, **options: Any) -> BrowserContext:
    """Make a profile whose witness hears what goes wrong in it.

    Args:
        browser: The browser, which must have been started with the same fineness.
        options: What is not as usual, in the words of Playwright.
    """
    usual: dict[str, Any] = {
        "device_scale_factor": FINENESS,
        "color_scheme": "dark",
        "reduced_motion": "reduce",
        "locale": "en-US",
        "permissions": ["clipboard-read", "clipboard-write"],
    }
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(PATIENCE_MS)
    Witness.of(context)
    return context
