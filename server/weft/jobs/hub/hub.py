"""A hub of models, such as huggingface.co, over plain HTTPS: which files a repository has, and their bytes.

The client follows redirects by itself, so that every address on the way is judged before it is called, and
the user's token goes to the hub alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver
from yarl import URL

from weft.jobs.files.file_faults import HubRefusedError, HubUnknownError, HubUnreachableError, ModelNameError
from weft.jobs.hub.addresses import Origin, PublicResolver, check_url

DEFAULT_ENDPOINT = "https://huggingface.co"
MOST_REDIRECTS = 5
LONGEST_ANSWER_BYTES = 16 * 2**20
MOST_FILES = 20_000
PIECE_BYTES = 2**20
"""Files are loaded, hashed and written in pieces of this size."""

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?"
_REPO = re.compile(rf"{_PART}(?:/{_PART})?")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._+()@=,&-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository.

    Attributes:
        path: Its path within the repository.
        size: Bytes; None where the hub does not say.
        digest: SHA-256 of a large file, or the SHA-1 that Git gives a small one; empty where the hub does
            not say.
    """

    path: str
    size: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit.

    Attributes:
        repo: Its name, such as ``owner/model``.
        commit: The commit, which never changes.
        files: Its files by path.
    """

    repo: str
    commit: str
    files: Mapping[str, HubFile]


@dataclass(frozen=True, slots=True)
class Download:
    """The bytes of a file, from a place in it on.

    Attributes:
        start: The first byte that comes.
        size: Bytes of the whole file; None where the hub does not say.
        digest: SHA-256 of the whole file; empty where the hub does not say.
        pieces: The bytes.
    """

    start: int
    size: int | None
    digest: str
    pieces: AsyncIterator[bytes]


def check_repo(repo: str) -> str:
    """Give back the name of a repository, or refuse what is none.

    Raises:
        ModelNameError: It is not written ``owner/model``.
    """
    if not _REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise ModelNameError(
            field="repository", value=repo, expected="owner/model, as its page on the hub says"
        )
    return repo


def check_revision(revision: str) -> str:
    """Give back the name of a branch, tag or commit, or refuse what is none.

    Raises:
        ModelNameError: It is no such name.
    """
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise ModelNameError(field="revision", value=revision, expected="a branch, a tag or a commit")
    return revision


def check_path(path: str, field: str = "file") -> str:
    """Give back a path within a repository or a models folder, or refuse what could lead out of it.

    Raises:
        ModelNameError: It is absolute, hidden, goes upwards, or holds signs that are not usual in names.
    """
    parts = path.split("/")
    if len(parts) > 8 or not all(_FILE_PART.fullmatch(part) and part[-1] not in " ." for part in parts):
        expected = "a plain name, or folders and a name such as unet/model.safetensors"
        raise ModelNameError(field=field, value=path, expected=expected)
    return str(PurePosixPath(path))


class Hub:
    """A client of one hub.

    Args:
        endpoint: Address of the hub; it is trusted wherever it lies. None stands for huggingface.co, which is
            called only on the public internet.
        token: The user's token; empty for none. It is sent to the hub itself and nowhere else.
        resolver: What looks names up; by default the system.
    """

    def __init__(
        self, endpoint: str | None = None, *, token: str = "", resolver: AbstractResolver | None = None
    ) -> None:
        self._endpoint = URL(endpoint or DEFAULT_ENDPOINT)
        self._origin = Origin.of(self._endpoint)
        self._trusted = self._origin if endpoint else None
        self._token = token
        self._resolver = resolver
        self._session: ClientSession | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Hub:
        """Make a client of the hub that ``HF_ENDPOINT`` names, with the token in ``HF_TOKEN``."""
        return cls(environment.get("HF_ENDPOINT") or None, token=environment.get("HF_TOKEN", "").strip())

    async def snapshot(self, repo: str, revision: str) -> Snapshot:
        """Ask which files a repository has at a revision.

        Args:
            repo: Such as ``owner/model``.
            revision: A branch, tag or commit.

        Raises:
            HubUnknownError: There is no such repository or revision.
            HubRefusedError: It is not for everybody.
            HubUnreachableError: The hub did not answer as it should.
            AddressRefusedError: The hub sent us to an address that is not called.
        """
        url = self._endpoint.joinpath("api", "models", *repo.split("/"), "revision", revision)
        data = bytearray()
        async with self._get(url.with_query(blobs="true"), f"repository {repo} at {revision}") as visit:
            async for piece in self._pieces(visit.answer):
                data += piece
                if len(data) > LONGEST_ANSWER_BYTES:
                    raise self._unreachable("its answer is too long")
        try:
            found = json.loads(data)
            commit, entries = str(found["sha"]), list(found["siblings"])[:MOST_FILES]
            files = [_file_of(entry) for entry in entries]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._unreachable("it does not answer as a hub of models does") from error
        if not _COMMIT.fullmatch(commit):
            raise self._unreachable("it names no commit")
        return Snapshot(repo, commit, {file.path: file for file in files})

    @asynccontextmanager
    async def download(self, snapshot: Snapshot, path: str, start: int) -> AsyncIterator[Download]:
        """Open a file of a repository.

        Args:
            snapshot: The repository.
            path: The file's path within it.
            start: The first byte that is wanted; the hub may begin at 0 nevertheless.

        Raises:
            HubUnknownError: There is no such file.
            HubRefusedError: It is not for everybody.
            HubUnreachableError: The hub did not answer as it should; also from `Download.pieces`.
            AddressRefusedError: The hub sent us to an address that is not called.
        """
        parts = (*snapshot.repo.split("/"), "resolve", snapshot.commit, *path.split("/"))
        url = self._endpoint.joinpath(*parts)
        async with self._get(url, f"file {path} in {snapshot.repo}", start=start) as visit:
            begins, size = self._extent(visit.answer, start)
            digest = visit.digest.removeprefix("W/").strip('"')
            yield Download(
                start=begins,
                size=size if visit.size is None else visit.size,
                digest=digest if _SHA256.fullmatch(digest) else "",
                pieces=self._pieces(visit.answer),
            )

    async def close(self) -> None:
        """End all connections."""
        if self._session is not None:
            await self._session.close()

    def _unreachable(self, reason: str) -> HubUnreachableError:
        return HubUnreachableError(host=self._origin.host, reason=reason)

    def _opened(self) -> ClientSession:
        # The session belongs to the loop that runs when the hub is first asked for something.
        if self._session is None:
            resolver = PublicResolver(self._trusted, self._resolver)
            self._session = ClientSession(
                connector=TCPConnector(resolver=resolver, use_dns_cache=False, limit=4),
                timeout=ClientTimeout(total=None, sock_connect=30, sock_read=60),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "weft"},
            )
        return self._session

    @asynccontextmanager
    async def _get(self, url: URL, what: str, *, start: int = 0) -> AsyncIterator[_Visit]:
        """Fetch an address, going where it leads."""
        try:
            visit = await self._follow(url, start)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise self._unreachable(str(error) or type(error).__name__) from error
        async with visit.answer:
            status = visit.answer.status
            if status in {401, 403}:
                raise HubRefusedError(what=what)
            if status == 404:
                raise HubUnknownError(what=what)
            if status not in {200, 206, 416}:
                raise self._unreachable(f"it answered with the status {status}")
            yield visit

    async def _follow(self, url: URL, start: int) -> _Visit:
        size, digest = None, ""
        for _ in range(MOST_REDIRECTS + 1):
            check_url(url, self._trusted)
            is_hub = Origin.of(url) == self._origin
            headers = {"Range": f"bytes={start}-"} if start else {}
            if self._token and is_hub:
                headers["Authorization"] = f"Bearer {self._token}"
            answer = await self._opened().get(url, headers=headers, allow_redirects=False)
            if is_hub:
                # Only the hub itself is asked; the store that a large file lies in may name other things so.
                linked = answer.headers.get("X-Linked-Size", "")
                size = int(linked) if linked.isdecimal() else size
                digest = answer.headers.get("X-Linked-ETag", digest)
            if answer.status not in {301, 302, 303, 307, 308}:
                return _Visit(answer, size, digest)
            target = answer.headers.get("Location", "")
            answer.close()
            url = url.join(URL(target))
        raise self._unreachable(f"it redirects more than {MOST_REDIRECTS} times")

    async def _pieces(self, answer: ClientResponse) -> AsyncIterator[bytes]:
        try:
            async for piece in answer.content.iter_chunked(PIECE_BYTES):
                yield piece
        except (ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(f"the connection broke ({type(error).__name__})") from error

    def _extent(self, answer: ClientResponse, start: int) -> tuple[int, int | None]:
        """Give the first byte that an answer holds, and the size of the whole file."""
        if answer.status == 416:
            raise self._unreachable("it has no more of the file than was loaded already")
        if answer.status == 200:
            return 0, answer.content_length
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if span is None or int(span[1]) != start:
            raise self._unreachable("it sent another part of the file than was asked for")
        return start, int(span[2])


@dataclass(frozen=True, slots=True)
class _Visit:
    """The answer at the end of a way, and what the hub said of the file on it."""

    answer: ClientResponse
    size: int | None
    digest: str


def _file_of(entry: Mapping[str, object]) -> HubFile:
    size, large, small = entry.get("size"), entry.get("lfs"), str(entry.get("blobId") or "")
    digest = str(large.get("sha256") or "") if isinstance(large, dict) else ""
    if not _SHA256.fullmatch(digest):
        digest = small if _COMMIT.fullmatch(small) and not isinstance(large, dict) else ""
    is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return HubFile(str(entry["rfilename"]), size if isinstance(size, int) and is_size else None, digest)
