"""Which addresses weft may call: those of the public internet over TLS, and the hub that the user named.

A name is looked up once, every address that it stands for is judged, and the connection goes to what was
judged: the resolver is the only way to an address, so a name cannot mean another place a moment later.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from weft.jobs.files.file_faults import AddressRefusedError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, also where it holds another one.

    Args:
        address: An IPv4 or IPv6 address in its canonical form; a zone such as ``%eth0`` makes it local.

    Raises:
        ValueError: It is no address.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        held = _held(found)
        if held is not None:
            return is_public(str(held))
        if found.scope_id is not None:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _held(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 address leads to, where it does."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    # The ancient form ::a.b.c.d is still understood by some systems.
    if address in _NAT64 or 1 < int(address) < 2**32:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port that belong together."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: URL) -> Origin:
        """Give the origin of an address."""
        return cls(url.scheme, url.host or "", url.port or 0)


def check_url(url: URL, trusted: Origin | None) -> None:
    """Refuse an address that weft does not call.

    Args:
        url: The address.
        trusted: An origin that may be called wherever it lies and without TLS; None for none.

    Raises:
        AddressRefusedError: It is not encrypted, carries a password, or names a private IP address.
    """
    if url.user is not None or url.password is not None:
        raise AddressRefusedError(address=f"{url.with_user(None)}", reason="it carries a name or a password")
    if trusted is not None and Origin.of(url) == trusted:
        return
    if url.scheme != "https":
        raise AddressRefusedError(address=f"{url}", reason="it does not begin with https:")
    host = url.host or ""
    try:
        is_refused = not is_public(host)
    except ValueError:
        # A name, or a number that only some systems take for an address: the resolver sees to both.
        is_refused = not host
    if is_refused:
        raise AddressRefusedError(address=f"{url}", reason="it is no address of the public internet")


class PublicResolver(AbstractResolver):
    """Looks names up and refuses those that stand for a private address.

    Args:
        trusted: An origin that may lie anywhere; None for none.
        inner: What really looks names up; by default the system.
    """

    def __init__(self, trusted: Origin | None, inner: AbstractResolver | None = None) -> None:
        self._trusted = trusted
        self._inner = inner if inner is not None else ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up.

        Raises:
            AddressRefusedError: One of its addresses is private, whatever the others are.
            OSError: It stands for none.
        """
        found = await self._inner.resolve(host, port, family)
        if self._trusted is not None and (host, port) == (self._trusted.host, self._trusted.port):
            return found
        for entry in found:
            if not is_public(entry["host"]):
                raise AddressRefusedError(address=host, reason=f"it stands for {entry['host']}")
        return found

    async def close(self) -> None:
        """Let go of the inner resolver."""
        await self._inner.close()
