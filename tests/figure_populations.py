"""Small made-up countries for the engines of figures: people, benefits, areas and denominators."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from ibr.coverage.engine.denominators import Denominators
from ibr.coverage.facts.people import make_people
from ibr.coverage.population.denominator import Book
from ibr.coverage.population.model import EVERY_AGE, GROUPS, OPEN, Ages, Cell, Source
from ibr.coverage.reference.model import ReferenceAmount
from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.model import Tables
from ibr.registry.areas.model import Area
from tests.check_populations import population
from tests.check_tables import loaded

AREAS = (("C", None, 0), ("D1", "C", 1), ("D2", "C", 1), ("D3", "C", 1))
DISTRICTS = (("D11", "D1", 2), ("D12", "D1", 2), ("D21", "D2", 2))
AT = datetime(2026, 11, 2, tzinfo=UTC)


def country(seed: int) -> Tables:
    """The population of the checks, with functions, places, news and values of every kind."""
    rng, tables = random.Random(seed), complete(population(seed))
    for row in tables["programme"]:
        row["functions"] = rng.choice(("", "1", "4", "2,14", "4,5", "7", "1,2"))
        row["contribution_type"] = rng.choice((1, 3, 3, None))
        row["benefit_type"] = rng.choice((row["benefit_type"], None))
        row["currency"] = rng.choice((row["currency"], row["currency"], "JPY", None))
    for row in tables["record"]:
        row["known_on"] = rng.choice((None, date(2026, 9, 1), date(2026, 9, rng.randint(1, 30))))
        _displace(rng, row)
    for row in tables["benefit"]:
        row["benefit_type"] = rng.choice((1, 1, 2, 3, row["benefit_type"], None))
        row["value_minor"] = rng.choice((row["value_minor"], rng.randint(0, 99_999)))
    silent = rng.choice(tables["record"])["record_id"]
    if rng.random() < 0.3:
        tables["appearance"] = [a for a in tables["appearance"] if a["record_id"] != silent]
    chosen = rng.choice(((), AREAS, (*AREAS, *DISTRICTS), DISTRICTS))
    tables["area"] = [{"code": code, "parent": above, "level": n} for code, above, n in chosen]
    return tables


def _displace(rng: random.Random, row: dict[str, Any]) -> None:
    """Leaves out, or writes wrongly, now and then a part of an address."""
    luck = rng.random()
    if luck < 0.1:
        row["region_code"] = None
    elif luck < 0.2:
        row["district_code"] = None
    elif luck < 0.3:
        row["region_code"] = rng.choice(("D1", "D2", "D9"))
    elif luck < 0.35:
        row["district_code"] = "D99"


def denominators(seed: int) -> Denominators:
    """Populations in which now and then a group, an age or an area is missing."""
    rng = random.Random(seed)
    areas = [
        Area(code=code, parent=above, level=level, names={"en": code})
        for code, above, level in (*AREAS, *DISTRICTS)
    ]
    books = {}
    for number, group in enumerate(GROUPS, 1):
        sources, figures = [], {}
        for year in (2019, 2026) if rng.random() < 0.5 else (2024,):
            source = _source(number * 10 + year % 10, year, group)
            sources.append(source)
            for code in ("D1", "D2", "D3", "D11", "D12", "D21"):
                if rng.random() < 0.9:
                    figures[source.number, code] = _cells(rng, group)
        books[group] = Book(group, areas, sources if rng.random() < 0.9 else [], figures)
    return Denominators(books)


def _source(number: int, year: int, group: str) -> Source:
    return Source(
        number=number, year=year, day=date(year, 7, 1), group=group, source="Census",
        method="census", uncertainty=None, licence=None, file_name="f.csv", file_digest="d",
        figures=1, told=[], imported_at=AT, imported_by="test",
    )  # fmt: skip


def _cells(rng: random.Random, group: str) -> dict[Cell, int]:
    if group == "households":
        return {(0, EVERY_AGE): rng.randint(0, 6)}
    first = rng.choice((0, 0, 5)) if group == "disability" else 0
    ages = [Ages(n, n + 4) for n in range(first, 80, 5)] + [Ages(80, OPEN)]
    sexes = rng.choice(((1, 2), (1, 2), (0,)))
    return {(sex, each): rng.randint(0, 4) for sex in sexes for each in ages}


def references() -> list[ReferenceAmount]:
    def amount(kind: str, currency: str, minor: int, since: date) -> ReferenceAmount:
        return ReferenceAmount(
            kind=kind, currency=currency, minor=minor, valid_from=since, source="Statistics",
            entered_by="test", entered_at=AT,
        )  # fmt: skip

    return [
        amount("poverty_line", "XTS", 3_000_00, date(2025, 1, 1)),
        amount("poverty_line", "XTS", 3_500_00, date(2026, 8, 1)),
        amount("minimum_wage", "JPY", 90_000, date(2026, 1, 1)),
        amount("food_basket", "XTS", 1_000_00, date(2027, 1, 1)),
    ]


def opened(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A connection with the tables, and the tables of people made of them."""
    connection = loaded(tables)
    make_people(connection)
    return connection
