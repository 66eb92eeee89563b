"""The sets of figures that there are, and what in them does not fit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ibr.coverage.population import store
from ibr.coverage.population.model import Ages, Cell, Source
from ibr.coverage.population.sums import differences, gaps
from ibr.db.pool import Connection
from ibr.registry.areas.list_areas import every_area
from ibr.registry.areas.names import Directory


class Checked(msgspec.Struct, frozen=True):
    """A year and group, and what in its figures does not fit."""

    year: int
    group: str
    sources: list[int]
    differences: list[str]
    gaps: list[str]


def source_of(row: Any) -> Source:
    """A set of figures as it is kept."""
    return Source(
        number=row["source_no"],
        year=row["year"],
        day=row["day"],
        group=row["group_code"],
        source=row["source"],
        method=row["method"],
        uncertainty=row["uncertainty"],
        licence=row["licence"],
        file_name=row["file_name"],
        file_digest=row["file_digest"],
        figures=row["figures"],
        told=msgspec.json.decode(row["told"], type=list[str]),
        imported_at=row["imported_at"],
        imported_by=row["imported_by"],
    )


async def every_source(
    connection: Connection, group: str | None = None, known_on: datetime | None = None
) -> list[Source]:
    """All sets of figures, the oldest import first."""
    return [source_of(row) for row in await store.sources(connection, group, known_on)]


async def check(connection: Connection) -> list[Checked]:
    """Sums and gaps of every year and group, over all its sets together: the newest counts."""
    areas = await every_area(connection)
    together: dict[tuple[int, str], list[Source]] = {}
    for source in await every_source(connection):
        together.setdefault((source.year, source.group), []).append(source)
    found = []
    for (year, group), sources in sorted(together.items()):
        cells: dict[str, dict[Cell, int]] = {}
        # The oldest first, so that a newer one overwrites what it covers.
        for source in sources:
            for row in await store.figures(connection, [source.number]):
                cell = (row["sex"], Ages(row["age_from"], row["age_to"]))
                cells.setdefault(row["area_code"], {})[cell] = row["people"]
        directory = Directory(area for area in areas if area.on(sources[-1].day))
        missing = [
            f"{directory.areas[parent].name}: {', '.join(names)}"
            for parent, names in sorted(gaps(cells, directory).items())
        ]
        wrong = [str(each) for each in differences(cells, directory)]
        numbers = [source.number for source in sources]
        found.append(Checked(year, group, numbers, wrong, missing))
    return found
