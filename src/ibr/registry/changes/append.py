"""Writes changes beside the rows they are about."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.changes import store
from ibr.registry.changes.model import Change

TEMPORARY = store.TEMPORARY


async def append(
    connection: Connection, changes: Sequence[Change], *, benefits_given: bool
) -> None:
    """Appends the changes, and one for each record that this transaction gave something new."""
    if changes:
        await store.append(connection, changes)
    if benefits_given:
        await store.append_benefits_given(connection)
