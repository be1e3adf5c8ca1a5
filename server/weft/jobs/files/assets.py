"""Assets: pictures that were uploaded or made, each known to its owners, by the digest of its content."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from weft.disk_faults import told
from weft.errors import JSON
from weft.graph.document import parse_document
from weft.jobs.faults import AssetUnknownError, BlobUnknownError
from weft.jobs.files.blobs import Blobs
from weft.jobs.files.file_faults import (
    AssetKeptError,
    AssetPlainError,
    UploadRefusedError,
    UploadTooLargeError,
)
from weft.jobs.files.picture_headers import PictureHeader, is_whole, read_picture_header
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Asset, AssetKind, AssetPage
from weft.paths import is_digest
from weft.pictures import read_provenance
from weft.settings import Settings

LONGEST_NAME = 200
"""Characters of a name that are kept."""

_WRITTEN_BYTES = 2**20
"""Uploads are hashed and written in pieces of this size."""


class Assets:
    """The pictures of all owners.

    Wherever an `owner` is given, what belongs to others is as unknown as what does not exist; None sees all.

    Args:
        settings: The limits, and the data folder.
        ledger: Knows whom each belongs to.
        blobs: Holds what is in them.
    """

    def __init__(self, settings: Settings, ledger: Ledger, blobs: Blobs) -> None:
        self._limit_bytes = int(settings.max_upload_bytes)
        self._limit_pixels = settings.max_upload_pixels
        self._ledger = ledger
        self._blobs = blobs
        self._arrivals = settings.data_dir / "arrivals"
        self._reading = asyncio.Lock()
        # What an earlier server was receiving when it died; nobody was told that it is there.
        for path in self._arrivals.glob("*.part"):
            path.unlink(missing_ok=True)

    async def upload(self, pieces: AsyncIterator[bytes], *, owner: str, name: str = "") -> tuple[Asset, bool]:
        """Receive a picture. It is never in memory as a whole, and never unpacked.

        Args:
            pieces: Its bytes.
            owner: Whom it will belong to.
            name: What it is called, for people.

        Returns:
            The asset, which is on the disk, and whether its owner did not have it yet.

        Raises:
            UploadRefusedError: It is no PNG, JPEG or WebP picture.
            UploadTooLargeError: It has too many bytes or pixels.
            DiskFullError: There is no room; nothing was left behind.
            FileUnwritableError: The disk failed; nothing was left behind.
        """
        path = self._arrivals / f"{secrets.token_hex(16)}.part"
        try:
            with told(path):
                self._arrivals.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = await asyncio.to_thread(path.open, "xb")
            with file:
                digest, size = await self._receive(pieces, file, path)
            header = await asyncio.to_thread(self._inspect, path)
            await asyncio.to_thread(self._blobs.adopt, path, digest, size)
        finally:
            path.unlink(missing_ok=True)
        asset = Asset(
            digest=digest,
            owner=owner,
            kind="upload",
            name=plain_name(name),
            media_type=header.media_type,
            size=size,
            width=header.width,
            height=header.height,
        )
        return await asyncio.to_thread(self._ledger.add_asset, asset)

    async def page(
        self, owner: str | None, *, kind: AssetKind | None = None, after: str | None = None, limit: int = 50
    ) -> AssetPage:
        """Give a page of assets, the newest first.

        Args:
            owner: Whose; None for everyone's.
            kind: Only uploads or only outputs; None for both.
            after: The cursor that the page before gave; None for the first page.
            limit: So many at most.

        Raises:
            CursorInvalidError: No page gave that cursor.
        """
        return await asyncio.to_thread(self._ledger.assets, owner, kind=kind, after=after, limit=limit)

    async def of_job(self, job_id: str, owner: str | None) -> AssetPage:
        """Give the assets that a job made, in the order of its outputs.

        Args:
            job_id: Id of the job; one that is not there, or not the owner's, made nothing.
            owner: Whose; None for everyone's.

        Raises:
            JobUnknownError: There is no such job.
        """
        job = await asyncio.to_thread(self._ledger.job, job_id)
        digests = dict.fromkeys(output.digest for output in job.outputs if output.digest)
        if owner not in (None, job.owner):
            digests = {}
        found = tuple([await self.find(digest, job.owner) for digest in digests])
        return AssetPage(found, None, len(found))

    async def find(self, digest: str, owner: str | None) -> Asset:
        """Give an asset.

        Args:
            digest: Its digest.
            owner: Who asks; None sees all.

        Raises:
            AssetUnknownError: There is none, or it belongs to others alone.
        """
        if not is_digest(digest):
            raise AssetUnknownError(digest=digest[:80])
        return await asyncio.to_thread(self._find, digest, owner)

    def path(self, digest: str) -> Path:
        """Give the file of an asset that was found, for reading only.

        Raises:
            AssetUnknownError: Its file is gone.
        """
        try:
            return self._blobs.path(digest)
        except BlobUnknownError as error:
            raise AssetUnknownError(digest=digest) from error

    async def delete(self, digest: str, owner: str) -> None:
        """Take an upload from its owner; its file goes when nothing refers to it any more.

        Args:
            digest: Its digest.
            owner: Whom it is taken from.

        Raises:
            AssetUnknownError: The owner has no such asset.
            AssetKeptError: A job made it.
        """
        found = await self.find(digest, owner)
        if found.kind != "upload":
            raise AssetKeptError(digest=digest)
        await asyncio.to_thread(self._ledger.delete_asset, digest, owner)

    async def workflow(self, digest: str) -> dict[str, JSON]:
        """Give the workflow that an asset which was found carries.

        Raises:
            AssetPlainError: It carries none.
            AssetUnknownError: Its file is gone.
            PictureUnreadableError: It is damaged.
            ProblemsError: What it carries is no workflow.
        """
        # Texts may be long, so that one at a time is enough.
        async with self._reading:
            return await asyncio.to_thread(self._carried, digest)

    def _carried(self, digest: str) -> dict[str, JSON]:
        found = (read_provenance(self.path(digest)) or {}).get("weft")
        if not isinstance(found, dict):
            raise AssetPlainError(digest=digest)
        # Strangers write pictures too: what is nested too deep, for one, cannot be answered with.
        parse_document(found)
        return found

    async def _receive(self, pieces: AsyncIterator[bytes], file: BinaryIO, path: Path) -> tuple[str, int]:
        """Write what comes and give its digest and size; what is no picture is refused at its beginning."""
        state = hashlib.sha256()
        waiting = bytearray()
        size = 0

        def write() -> None:
            with told(path, size):
                state.update(waiting)
                file.write(waiting)

        async for piece in pieces:
            size += len(piece)
            if size > self._limit_bytes:
                raise UploadTooLargeError.of_bytes(self._limit_bytes)
            waiting += piece
            if len(waiting) >= _WRITTEN_BYTES:
                await asyncio.to_thread(write)
                waiting.clear()
        await asyncio.to_thread(write)
        with told(path, size):
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return state.hexdigest(), size

    def _inspect(self, path: Path) -> PictureHeader:
        with path.open("rb") as file:
            header = read_picture_header(file)
            if header is None:
                raise UploadRefusedError
            if header.width * header.height > self._limit_pixels:
                raise UploadTooLargeError.of_pixels(header.width, header.height, self._limit_pixels)
            if not is_whole(file, header.media_type):
                raise UploadRefusedError(fault="is a picture that breaks off before its end")
        return header

    def _find(self, digest: str, owner: str | None) -> Asset:
        try:
            return self._ledger.asset(digest, owner)
        except AssetUnknownError:
            # An upload that was deleted stays what a job made, if one did.
            owners = self._ledger.asset_owners(digest)
            if not owners or owner not in (None, *owners):
                raise
        with self.path(digest).open("rb") as file:
            header = read_picture_header(file)
            size = os.fstat(file.fileno()).st_size
        whose = owner if owner is not None else min(owners)
        found = Asset(digest, whose, "output", "", "application/octet-stream", size)
        if header is None:
            return found
        return replace(found, media_type=header.media_type, width=header.width, height=header.height)


def plain_name(name: str) -> str:
    """Make a name that people see of what a client calls a file; it never becomes a path.

    Args:
        name: Any text, such as a path on the client's machine.

    Returns:
        Its last part, without what cannot be shown.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME].strip()
