"""The areas that are kept, the lists they came from, and what does not fit in them."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from ibr.db.pool import Connection
from ibr.registry.areas import store
from ibr.registry.areas.check_areas import faults_of
from ibr.registry.areas.model import Area, Fault, KeptList


async def every_area(connection: Connection) -> list[Area]:
    """All areas, the largest first, with those that ended."""
    return [_area(row) for row in await store.areas(connection)]


def _area(row: Any) -> Area:
    return Area(
        code=row["code"],
        parent=row["parent"],
        level=row["level"],
        names=msgspec.json.decode(row["names"], type=dict[str, str]),
        other_names=tuple(row["other_names"]),
        outline=row["outline"],
        centre=None if row["centre_x"] is None else (row["centre_x"], row["centre_y"]),
        population=row["population"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


async def every_list(connection: Connection) -> list[KeptList]:
    """The lists that were imported, the oldest first."""
    return [KeptList(*row) for row in await store.lists(connection)]


async def areas_of_list(connection: Connection, list_no: int) -> list[Area]:
    """The areas as one list told them, to draw an old map."""
    return [
        Area(
            code=row["code"],
            parent=row["parent"],
            level=row["level"],
            names=msgspec.json.decode(row["names"], type=dict[str, str]),
            outline=row["outline"],
        )
        for row in await store.as_listed(connection, list_no)
    ]


async def successors(connection: Connection) -> list[tuple[str, str, date]]:
    """Which area took the place of which, and since when: the ended one first."""
    return [
        (row["code"], row["successor"], row["since"]) for row in await store.successions(connection)
    ]


async def check(connection: Connection, day: date) -> list[Fault]:
    """What does not fit in the list of areas of a day."""
    return faults_of([area for area in await every_area(connection) if area.on(day)])
