"""Old document formats, brought up to date by pure functions on their JSON.

A document says in ``weft`` which format it has. Each function here takes a document of one version and
gives the same workflow in the next; a document goes through all that are newer than itself. They
stay for ever, and so does one document of every version among the tests.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from weft.errors import JSON
from weft.graph_errors import DocumentVersionError

DocumentMigration: TypeAlias = Callable[[Mapping[str, JSON]], Mapping[str, JSON]]
"""Gives a document of one version in the next version; it changes nothing that it was given."""

NEWEST_DOCUMENT_VERSION = 1
"""The version that this weft writes."""

DOCUMENT_MIGRATIONS: Mapping[int, DocumentMigration] = MappingProxyType({})
"""From version n to n + 1. Version 1 is the first format, so there is nothing to bring up to date yet."""


def migrate_document(
    data: Mapping[str, JSON],
    *,
    migrations: Mapping[int, DocumentMigration] = DOCUMENT_MIGRATIONS,
    newest: int = NEWEST_DOCUMENT_VERSION,
) -> Mapping[str, JSON]:
    """Bring a document to the newest format.

    Args:
        data: A document as it was read. One without a whole number in ``weft`` is given back as it is:
            what is wrong with it, its validation says.
        migrations: The step from each version to the next.
        newest: The version to reach.

    Returns:
        The document in the newest version, the workflows it carries too; `data` itself is not changed.

    Raises:
        DocumentVersionError: The document, or one it carries, is newer than `newest`.
    """
    data = _migrated(data, migrations, newest)
    carried = data.get("workflows")
    if not carried or not isinstance(carried, Mapping):
        return data
    inner: dict[str, JSON] = {
        name: dict(_migrated(found, migrations, newest)) if isinstance(found, Mapping) else found
        for name, found in carried.items()
    }
    return {**data, "workflows": inner}


def _migrated(
    data: Mapping[str, JSON], migrations: Mapping[int, DocumentMigration], newest: int
) -> Mapping[str, JSON]:
    version = data.get("weft")
    if not isinstance(version, int) or isinstance(version, bool):
        return data
    if version > newest:
        raise DocumentVersionError(found=version, newest=newest)
    # Every version is reached through the one before it, so no step needs to know about later ones.
    while version in migrations:
        data = migrations[version](data)
        version += 1
    return data
