"""What a release is built of: frozen figures, and what its readers had before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ibr.coverage.figures import read as figures
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.publish.receipts.store import Receipts, is_there, largest_receipts
from ibr.publish.releases import store
from ibr.publish.releases.chosen import PUBLISHABLE
from ibr.publish.releases.hiding import Past, Readers, hidden_places
from ibr.publish.releases.model import RULES, Audience, Name, ReleaseHead, Shape
from ibr.publish.releases.systems import systems
from ibr.registry.areas.list_areas import every_area
from ibr.registry.programmes.register_programme import every_programme

Tables = dict[Name, FigureTable]
_INDICATORS: Final = tuple(PUBLISHABLE)
_BREAKDOWNS: Final = tuple(sorted({each for some in PUBLISHABLE.values() for each in some}))


class Gathered(msgspec.Struct, frozen=True):
    """One month's frozen tables, with everybody who will read what is shown of them."""

    period: str
    tables: Tables
    readers: tuple[Readers, ...]
    facts: Path | None
    """The file of facts that the month's figures were counted from; None where nobody knows."""


async def frozen(connection: Connection, period: str, run_no: int | None = None) -> Tables:
    """All tables of a month that may be published at all, as they count or as they once did."""
    found = await figures.figure_tables(connection, _INDICATORS, _BREAKDOWNS, [period], run_no)
    return {
        (indicator, breakdown): table
        for (indicator, breakdown, _), table in found.items()
        if breakdown in PUBLISHABLE[indicator]
    }


async def shape_now(connection: Connection) -> Shape:
    """Functions of programmes and regions of districts as they are."""
    programmes = await every_programme(connection)
    areas = await every_area(connection)
    return Shape(
        {each.code: tuple(str(number) for number in each.functions) for each in programmes},
        {each.code: each.parent or "" for each in areas if each.level == 2},
    )


async def published(
    connection: Connection, audience: Audience, period: str
) -> dict[Audience, list[ReleaseHead]]:
    """Releases with a month that readers ever had, by audience; partners read the public's too."""
    found = await store.heads(connection, period=period, published=True)
    own = [each for each in found if each.audience == audience]
    other = [each for each in found if each.audience != audience]
    if audience == "public":
        return {"public": own, "partners": other}
    return {"partners": own, "public": other}


async def past_of(connection: Connection, head: ReleaseHead, period: str) -> Past:
    """What a release told of a month: its counts as they were, and which of them were hidden."""
    tables = await frozen(connection, period, head.as_of_run)
    receipts = await store.largest(connection, head.release_no, period)
    choice = tuple(each for each in head.choice if each in tables)
    told = [
        each
        for each in await store.tables(connection, head.release_no)
        if each.table.period == period
    ]
    return Past(systems(tables, choice, head.shape, receipts), hidden_places(told))


async def readers_of(
    connection: Connection, audience: Audience, period: str
) -> tuple[Readers, ...]:
    """Who reads a release of a month: with the public's also the partners, if they have any of it.

    Partners read everything that the public reads, under a smaller minimum and with more known.
    """
    before = await published(connection, audience, period)
    past = {
        kind: tuple([await past_of(connection, head, period) for head in heads])
        for kind, heads in before.items()
    }
    everything = (*past["public"], *past["partners"])
    if audience == "partners":
        return (Readers(RULES["partners"], everything),)
    found = [Readers(RULES["public"], past["public"])]
    if past["partners"]:
        found.append(Readers(RULES["partners"], everything))
    return tuple(found)


async def gather(
    connection: Connection, audience: Audience, period: str, facts_folder: Path
) -> Gathered:
    """Everything about one month that is needed to decide what is shown of it."""
    tables = await frozen(connection, period)
    if ("N1", "") not in tables:
        raise NotFound(
            "release.no_figures",
            "There are no figures for one of these months. Work them out: ibr indicators run",
        )
    run = await figures.one_run(connection, max(each.run_no for each in tables.values()))
    money = tables.get(("N5", "currency"))
    if money is not None and money.run_no != run.run_no:
        run = await figures.one_run(connection, money.run_no)
    digest = run.inputs.get("facts", {}).get(period, "")
    facts = facts_folder / period / f"{digest[:16]}.parquet" if digest else None
    readers = await readers_of(connection, audience, period)
    return Gathered(period, tables, readers, facts)


def receipts_of(
    gathered: Gathered, choice: Sequence[Name], programmes: dict[int, str], shape: Shape
) -> Receipts | None:
    """The largest receipts of a month's money; None where its facts are gone."""
    breakdowns = [breakdown for indicator, breakdown in choice if indicator == "N5"]
    if not breakdowns:
        return {}
    if gathered.facts is None or not is_there(gathered.facts):
        return None
    return largest_receipts(gathered.facts, programmes, shape.functions, breakdowns)


def without_money(choice: Iterable[Name]) -> tuple[Name, ...]:
    """The choice without sums of money and what they give away."""
    return tuple(each for each in choice if each[0] not in ("N5", "A1"))
