"""SQL of areas."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.registry.areas.model import AreaRow


async def put(connection: Connection, rows: Sequence[AreaRow]) -> None:
    await connection.executemany(
        """
        insert into ibr.area (code, parent, level, names, outline, centre_x, centre_y, population)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (code) do update set
            parent = excluded.parent, level = excluded.level, names = excluded.names,
            outline = excluded.outline, centre_x = excluded.centre_x,
            centre_y = excluded.centre_y, population = excluded.population
        """,
        [
            (
                row.code,
                row.parent,
                row.level,
                row.names,
                row.outline,
                row.centre_x,
                row.centre_y,
                row.population,
            )
            for row in rows
        ],
    )
