"""The tables of the database, and the steps that bring an older database to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine.interfaces import Dialect

from weft import errors
from weft.jobs.faults import DatabaseDamagedError, DatabaseTooNewError

metadata = MetaData()


class Scalar(TypeDecorator[errors.JSON]):
    """Any JSON value, kept as text; NULL for null.

    SQLite reads the name of the type JSON as a numeric one, and makes numbers of texts that look like some:
    1.0 would come back as 1, and a large seed with other digits.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: errors.JSON, dialect: Dialect) -> str | None:
        """Write a value."""
        del dialect
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> errors.JSON:
        """Read a value."""
        del dialect
        return None if value is None else json.loads(value)


facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Single facts: `schema`, the version of these tables, and `paused`."""

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("targets", JSON(none_as_null=True)),
    Column("affinity", JSON, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("passed_over", Integer, nullable=False),
    Column("is_cancelling", Boolean, nullable=False),
    Column("batch", String, nullable=False),
    Column("retry_of", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("seconds", Float),
    Column("counts", JSON, nullable=False),
    Column("problems", JSON, nullable=False),
    # The key stands for a whole submission, and the place tells its jobs apart.
    Column("idempotency_key", String),
    Column("place", Integer, nullable=False),
    Column("request_digest", String, nullable=False),
    UniqueConstraint("owner", "idempotency_key", "place"),
    sqlite_autoincrement=True,
)
"""The jobs; numbers are never used twice."""

Index("jobs_queue", jobs.c.state, jobs.c.priority.desc(), jobs.c.number)
Index("jobs_of_state", jobs.c.state, jobs.c.number)
Index("jobs_of_owner", jobs.c.owner, jobs.c.number)
Index("jobs_of_owner_in_state", jobs.c.owner, jobs.c.state, jobs.c.number)
Index("jobs_of_name", jobs.c.name, jobs.c.number)
Index("jobs_of_batch", jobs.c.batch, jobs.c.number)
Index("jobs_finished", jobs.c.finished_at)


def _of_job() -> Column[int]:
    return Column("job", Integer, ForeignKey(jobs.c.number, ondelete="CASCADE"), primary_key=True)


documents = Table(
    "documents",
    metadata,
    _of_job(),
    Column("document", JSON, nullable=False),
)
"""What the jobs run; apart from them, since pages of jobs never show it."""

outputs = Table(
    "outputs",
    metadata,
    _of_job(),
    Column("place", Integer, primary_key=True),
    Column("output", String, nullable=False),
    Column("index", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("value", Scalar),
)
"""What the jobs made."""

Index("outputs_of_digest", outputs.c.digest)

events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("type", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("job", String, nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""The log; numbers are never used twice."""

Index("events_of_job", events.c.job, events.c.number)

assets = Table(
    "assets",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("digest", "owner"),
    sqlite_autoincrement=True,
)
"""Files that were uploaded or made, once for each owner."""

Index("assets_of_owner", assets.c.owner, assets.c.number)

workflows = Table(
    "workflows",
    metadata,
    Column("owner", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("saved_at", Float, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
)
"""The revisions of saved workflows; deleting one is a revision too."""

Migration: TypeAlias = Callable[[Connection], None]
"""One step from a version of the tables to the next."""

MIGRATIONS: tuple[Migration, ...] = ()
"""The steps from version 1 on, in order. A step is never changed once it was released."""


def prepare(connection: Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring a database to the present tables, within the transaction of the connection.

    Args:
        connection: A connection that may write.
        path: The file, for messages.
        migrations: The steps from version 1 on.

    Raises:
        DatabaseTooNewError: A later weft wrote it.
        DatabaseDamagedError: It holds something else.
    """
    known = len(migrations) + 1
    if not inspect(connection).get_table_names():
        metadata.create_all(connection)
        connection.execute(
            insert(facts), [{"name": "schema", "value": known}, {"name": "paused", "value": 0}]
        )
        return
    if not inspect(connection).has_table(facts.name):
        raise DatabaseDamagedError(path=str(path), fault="it is not a database of weft")
    found = connection.scalar(select(facts.c.value).where(facts.c.name == "schema"))
    if found is None:
        raise DatabaseDamagedError(path=str(path), fault="it does not say its version")
    if found > known:
        raise DatabaseTooNewError(path=str(path), found=found, known=known)
    if found < known:
        for step in migrations[found - 1 :]:
            step(connection)
        connection.execute(update(facts).where(facts.c.name == "schema").values(value=known))
