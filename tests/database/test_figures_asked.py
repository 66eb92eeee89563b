"""Figures that somebody asks for: found as they were frozen, noted, refused with a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ibr.asker import Asker, Purpose
from ibr.coverage.figures import read
from ibr.db.pool import Connection, Database, open_database
from ibr.errors import NotFound, NotUnderstood
from ibr.publish.asked.find import find
from ibr.publish.asked.interface import figures_answer, run_list
from ibr.publish.asked.make_brief import make_brief, newest_month
from ibr.publish.asked.make_file import dataset_of, make_file
from ibr.publish.asked.read_asked import MOST_PERIODS, Asked, Paging, read_asked, read_paging
from ibr.publish.figures_from import FrozenFigures
from ibr.publish.files.labels import load_labels
from tests import people_web
from tests.figures_out import INDICATORS, frozen, read_csv, read_parquet, read_xlsx
from tests.made_figures import add_districts, freeze_made_at
from tests.web_country import WebCountry, filled

ASKER = Asker(kind="officer", id=1, name="Ana", purpose=Purpose("official_duty"), ask=frozenset())


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    asyncio.run(add_districts(dsn))
    asyncio.run(freeze_made_at(dsn, months=14, people=300))
    return made


@pytest.fixture
async def database(country: WebCountry) -> AsyncIterator[Database]:
    opened = await open_database(country.dsn, "ibr_app", size=2, name="test")
    yield opened
    await opened.close()


def asked_for(**query: str) -> Asked:
    return read_asked(query, INDICATORS)


async def file_of(database: Database, form: str, **query: str) -> tuple[str, bytes]:
    async with database.transaction(()) as connection:
        made = await make_file(
            connection,
            FrozenFigures(),
            asked_for(**query),
            form,
            labels=await load_labels(connection),
            indicators=INDICATORS,
            asker=ASKER,
            at=people_web.NOW,
        )
    return made.name, b"".join(made.pieces)


READERS = {"csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet}


@pytest.mark.parametrize("form", READERS)
async def test_a_file_has_the_frozen_figures(database: Database, form: str) -> None:
    name, content = await file_of(
        database, form, indicator="N1,C2", breakdown="area1*sex", period="2026-09..2026-10"
    )
    async with database.transaction(()) as connection:
        kept = await read.figure_tables(
            connection, ["N1", "C2"], ["area1*sex"], ["2026-09", "2026-10"]
        )
    assert len(kept) == 4
    assert READERS[form](content) == frozen(kept.values())
    assert name.startswith("N1-C2-by-area1-sex-2026-09-to-2026-10-internal.")


async def test_each_file_leaves_an_audit_event(country: WebCountry, database: Database) -> None:
    await file_of(database, "csv", indicator="N4", breakdown="programme", period="2026-10")
    (row,) = await country.read(
        "select actor_kind, details::text as details from ibr.audit_event "
        "where kind = 'figures.exported' and details::text like '%N4%'"
    )
    details = msgspec.json.decode(row["details"])
    assert row["actor_kind"] == "officer"
    assert (details["breakdowns"], details["form"]) == (["programme"], "csv")
    assert details["figures"] == 5


async def test_without_a_period_the_newest_month_is_taken(database: Database) -> None:
    async with database.transaction(()) as connection:
        found = await find(connection, FrozenFigures(), asked_for(indicator="N1"))
    assert [each.period for each in found.tables] == ["2026-10"]


async def test_codes_narrow_what_is_found(database: Database) -> None:
    asked = asked_for(indicator="N1", breakdown="area1*sex,area1", area1="R1,R2", sex="2")
    async with database.transaction(()) as connection:
        found = await find(connection, FrozenFigures(), asked)
    keys = {each.breakdown: [cell.key for cell in each.cells] for each in found.tables}
    assert keys == {"area1": [("R1",), ("R2",)], "area1*sex": [("R1", "2"), ("R2", "2")]}


async def test_figures_that_there_are_not_are_said_so(database: Database) -> None:
    async with database.transaction(()) as connection:
        with pytest.raises(NotFound, match="There are no figures"):
            await find(connection, FrozenFigures(), asked_for(indicator="N1", period="1999-01"))


REFUSED: list[tuple[dict[str, str], str]] = [
    ({}, "figures.indicator"),
    ({"indicator": ",".join(["N1"] + [f"X{n}" for n in range(12)])}, "figures.indicator"),
    ({"indicator": "ZZ"}, "figures.indicator_unknown"),
    ({"indicator": "N1", "breakdown": "colour"}, "figures.breakdown"),
    ({"indicator": "N1", "breakdown": "sex*sex"}, "figures.breakdown"),
    ({"indicator": "N1", "period": "2026-13"}, "period.invalid"),
    ({"indicator": "N1", "period": "2026-10..2026-09"}, "figures.span"),
    ({"indicator": "N1", "period": "2025..2026-09"}, "figures.span"),
    ({"indicator": "N1", "period": "1900-01..2026-09"}, "figures.periods"),
    ({"indicator": "N1", "sex": "2"}, "figures.where"),
]


@pytest.mark.parametrize(("query", "code"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_code(query: dict[str, str], code: str) -> None:
    with pytest.raises((NotUnderstood, NotFound)) as refused:
        read_asked(query, INDICATORS)
    assert refused.value.code == code
    assert "ZZ" not in refused.value.message


def test_a_span_of_months_and_of_years_is_every_one_of_them() -> None:
    months = asked_for(indicator="N1", period="2025-11..2026-02").periods
    assert months == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert asked_for(indicator="N1", period="2024..2026").periods == ("2024", "2025", "2026")
    most = asked_for(indicator="N1", period="2021-11..2026-10").periods
    assert len(most) == MOST_PERIODS


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"size": "5001"}, {"size": "0"}])
def test_pages_have_bounds(query: dict[str, str]) -> None:
    with pytest.raises(NotUnderstood):
        read_paging(query)
    assert read_paging({"page": "2", "size": "10"}) == Paging(2, 10)


async def test_pages_of_the_interface_hold_every_figure_once(database: Database) -> None:
    async with database.transaction(()) as connection:
        asked = asked_for(indicator="N1", breakdown="area1*sex*age", period="2026-10")
        found = await find(connection, FrozenFigures(), asked)
        labels = await load_labels(connection)
    dataset = dataset_of(found, "internal", labels, INDICATORS)
    first = figures_answer(dataset, Paging(1, 20))
    pages = [figures_answer(dataset, Paging(n, 20)) for n in range(1, first["pages"] + 1)]
    seen = [tuple(each["codes"].values()) for page in pages for each in page["figures"]]
    assert len(seen) == len(set(seen)) == first["total"] == len(found.tables[0].cells)
    assert first["pages"] > 2
    assert figures_answer(dataset, Paging(99, 20))["figures"] == []


async def test_runs_tell_partners_no_more_than_what_to_cite(database: Database) -> None:
    async with database.transaction(()) as connection:
        runs = await read.runs(connection)
    whole, part = (run_list(runs, whole=each)["runs"][0] for each in (True, False))
    assert whole["reason"] == "a late report"
    assert "reason" not in part
    assert "inputs" not in part
    assert part["run_no"] == whole["run_no"]


async def brief_of(database: Database, **asked: Any) -> tuple[str, bytes]:
    async with database.transaction(()) as connection:
        name, write = await make_brief(
            connection,
            FrozenFigures(),
            area=asked.get("area", ""),
            period=asked.get("period", ""),
            labels=await load_labels(connection, asked.get("language", "en")),
            indicators=INDICATORS,
            asker=ASKER,
            at=people_web.NOW,
        )
    return name, write()


@pytest.mark.parametrize("area", ["", "R3", "R3-01"])
async def test_a_brief_of_each_level_can_be_had(database: Database, area: str) -> None:
    name, content = await brief_of(database, area=area)
    assert name == f"brief-{area or 'country'}-2026-10-internal.pdf"
    assert content.startswith(b"%PDF-1.")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"area": "R99"}, "area.unknown"),
        ({"period": "1999-01"}, "brief.none"),
        ({"period": "1999"}, "brief.none"),
    ],
)
async def test_a_brief_that_cannot_be_made_says_why(
    database: Database, asked: dict[str, str], code: str
) -> None:
    with pytest.raises(NotFound) as refused:
        await brief_of(database, **asked)
    assert refused.value.code == code


class Nothing(FrozenFigures):
    """Figures before the first run."""

    async def periods(self, connection: Connection, indicator: str) -> list[str]:
        return []


async def test_before_the_first_run_a_brief_says_what_to_do(database: Database) -> None:
    async with database.transaction(()) as connection:
        with pytest.raises(NotFound, match="ibr indicators run"):
            await newest_month(connection, Nothing())
        assert await newest_month(connection, FrozenFigures()) == "2026-10"
