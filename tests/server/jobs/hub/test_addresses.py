"""Nothing but the public internet and the hub that the user named is ever called."""

import socket

import pytest
from aiohappyeyeballs import AddrInfoType
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from weft.jobs.files.file_faults import AddressRefusedError
from weft.jobs.hub.addresses import Origin, PublicResolver, check_url, is_public
from yarl import URL

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "2606:2800:220:1:248:1893:25c8:1946",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]

STRANGE_NUMBERS = ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "017700000001"]
"""Numbers that some systems read as 127.0.0.1."""


class Answers(AbstractResolver):
    """Answers with the next address each time, as a name does that is rebound."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses[min(self.asked, len(self.addresses) - 1)]
        self.asked += 1
        version = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=version, proto=0, flags=0)]

    async def close(self) -> None:
        self.asked = 0


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public_however_they_are_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_stands_for_a_private_address_is_refused(address: str) -> None:
    resolver = PublicResolver(None, Answers(address))

    with pytest.raises(AddressRefusedError):
        await resolver.resolve("harmless.example", 443)


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    class Both(Answers):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            first = await super().resolve(host, port, family)
            return [*first, *await super().resolve(host, port, family)]

    with pytest.raises(AddressRefusedError, match=r"stands for 10\.0\.0\.1"):
        await PublicResolver(None, Both("93.184.216.34", "10.0.0.1")).resolve("mixed.example", 443)


async def test_the_named_hub_may_lie_anywhere_but_only_at_its_own_port() -> None:
    resolver = PublicResolver(Origin("http", "hub.local", 8080), Answers("10.0.0.5"))

    assert [entry["host"] for entry in await resolver.resolve("hub.local", 8080)] == ["10.0.0.5"]
    with pytest.raises(AddressRefusedError):
        await resolver.resolve("hub.local", 22)
    with pytest.raises(AddressRefusedError):
        await resolver.resolve("other.local", 8080)


@pytest.mark.parametrize(
    "url",
    [
        "http://huggingface.co/x",
        "ftp://huggingface.co/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
        "https://user:secret@huggingface.co/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https:///x",
        "http://127.0.0.1:9338/api/jobs",
    ],
)
def test_addresses_that_are_not_public_or_not_encrypted_are_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_url(URL(url), None)


def test_a_password_is_not_repeated_in_the_message() -> None:
    with pytest.raises(AddressRefusedError) as refused:
        check_url(URL("https://user:secret@huggingface.co/x"), None)

    assert "secret" not in str(refused.value)


def test_the_named_hub_needs_no_encryption_and_others_do() -> None:
    trusted = Origin.of(URL("http://127.0.0.1:8080/hub"))

    check_url(URL("http://127.0.0.1:8080/api/models"), trusted)
    check_url(URL("https://cdn.example/file"), trusted)
    for other in ("http://127.0.0.1:8081/x", "https://127.0.0.1:8080/x", "http://localhost:8080/x"):
        with pytest.raises(AddressRefusedError):
            check_url(URL(other), trusted)


@pytest.mark.parametrize("number", STRANGE_NUMBERS)
async def test_numbers_that_some_systems_take_for_an_address_reach_nothing(number: str) -> None:
    calls = []

    async def note(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/", note)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    connector = TCPConnector(resolver=PublicResolver(None), use_dns_cache=False)

    async with ClientSession(connector=connector, timeout=ClientTimeout(total=30)) as session:
        with pytest.raises((AddressRefusedError, OSError, ValueError)):
            await session.get(f"http://{number}:{server.port}/")
    await server.close()

    assert calls == []


async def test_a_rebound_name_is_called_at_the_address_that_was_judged_or_not_at_all() -> None:
    called: list[str] = []

    def connect(info: AddrInfoType) -> socket.socket:
        called.append(str(info[4][0]))
        raise ConnectionRefusedError

    names = Answers("93.184.216.34", "127.0.0.1")
    connector = TCPConnector(
        resolver=PublicResolver(None, names), use_dns_cache=False, socket_factory=connect
    )

    async with ClientSession(connector=connector, timeout=ClientTimeout(total=30)) as session:
        with pytest.raises(OSError, match="rebound"):
            await session.get("https://rebound.example/")
        asked = names.asked
        with pytest.raises(AddressRefusedError):
            await session.get("https://rebound.example/")

    assert (called, asked) == (["93.184.216.34"], 1)
