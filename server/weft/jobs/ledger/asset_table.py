"""Files of owners: what they uploaded and what their jobs made. The contents are blobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, func, insert, select, union, update

from weft.jobs.faults import AssetUnknownError
from weft.jobs.ledger.changes import Change, LedgerPart
from weft.jobs.ledger.cursors import cursor_at, number_at
from weft.jobs.ledger.schema import assets, jobs, outputs
from weft.jobs.records import Asset, AssetKind, AssetPage, Job, NewEvent, Output

_ADD = insert(assets)
_THERE = select(assets.c.digest).where(
    assets.c.owner == bindparam("owner"), assets.c.digest.in_(bindparam("digests", expanding=True))
)


class AssetTable(LedgerPart):
    """What the ledger knows of files."""

    def add_asset(self, asset: Asset) -> tuple[Asset, bool]:
        """Write down a file whose blob is in the store.

        Args:
            asset: The file; its time is set here.

        Returns:
            The file, and whether its owner did not have it; else it stays as it was, and counts as
            uploaded from now on.
        """
        with self._changing() as change:
            found = _find(change.connection, asset.digest, asset.owner)
            if found is None:
                return _add(change, asset), True
            if found["kind"] == asset.kind or asset.kind == "output":
                return _asset_of(found), False
            here = assets.c.number == found["number"]
            change.connection.execute(update(assets).where(here).values(kind=asset.kind))
            return replace(_asset_of(found), kind=asset.kind), False

    def asset(self, digest: str, owner: str | None = None) -> Asset:
        """Give a file.

        Args:
            digest: Its digest.
            owner: Whom it belongs to; None for anyone.

        Raises:
            AssetUnknownError: There is no such file.
        """
        with self._database.read() as connection:
            found = _find(connection, digest, owner)
        if found is None:
            raise AssetUnknownError(digest=digest)
        return _asset_of(found)

    def assets(
        self,
        owner: str | None = None,
        *,
        kind: AssetKind | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> AssetPage:
        """Give a page of files, newest first.

        Args:
            owner: Only those of this owner; None for all.
            kind: Only those of this kind; None for both.
            after: The cursor that the page before gave; None for the first page.
            limit: So many files at most.

        Raises:
            CursorInvalidError: No page gave that cursor.
        """
        wanted = [] if owner is None else [assets.c.owner == owner]
        wanted += [] if kind is None else [assets.c.kind == kind]
        behind = [] if after is None else [assets.c.number < number_at(after)]
        query = select(assets).where(*wanted, *behind).order_by(assets.c.number.desc()).limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            total = connection.scalar(select(func.count()).select_from(assets).where(*wanted)) or 0
        shown = rows[:limit]
        following = cursor_at(shown[-1]["number"]) if len(rows) > limit and shown else None
        return AssetPage(tuple(_asset_of(row) for row in shown), following, total)

    def asset_owners(self, digest: str) -> set[str]:
        """Say to whom a blob belongs: who uploaded it or has a job that made it.

        Args:
            digest: The digest of the blob.
        """
        uploaded = select(assets.c.owner).where(assets.c.digest == digest)
        made = select(jobs.c.owner).join(outputs).where(outputs.c.digest == digest)
        with self._database.read() as connection:
            return set(connection.scalars(union(uploaded, made)))

    def delete_asset(self, digest: str, owner: str) -> None:
        """Take a file from its owner. Its blob stays while anything else refers to it.

        Args:
            digest: The digest of the file.
            owner: Whom it belongs to.

        Raises:
            AssetUnknownError: There is no such file.
        """
        with self._changing() as change:
            here = and_(assets.c.digest == digest, assets.c.owner == owner)
            if not change.connection.execute(delete(assets).where(here)).rowcount:
                raise AssetUnknownError(digest=digest)
            change.tell(NewEvent("asset", {"digest": digest, "is_deleted": True}, owner=owner))

    def _add_made(self, change: Change, job: Job, made: Sequence[Output]) -> None:
        """Write down the files that a job made, within the transaction that ends it."""
        files = {output.digest: output for output in made if output.digest}
        if not files:
            return
        asked = {"owner": job.owner, "digests": list(files)}
        there = set(change.connection.scalars(_THERE, asked))
        rows = [
            {
                "digest": digest,
                "owner": job.owner,
                "kind": "output",
                "name": output.output,
                "media_type": output.media_type,
                "size": output.size,
                "width": output.width,
                "height": output.height,
                "created_at": change.now,
            }
            for digest, output in files.items()
            if digest not in there
        ]
        if rows:
            change.connection.execute(_ADD, rows)


def _add(change: Change, asset: Asset) -> Asset:
    added = replace(asset, created_at=change.now)
    fields = {name: getattr(added, name) for name in Asset.__slots__}
    change.connection.execute(_ADD, fields)
    told = {"digest": asset.digest, "kind": asset.kind, "name": asset.name, "media_type": asset.media_type}
    change.tell(NewEvent("asset", {**told}, owner=asset.owner))
    return added


def _find(connection: Connection, digest: str, owner: str | None) -> RowMapping | None:
    query = select(assets).where(assets.c.digest == digest).order_by(assets.c.number).limit(1)
    if owner is not None:
        query = query.where(assets.c.owner == owner)
    return connection.execute(query).mappings().one_or_none()


def _asset_of(row: RowMapping) -> Asset:
    fields = dict(row)
    del fields["number"]
    return Asset(**fields)
