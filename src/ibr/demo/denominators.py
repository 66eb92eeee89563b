"""The made-up country's population, entered as a census file is: what coverage divides by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from ibr.coverage.population.import_population import import_population
from ibr.coverage.population.model import Terms
from ibr.db.pool import Connection
from ibr.demo.country import Country
from ibr.demo.population import Count
from ibr.errors import NotUnderstood
from ibr.registry.areas.tables import Table

YEAR: Final = 2024
SOURCE: Final = "National Bureau of Statistics of Talmira (made up), census"
# Parts of everybody, about as surveys of such countries find them.
_DISABLED: Final = 0.022
_POOR: Final = 0.42
_BORN_IN_A_YEAR: Final = 0.031
_PER_HOUSEHOLD: Final = 4.4
_WORDS: Final = {"female": "F", "male": "M"}


async def enter_population(connection: Connection, country: Country, at: datetime) -> None:
    """Everybody by district, sex and age; by district also households, births, poor people and
    people with a disability. The connection is the owner's."""
    names = {area.code: area.names["en"] for area in country.areas}
    people = [
        (names[each.area], each.area, _WORDS[each.sex], age, number)
        for each in country.population
        for age, number in _by_year(each)
    ]
    await _enter(connection, at, "all", ("sex", "age", "count"), people)
    whole: dict[str, int] = {}
    for each in country.population:
        whole[each.area] = whole.get(each.area, 0) + each.people
    for group, part in (
        ("disability", _DISABLED),
        ("poor", _POOR),
        ("births", _BORN_IN_A_YEAR),
        ("households", 1 / _PER_HOUSEHOLD),
    ):
        counts = [
            (names[area], area, round(number * part)) for area, number in sorted(whole.items())
        ]
        await _enter(connection, at, group, ("count",), counts)


def _by_year(group: Count) -> Iterator[tuple[str, int]]:
    """A group's people by single years of age, as a census asks, so that a programme for any ages
    has a whole to be divided by."""
    if group.age_to is None:
        yield f"{group.age_from}+", group.people
        return
    years = range(group.age_from, group.age_to + 1)
    each, more = divmod(group.people, len(years))
    for place, age in enumerate(years):
        yield str(age), each + (place < more)


async def _enter(
    connection: Connection,
    at: datetime,
    group: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    table = Table(["district", "code", *header], [[str(cell) for cell in row] for row in rows])
    text = io.StringIO(newline="")
    csv.writer(text).writerows([table.header, *table.rows])
    terms = Terms(
        year=YEAR,
        source=SOURCE,
        group=group,
        columns={"district": "area", "code": "code", "count": "count"},
        accept_differences=True,
    )
    done = await import_population(
        connection, table, terms, at, file_name=f"{group}.csv", content=text.getvalue().encode()
    )
    if done.problems:
        raise NotUnderstood("demo.population", done.problems[0].reason)
