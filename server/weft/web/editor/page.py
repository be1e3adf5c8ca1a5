"""The page of the editor: the shell that loads everything else, and what it may do in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from weft.web.security import SECURITY_HEADERS

ROOT = "/editor/"
PLACE = f"{ROOT}current/"
"""What stands in the page on disk where the address of an edition goes."""

POLICY_HEADER = "Content-Security-Policy"

_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A page to send.

    Attributes:
        body: The HTML.
        policy: Its content security policy.
    """

    body: bytes
    policy: str


def read_page(html: str, digest: str) -> Page:
    """Make the page of an edition.

    Browsers take no import map from an address of its own, so it stands in the page; the policy allows this
    very text, by its digest, and no other script that is not a file of ours.

    Args:
        html: The page on disk.
        digest: The digest of the edition.

    Returns:
        The page, whose addresses lead to the files of that edition.
    """
    shown = html.replace(PLACE, f"{ROOT}{digest}/")
    allowed = "".join(f" '{_digest(script)}'" for script in _IMPORT_MAP.findall(shown))
    policy = SECURITY_HEADERS[POLICY_HEADER].replace("script-src 'self'", f"script-src 'self'{allowed}")
    return Page(shown.encode(), policy)


def _digest(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
