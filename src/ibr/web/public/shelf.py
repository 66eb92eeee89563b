"""What the public pages read, kept for a minute: it is the same for everybody."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.coverage.figures.model import read_period
from ibr.errors import NotFound
from ibr.publish.files.labels import Labels, load_labels
from ibr.publish.releases import site
from ibr.publish.releases.model import Name, ReleasedTable
from ibr.web.public.tables import Reader
from ibr.web.visit import Visit


async def shelf_of(visit: Visit) -> site.Shelf:
    async def read() -> site.Shelf:
        async with visit.services.database.reading.transaction((), frozen=True) as connection:
            return await site.shelf(connection)

    return await visit.services.kept.of("public shelf", read)


async def labels_of(visit: Visit) -> Labels:
    async def read() -> Labels:
        async with visit.services.database.reading.transaction(()) as connection:
            return await load_labels(connection, visit.language.code, visit.written.code)

    return await visit.services.kept.of(("public labels", visit.language.code), read)


async def reader_of(visit: Visit, shelf: site.Shelf) -> Reader:
    return Reader(visit.written, await labels_of(visit), shelf.definitions)


async def figures_of(
    visit: Visit, names: Sequence[Name], periods: Sequence[str]
) -> dict[tuple[str, str, str], ReleasedTable]:
    """Released tables by indicator, breakdown and month."""

    async def read() -> dict[tuple[str, str, str], ReleasedTable]:
        async with visit.services.database.reading.transaction((), frozen=True) as connection:
            return await site.figures_of(connection, names, periods)

    return await visit.services.kept.of(("public figures", tuple(names), tuple(periods)), read)


def month_of(visit: Visit, shelf: site.Shelf) -> str:
    """The month that the address asks for, else the newest; NotFound where nothing stands."""
    asked = visit.query.get("month", "")
    if asked:
        read_period(asked)
        if asked not in shelf.months:
            raise NotFound("release.none", "Nothing was published of this month.")
        return asked
    return shelf.months[-1] if shelf.months else ""
