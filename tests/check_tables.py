"""The tables of a snapshot in DuckDB's memory, from rows."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.model import Tables
from ibr.overlaps.snapshot.tables import BY_NAME, created


def loaded(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A connection with these tables; the ones that are not given are there and empty."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for name, rows in complete(tables).items():
        connection.execute(created(BY_NAME[name]))
        if rows:
            connection.register("given_rows", pa.Table.from_pylist(rows))
            connection.execute(f'insert into "{name}" by name select * from given_rows')
            connection.unregister("given_rows")
    return connection
