"""The guard at the door: called by its own name, from its own pages, and what every answer says to browsers.

A page anywhere can make a browser send requests to a server on the same machine. Three facts tell them from
those of the user: the name the server is called by (a rebound DNS name is not ours), the page they come from
(`Origin`), and how the browser itself ranks it (`Sec-Fetch-Site`). Programs that are no browsers send neither
of the last two. Tokens come after that, in `weft.web.access`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from multidict import CIMultiDictProxy

from weft.settings import Settings
from weft.web.faults import HostRefusedError, OriginRefusedError, RequestMalformedError

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            "font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""On every answer; a handler may set a stricter one of its own. No header of CORS is ever sent."""

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"", "same-origin", "none"})


def is_loopback(host: str) -> bool:
    """Tell whether an address or name stands for this machine alone."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    address = _address(host)
    return address is not None and address.is_loopback


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets in what may come from the user.

    Attributes:
        names: Names and addresses that the server answers to, in small letters.
        proxied: Those of them that a proxy in front may serve over TLS.
        any_address: Whether every IP address is one of its names, since it listens on all; only names can be
            rebound, addresses cannot.
    """

    names: frozenset[str]
    proxied: frozenset[str] = frozenset()
    any_address: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Guard:
        """Give the guard for where a server listens."""
        address = _address(settings.host)
        proxied = frozenset(name.lower() for name in settings.host_names)
        return cls(
            names=LOOPBACK_NAMES | proxied | {settings.host.lower()},
            proxied=proxied,
            any_address=address is not None and address.is_unspecified,
        )

    def check(
        self, method: str, target_host: str | None, headers: CIMultiDictProxy[str], *, page: bool
    ) -> None:
        """Let a request pass, or say why not.

        Args:
            method: Its method.
            target_host: The authority in its request line, where that has one.
            headers: Its headers.
            page: Whether it is for a page, to which links of other sites may lead.

        Raises:
            RequestMalformedError: It names no host, several, or none that can be one.
            HostRefusedError: It is meant for somebody else.
            OriginRefusedError: A page of somebody else sent it.
        """
        host = self._check_host(target_host, headers)
        origins = headers.getall("Origin", [])
        if len(origins) > 1:
            raise RequestMalformedError(fault="has two headers Origin")
        if origins and origins[0] not in self._own_origins(host):
            raise OriginRefusedError(origin=origins[0][:200])
        self._check_site(method, headers, page=page, is_ours=bool(origins))

    def _check_host(self, target_host: str | None, headers: CIMultiDictProxy[str]) -> str:
        hosts = headers.getall("Host", [])
        if len(hosts) != 1 or (target_host is not None and target_host != hosts[0]):
            raise RequestMalformedError(fault="does not name exactly one host")
        match = _HOST.fullmatch(hosts[0])
        if match is None or int(match["port"] or 0) > 65535:
            raise RequestMalformedError(fault="names a host that cannot be one")
        name = match["name"].strip("[]").lower()
        address = _address(name)
        if name not in self.names and not (self.any_address and address is not None):
            raise HostRefusedError(host=name)
        return hosts[0]

    def _own_origins(self, host: str) -> Iterable[str]:
        """Give the origins of the server's own pages, as they are called by this name."""
        name = host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
        is_proxied = name.strip("[]").lower() in self.proxied
        return (f"http://{host}", f"https://{host}") if is_proxied else (f"http://{host}",)

    @staticmethod
    def _check_site(method: str, headers: CIMultiDictProxy[str], *, page: bool, is_ours: bool) -> None:
        site = headers.get("Sec-Fetch-Site", "").lower()
        if site in _OWN_SITES or (is_ours and site == "same-site"):
            return
        mode, destination = headers.get("Sec-Fetch-Mode", ""), headers.get("Sec-Fetch-Dest", "")
        # A link may lead here, as one of a sign-on page does: reading a page changes nothing and shows it to
        # the user alone.
        if page and method in _SAFE_METHODS and (mode, destination) == ("navigate", "document"):
            return
        raise OriginRefusedError(origin="another site")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
