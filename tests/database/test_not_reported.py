"""Whose reports figures lack: in the release, in its digest, on the public site and in files."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import date

import asyncpg
import msgspec
import pytest

from ibr.coverage.figures.model import Cell, FigureTable, NotReported
from ibr.errors import Conflict
from ibr.publish.releases.build import digest_of
from ibr.publish.releases.model import ReleasedTable
from tests.database.test_web_pages import visitor
from tests.made_figures import freeze_made_at
from tests.releases_web import build, publish_by_two, reader
from tests.web_country import WebCountry, filled

LACKS = [["WORK", "2026-11-01"], ["CHILD", "2026-11-30"]]
MONTH = "2026-10"


async def change(dsn: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The small country with figures that lack two reports."""
    return filled(dsn)


@pytest.fixture(scope="module")
def lacking(country: WebCountry) -> WebCountry:
    async def freeze() -> None:
        await freeze_made_at(country.dsn, months=2, people=3000, restated=False)
        await change(
            country.dsn,
            "update figure_table set not_reported = $1::text::jsonb where period = $2",
            json.dumps(LACKS),
            MONTH,
        )

    asyncio.run(freeze())
    return country


def table(lacks: tuple[NotReported, ...] | None) -> ReleasedTable:
    cells = (Cell((), 5, None, "5"),)
    return ReleasedTable(
        FigureTable(
            indicator="N1",
            version=1,
            period=MONTH,
            breakdown="",
            cells=cells,
            run_no=3,
            not_reported=lacks,
        )
    )


def test_every_change_of_what_is_missing_changes_the_digest() -> None:
    one = NotReported("WORK", date(2026, 11, 15))
    other = NotReported("WORK", date(2026, 11, 16))
    made = [digest_of([table(each)]) for each in (None, (), (one,), (other,), (one, other))]
    assert len(set(made)) == 5
    assert digest_of([table((one,))]) == made[2]


def test_a_release_that_was_built_before_keeps_its_digest() -> None:
    old = table(None).table
    said = (old.indicator, old.breakdown, old.period, old.run_no, old.version)
    plain = msgspec.msgpack.encode((said, old.cells, []))
    assert digest_of([table(None)]) == hashlib.sha256(plain).digest()


async def test_what_was_signed_cannot_lose_its_note(lacking: WebCountry) -> None:
    number = await build(lacking.dsn, "public", MONTH)
    emptied = "update release_table set not_reported = $2::text::jsonb where release_no = $1"
    for instead in ("[]", None, json.dumps(LACKS[:1])):
        await change(lacking.dsn, emptied, number, instead)
        with pytest.raises(Conflict) as refused:
            await publish_by_two(lacking.dsn, number)
        assert refused.value.code == "release.changed"
    # The control: as it was built it can be published.
    await change(lacking.dsn, emptied, number, json.dumps(LACKS))
    await publish_by_two(lacking.dsn, number)
    async with reader(lacking) as outside:
        start = await outside.get(f"/public/en?month={MONTH}")
        page = await outside.get(f"/public/en/releases/{number}")
        french = await outside.get(f"/public/fr?month={MONTH}")
        figures = await outside.get(
            f"/public/api/figures?indicator=N1&breakdown=programme&period={MONTH}"
        )
        csv = await outside.get(f"/public/files/{number}/all.csv")
    for shown in (start, page):
        assert "Not in these figures:" in shown.text
        assert "late since 1 Nov 2026" in shown.text
    assert "Absents de ces chiffres" in french.text
    assert {"programme": "WORK", "due_on": "2026-11-01"} in find(figures.json(), "not_reported")
    assert "WORK 2026-11-01; CHILD 2026-11-30" in csv.text


def find(value: object, name: str) -> list[object]:
    """Every member of this name in a JSON value, flattened."""
    found: list[object] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, list):
                found += inner
            else:
                found += find(inner, name)
    if isinstance(value, list):
        for each in value:
            found += find(each, name)
    return found


@pytest.mark.parametrize(
    "address",
    ["/", "/coverage", "/overlaps", "/money", "/gaps", "/quality", "/indicators", "/indicators/N1"],
)
async def test_every_page_of_figures_says_whose_reports_it_lacks(
    lacking: WebCountry, address: str
) -> None:
    async with visitor(lacking, "analyst@example.org") as client:
        shown = await client.get(address)
    assert shown.status_code == 200
    assert shown.text.count("Not in these figures:") == 1
    assert "late since 1 Nov 2026" in shown.text
    # Known as of a day before its last one, a report is not late yet.
    assert "due by 30 Nov 2026" in shown.text


async def test_control_a_month_that_lacks_nothing_says_nothing(lacking: WebCountry) -> None:
    async with visitor(lacking, "analyst@example.org") as client:
        shown = await client.get("/overlaps?period=2026-09")
    assert shown.status_code == 200
    assert "Not in these figures:" not in shown.text
