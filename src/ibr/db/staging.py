"""Rows on their way into a table: COPY into a temporary table that lives for one transaction.

COPY is refused where row-level security holds, so rows go to a temporary table first and from
there into the real one by a statement that the policies check.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.db.pool import Connection


async def stage(connection: Connection, table: str, rows: Sequence[msgspec.Struct]) -> None:
    """Puts the rows into the temporary table `table`; their fields are its columns in order."""
    await connection.copy_records_to_table(table, records=map(msgspec.structs.astuple, rows))


async def prepare(connection: Connection, *definitions: str) -> None:
    """Makes the temporary tables that this connection does not have yet."""
    await connection.execute(";".join(definitions))
