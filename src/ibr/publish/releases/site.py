"""What the public site reads: released tables, names and the map, and nothing of any person."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.publish.files.labels import CodeName, Labels, load_labels
from ibr.publish.files.model import Dataset
from ibr.publish.releases import read
from ibr.publish.releases.calendar.announce import announced
from ibr.publish.releases.model import (
    Audience,
    CalendarEntry,
    Name,
    ReleasedTable,
    ReleaseHead,
)
from ibr.registry.areas.list_areas import every_area

PUBLIC: Audience = "public"


class DrawnArea(msgspec.Struct, frozen=True):
    """A region with its outline."""

    code: str
    outline: str
    centre: tuple[float, float] | None


class Shelf(msgspec.Struct, frozen=True):
    """Everything about what is published but the figures themselves."""

    releases: tuple[ReleaseHead, ...]
    calendar: tuple[CalendarEntry, ...]
    standing: tuple[read.Standing, ...]
    areas: tuple[DrawnArea, ...]

    @property
    def months(self) -> list[str]:
        return sorted({each.period for each in self.standing})

    @property
    def definitions(self) -> dict[str, Indicator]:
        """Indicators as the newest release that has them defines them."""
        found: dict[str, Indicator] = {}
        for head in reversed(self.releases):
            if head.state == "published":
                found |= {each.code: each for each in head.definitions}
        return dict(sorted(found.items()))

    @property
    def newest(self) -> ReleaseHead | None:
        return next((each for each in self.releases if each.state == "published"), None)

    def release(self, release_no: int) -> ReleaseHead:
        """A release that the public had; NotFound for any other number."""
        for each in self.releases:
            if each.release_no == release_no:
                return each
        raise NotFound("release.unknown", "There is no release with this number.")


async def shelf(connection: Connection) -> Shelf:
    """What stands on the public's shelf."""
    areas = await every_area(connection)
    return Shelf(
        tuple(await read.releases(connection, PUBLIC)),
        tuple(await announced(connection, PUBLIC)),
        tuple(await read.standing(connection, PUBLIC)),
        tuple(
            DrawnArea(each.code, each.outline or "", each.centre)
            for each in areas
            if each.level == 1 and each.valid_to is None
        ),
    )


async def figures_of(
    connection: Connection, names: Sequence[Name], periods: Sequence[str]
) -> dict[tuple[str, str, str], ReleasedTable]:
    """Released tables by indicator, breakdown and month."""
    found = await read.released_tables(connection, PUBLIC, names, periods)
    return {name: table for name, (_, table) in found.items()}


async def dataset_of(
    connection: Connection,
    head: ReleaseHead,
    language: str,
    code_name: CodeName,
    indicator: str | None = None,
) -> Dataset:
    """A release, or one indicator of it, as the writers of files take it."""
    tables = [
        each
        for each in await read.tables_of(connection, head.release_no)
        if indicator is None or each.table.indicator == indicator
    ]
    if not tables:
        raise NotFound("release.none", "This release has no figures of that indicator.")
    labels: Labels = await load_labels(connection, language, code_name)
    return dataset(head, tables, labels)


def dataset(head: ReleaseHead, tables: Sequence[ReleasedTable], labels: Labels) -> Dataset:
    """Released tables with their hidden keys and their licence."""
    return Dataset(
        title=f"Release {head.release_no}",
        audience=head.audience,
        tables=tuple(each.table for each in tables),
        indicators={each.code: each for each in head.definitions},
        labels=labels,
        hidden={(*each.name, each.table.period): each.hidden_keys for each in tables},
        licence=head.licence,
        release_no=head.release_no,
    )
