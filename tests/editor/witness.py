"""Hears everything that a browser complains about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Page

_TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI || "inline"}`));
"""


@dataclass(eq=False)
class Witness:
    """What went wrong in the pages of a profile: errors, errors in the console, breaches of the policy."""

    heard: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    _all: ClassVar[WeakKeyDictionary[BrowserContext, Witness]] = WeakKeyDictionary()

    @classmethod
    def of(cls, context: BrowserContext) -> Witness:
        """Give the witness of a profile, who hears from now on."""
        if context not in cls._all:
            witness = cls._all[context] = cls()
            context.add_init_script(_TELL_OF_VIOLATIONS)
            context.on("page", witness._listen)
        return cls._all[context]

    def allow(self, pattern: str) -> None:
        """Expect a complaint, such as that of a server that is killed."""
        self.allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """What was heard and not expected."""
        return [text for text in self.heard if not any(re.search(way, text) for way in self.allowed)]

    def forget(self) -> None:
        """Begin anew with the next test in the same profile."""
        self.heard.clear()
        self.allowed.clear()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.heard.append(f"{error}\n{error.stack}"))
        page.on(
            "console",
            lambda message: (
                self.heard.append(f"{message.text} ({message.location.get('url', '')})")
                if message.type == "error"
                else None
            ),
        )
