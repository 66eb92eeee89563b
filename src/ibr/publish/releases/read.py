"""Released figures as everybody outside reads them: the newest published release that stands."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.coverage.figures.model import read_period
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.publish.releases import store
from ibr.publish.releases.model import (
    Audience,
    Changed,
    Name,
    ReleasedTable,
    ReleaseHead,
    Signature,
)


class Standing(msgspec.Struct, frozen=True):
    """A table that counts for readers, and the release that it is from."""

    release_no: int
    indicator: str
    breakdown: str
    period: str


async def standing(connection: Connection, audience: Audience) -> list[Standing]:
    """Which tables there are for readers."""
    return [Standing(each[3], *each[:3]) for each in await store.names(connection, audience)]


async def released_table(
    connection: Connection, audience: Audience, indicator: str, period: str, breakdown: str = ""
) -> tuple[int, ReleasedTable]:
    """One table with the number of its release; NotFound where nothing was published."""
    read_period(period)
    found = await store.current(connection, audience, [indicator], [breakdown], [period])
    if not found:
        raise NotFound("release.none", "Nothing was published of this indicator and month.")
    return found[0]


async def released_tables(
    connection: Connection,
    audience: Audience,
    names: Sequence[Name],
    periods: Sequence[str] | None = None,
) -> dict[tuple[str, str, str], tuple[int, ReleasedTable]]:
    """Many tables in one question, by indicator, breakdown and period; those that there are."""
    indicators, breakdowns = {each[0] for each in names}, {each[1] for each in names}
    found = await store.current(connection, audience, [*indicators], [*breakdowns], periods)
    return {
        (*table.name, table.table.period): (number, table)
        for number, table in found
        if table.name in names
    }


async def months(connection: Connection, audience: Audience) -> list[str]:
    """The months of which something stands, the oldest first."""
    return sorted({each.period for each in await standing(connection, audience)})


async def releases(
    connection: Connection, audience: Audience | None = None, *, published: bool = True
) -> list[ReleaseHead]:
    """Releases, the newest first; with those in preparation where that is asked for."""
    return await store.heads(connection, audience=audience, published=published)


async def one_release(
    connection: Connection, release_no: int, audience: Audience | None = None
) -> ReleaseHead:
    """A release by its number; with an audience only one that its readers had."""
    found = await store.heads(
        connection, numbers=[release_no], audience=audience, published=audience is not None
    )
    if not found:
        raise NotFound("release.unknown", "There is no release with this number.")
    return found[0]


async def tables_of(connection: Connection, release_no: int) -> list[ReleasedTable]:
    """Every table of a release, whatever became of it."""
    return await store.tables(connection, release_no)


async def signed_by(connection: Connection, release_no: int) -> list[Signature]:
    return await store.signatures(connection, release_no)


async def changes(connection: Connection, head: ReleaseHead) -> list[Changed]:
    """What a release says otherwise than those before it of the same months, figure by figure."""
    before: dict[tuple[str, str, str], tuple[int, ReleasedTable]] = {}
    earlier = [
        each
        for each in await store.heads(connection, audience=head.audience, published=True)
        if head.published_at is None
        or each.published_at is None
        or (each.published_at, each.release_no) < (head.published_at, head.release_no)
        if each.release_no != head.release_no and set(each.periods) & set(head.periods)
    ]
    for each in reversed(earlier):
        for table in await store.tables(connection, each.release_no):
            before[(*table.name, table.table.period)] = (each.release_no, table)
    if not before:
        return []
    found = []
    for now in await store.tables(connection, head.release_no):
        then = before.get((*now.name, now.table.period))
        if then is not None and (changed := _changed(head.release_no, then, now)) is not None:
            found.append(changed)
    return found


def _changed(
    release_no: int, then: tuple[int, ReleasedTable], now: ReleasedTable
) -> Changed | None:
    """Only figures that both show are compared: what is hidden tells nothing."""
    old, new = then[1].table.by_key, now.table.by_key
    gone = then[1].hidden_keys | now.hidden_keys
    keys = {key for key in old.keys() | new.keys() if key not in gone}
    figures = sum(_value(old.get(key)) != _value(new.get(key)) for key in keys)
    if not figures:
        return None
    total = () if not now.table.breakdown and () not in gone else None
    return Changed(
        release_no=release_no,
        before_release=then[0],
        indicator=now.table.indicator,
        period=now.table.period,
        breakdown=now.table.breakdown,
        figures_changed=figures,
        before=None if total is None else _value(old.get(total)),
        after=None if total is None else _value(new.get(total)),
    )


def _value(cell: object) -> str | None:
    return getattr(cell, "value", None)
