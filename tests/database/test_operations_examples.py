"""The worked examples of the catalogue on reports, payments, identity and cases, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ibr.coverage.catalogue.identity_and_cases import CASES
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.catalogue.reporting import REPORTING
from ibr.coverage.engine.operations.cells import VERSION
from ibr.coverage.engine.operations.count import count_operations
from ibr.coverage.figures import store as figures
from ibr.coverage.figures.model import (
    DIMENSIONS,
    Cell,
    FigureTable,
    Restated,
    Run,
    breakdown_of,
    count_cell,
)
from ibr.db.pool import Database, open_database
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from tests.check_tables import loaded
from tests.made_operations import empty, insert

ALL = {each.code: each for each in (*REPORTING, *CASES)}
JUNE = Month(2026, 6)
AT = datetime(2026, 12, 1, tzinfo=UTC)
OPENED = datetime(2026, 6, 1, 9, tzinfo=UTC)
# Which cell an example is about, where the total of the indicator is not it.
PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "R3": ("part", ("p50",)),
    "R5": ("field", ("birth_date",)),
    "R6": ("programme", ("OAP",)),
    "P1": ("programme", ("OAP",)),
    "P2": ("programme", ("OAP",)),
    "P3": ("programme", ("OAP",)),
    "Q1": ("part", ("present",)),
    "Q4": ("part", ("K01",)),
    "Q5": ("part", ("made_up",)),
    "Q7": ("part", ("same_answer",)),
    "K1": ("part", ("open",)),
    "K2": ("part", ("not_confirmed",)),
    "K3": ("part", ("overturned",)),
    "K4": ("part", ("person_days",)),
    "K5": ("sex*part", ("2", "flagged_ratio")),
    "S1": ("currency", ("KES",)),
}


class Registry:
    """The rows of one example, written one by one as the owner of the database."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.numbers = iter(range(1, 1000))

    async def add(self, table: str, **row: Any) -> None:
        await insert(self.connection, table, row)

    async def programme(self, number: int, code: str, **further: Any) -> None:
        row = {"cycle_months": 1, "known_at": datetime(2026, 6, 1, tzinfo=UTC)} | further
        await self.add("programme", programme_id=number, code=code, names={"en": code}, **row)

    async def delivery(self, programme: int, received: datetime, **further: Any) -> int:
        number = next(self.numbers)
        row: dict[str, Any] = {
            "cycle": "2026-06", "records": 10, "refused": 0, "control_total": None,
        } | further  # fmt: skip
        await self.add(
            "delivery", delivery_id=number, partner_id=1, programme_ids=[programme],
            message_key=b"", door="message", as_of=received, body_digest=b"", body_bytes=1,
            state="done", received_at=received, done_at=received, **row,
        )  # fmt: skip
        return number

    async def case(self, **further: Any) -> int:
        number = next(self.numbers)
        row = {"state": "assigned", "opened_at": OPENED, "since": OPENED} | further
        if row["state"] == "closed":
            row.setdefault("closed_at", OPENED + timedelta(days=60))
        await self.add(
            "overlap_case", case_id=number, programme_id=1, record_id=number, checks=["K01"],
            severity=1, step_no=1, **row,
        )  # fmt: skip
        return number

    async def decided(self, outcome: str, **further: Any) -> int:
        row = {"decided_at": OPENED + timedelta(days=5), "state": "closed"} | further
        return await self.case(outcome=outcome, **row)


async def three_reports(registry: Registry) -> None:
    for number, code in enumerate(("OAP", "FOOD", "PCT"), 1):
        await registry.programme(number, code)
    await registry.delivery(1, datetime(2026, 7, 4, 12, tzinfo=UTC))
    await registry.delivery(2, datetime(2026, 7, 20, 12, tzinfo=UTC))


async def records_sent(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    sent = datetime(2026, 7, 4, tzinfo=UTC)
    number = await registry.delivery(1, sent, records=200, refused=5)
    for item, field in enumerate(["member.sex"] * 4 + ["benefit_value"]):
        await registry.add(
            "refused_record", delivery_id=number, item_no=item, reference_id="r", field=field,
            code="record.field", reason="Mend it.",
        )  # fmt: skip


async def totals_declared(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    sent = datetime(2026, 7, 4, tzinfo=UTC)
    await registry.delivery(1, sent, records=100, control_total=100)
    await registry.delivery(1, sent, records=18, control_total=20)
    await registry.delivery(1, sent, records=7)


async def stated_anew(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    before = await frozen_run(registry.connection, 200)
    after = await frozen_run(registry.connection, 230)
    moved = Restated(
        run_no=after, before_run=before, indicator="N1", period="2026-06", breakdown="",
        cells_changed=1, cells=1, value_before="200", value_after="230", largest_change="30",
        why=("A late report.",),
    )  # fmt: skip
    await registry.connection.execute("set search_path = ibr")
    await figures.add_restated(registry.connection, [moved])


async def frozen_run(connection: asyncpg.Connection, people: int) -> int:
    await connection.execute("set search_path = ibr")
    run = await figures.add_run(
        connection,
        Run(
            run_no=0, kind="month", state="done", snapshot_no=None, as_known_at=AT,
            first_month="2026-06", last_month="2026-06", inputs={}, code_version="1",
            started_at=AT, finished_at=AT, tables=1, cells=1, seconds={}, reason="", asked_by="",
        ),
    )  # fmt: skip
    table = FigureTable(
        indicator="N1", version=1, period="2026-06", breakdown="", cells=(count_cell((), people),)
    )
    await figures.add_tables(connection, run, [figures.frozen(table)])
    return run


async def decided_by_check(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    for outcome, appeal in (
        ("error_claimant", None), ("not_confirmed", None), ("error_data", "upheld"),
    ):  # fmt: skip
        case = await registry.decided(outcome, appeal=appeal)
        for version in (1, 2):
            await registry.add(
                "finding", check_code="K01", same_as=f"{case}{version}".encode(),
                check_version=version, severity=1, programme_id=1, facts={}, first_run=1,
                last_run=1, found_at=OPENED, case_id=case,
            )  # fmt: skip


async def linkage_measured(registry: Registry) -> None:
    for right, day in ((500, 1), (930, 2)):
        await registry.connection.execute(
            "insert into ibr.link_quality (kind, method, measured, measured_at) "
            "values ('made_up', 'm', $1::text::jsonb, $2)",
            f'{{"linked_or_review": {{"right": {right}, "found": 1100, "true": 1000}}}}',
            OPENED + timedelta(days=day),
        )


async def looked_at_twice(registry: Registry) -> None:
    for pair in range(10):
        for opinion, decision in ((1, "same"), (2, "same" if pair < 8 else "different")):
            await registry.add(
                "link_decision", decision_no=next(registry.numbers), low_record=pair, low_no=0,
                high_record=pair + 50, high_no=0, decision=decision, opinion=opinion,
                reason_code="x", decided_by=1, decided_at=OPENED, four_eyes=False,
            )  # fmt: skip


async def three_cases(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    await registry.case()
    await registry.case(opened_at=OPENED + timedelta(days=20))
    await registry.decided(
        "not_confirmed",
        opened_at=OPENED - timedelta(days=20),
        closed_at=OPENED + timedelta(days=6),
    )


async def four_outcomes(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    await registry.decided("error_claimant")
    await registry.decided("not_confirmed")
    await registry.decided("not_confirmed")
    await registry.decided("error_data", appeal="upheld")


async def appeals(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    for appeal in ("upheld", "rejected", "lodged", None):
        await registry.decided("error_claimant", appeal=appeal)
    await registry.decided("fraud_suspicion")


async def a_hold(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    await registry.case(
        hold_from=datetime(2026, 6, 28, 10, tzinfo=UTC),
        hold_until=datetime(2026, 7, 20, 10, tzinfo=UTC),
        hold_ended_at=datetime(2026, 7, 3, 8, tzinfo=UTC),
    )


async def women_and_men(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    await registry.add(
        "snapshot", snapshot_no=1, as_known_at=AT, through_change=1, files={}, rows={}, vintages={}
    )
    for sex, cases in ((2, 6), (1, 2)):
        await registry.add(
            "enrolled_people", snapshot_no=1, programme_id=1, what="sex", which=str(sex),
            persons=1000,
        )  # fmt: skip
        for _ in range(cases):
            await registry.case(sex=sex)


async def money(registry: Registry) -> None:
    await registry.programme(1, "OAP")
    case = await registry.decided("error_claimant", state="effective")
    overturned = await registry.decided("error_claimant", appeal="upheld")
    for kind, amount, of, confirmed in (
        ("stopped", 100_000, case, OPENED), ("recovered", 5_000, case, OPENED),
        ("restored", 30_000, case, OPENED), ("stopped", 77_000, case, None),
        ("stopped", 88_000, overturned, OPENED), ("restored", 88_000, overturned, OPENED),
    ):  # fmt: skip
        await registry.add(
            "case_money", case_id=of, programme_id=1, kind=kind, amount_minor=amount,
            currency="KES", first_day=date(2026, 6, 1), last_day=date(2026, 6, 30), entered_by=1,
            entered_at=OPENED, confirmed_by=confirmed and 2, confirmed_at=confirmed,
        )  # fmt: skip


IN_DATABASE: dict[str, Callable[[Registry], Awaitable[None]]] = {
    "R1": three_reports,
    "R2": three_reports,
    "R3": three_reports,
    "R4": records_sent,
    "R6": totals_declared,
    "R7": stated_anew,
    "Q4": decided_by_check,
    "Q5": linkage_measured,
    "Q7": looked_at_twice,
    "K1": three_cases,
    "K2": four_outcomes,
    "K3": appeals,
    "K4": a_hold,
    "K5": women_and_men,
    "S1": money,
}

BORN = Who(1, "1950-03-14")


def a_monthly_amount() -> Story:
    story = Story().programme(1, "OAP").rule(1, "amount", minor=500, currency="XTS")
    for number in range(1, 5):
        story.enrol(number, 1, Who(number), paid="06-03" if number < 4 else "")
    return story.enrol(5, 1, Who(5), since="2026-06-10")


def paid_by_the_tenth() -> Story:
    return Story().programme(1, "OAP").enrol(1, 1, BORN, paid="06-05 06-10 06-11")


def one_failed() -> Story:
    return Story().programme(1, "OAP").enrol(1, 1, BORN, paid="06-05 06-10 06-11")


def birth_dates() -> Story:
    story = Story().programme(1, "OAP").enrol(1, 1, Who(1, None)).enrol(2, 1, Who(2, precision=1))
    return story.enrol(3, 1, Who(3)).enrol(4, 1, Who(4))


def numbers() -> Story:
    story = Story().programme(1, "OAP")
    for number in range(1, 5):
        story.enrol(number, 1, Who(number))
    for number, kind in ((1, "UIN"), (2, "PASSPORT"), (3, "PHONE")):
        story.number(number, 1, kind, number)
    return story.number(4, 1, "UIN", 9, tie="PAYEE")


def a_possible_link() -> Story:
    story = Story().programme(1, "OAP")
    for number in range(1, 6):
        story.enrol(number, 1, Who(number))
    return story.open_link((1, 1), (2, 1), 3.0)


def three_records_of_one() -> Story:
    story = Story().programme(1, "OAP")
    for number in range(1, 6):
        story.enrol(number, 1, Who(max(number, 3)))
    return story


IN_SNAPSHOT: dict[str, Callable[[], Story]] = {
    "P1": a_monthly_amount,
    "P2": paid_by_the_tenth,
    "P3": one_failed,
    "R5": birth_dates,
    "Q1": numbers,
    "Q2": a_possible_link,
    "Q3": three_records_of_one,
}


@pytest.fixture
async def registry(dsn: str) -> AsyncIterator[Registry]:
    connection = await asyncpg.connect(dsn)
    try:
        await empty(connection)
        await connection.execute(
            "truncate ibr.figure_restated, ibr.figure_table, ibr.indicator_run, ibr.link_quality, "
            "ibr.confirmed_person cascade"
        )
        yield Registry(connection)
    finally:
        await connection.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=1, name="operations")
    try:
        yield database
    finally:
        await database.close()


def the_cell(tables: list[FigureTable], indicator: str) -> Cell | None:
    breakdown, key = PLACES.get(indicator, ("", ()))
    found = [each for each in tables if (each.indicator, each.breakdown) == (indicator, breakdown)]
    return found[0].by_key.get(key) if found else None


def as_the_example(cell: Cell | None, indicator: Indicator) -> None:
    example = indicator.example
    if cell is None:
        assert (example.numerator, example.denominator, example.value) == (None, None, "")
    else:
        said = (example.numerator, example.denominator, example.value)
        assert (cell.numerator, cell.denominator, cell.value) == said


@pytest.mark.parametrize("code", IN_DATABASE)
async def test_an_example_comes_out_as_its_page_says(
    registry: Registry, database: Database, code: str
) -> None:
    await IN_DATABASE[code](registry)
    async with database.transaction([1, 2, 3], frozen=True) as connection:
        tables = await count_operations(connection, [JUNE], [1, 2, 3], AT)
    cell = the_cell(tables, code)
    assert cell is not None
    as_the_example(cell, ALL[code])


@pytest.mark.parametrize("code", IN_SNAPSHOT)
async def test_an_example_of_a_snapshot_comes_out_as_its_page_says(
    registry: Registry, database: Database, code: str
) -> None:
    await registry.programme(1, "OAP", pay_day=10)
    for number in (1, 2, 3):
        await registry.connection.execute(
            "insert into ibr.confirmed_person values ($1, 0, 1, 0)", number
        )
    with loaded(IN_SNAPSHOT[code]().tables) as snapshot:
        async with database.transaction([1], frozen=True) as connection:
            tables = await count_operations(connection, [JUNE], [1], AT, snapshot)
    as_the_example(the_cell(tables, code), ALL[code])


def test_every_indicator_has_an_example_that_is_counted() -> None:
    assert ALL.keys() == IN_DATABASE.keys() | IN_SNAPSHOT.keys()
    assert len(ALL) == len(REPORTING) + len(CASES)


@pytest.mark.parametrize("indicator", ALL.values(), ids=ALL)
def test_breakdowns_are_written_as_they_are_counted(indicator: Indicator) -> None:
    for each in indicator.breakdowns:
        names = [name for name in each.split("*") if name]
        assert set(names) <= DIMENSIONS.keys()
        assert breakdown_of(*names) == each
    assert indicator.version == VERSION


async def test_what_is_counted_is_in_the_catalogue(registry: Registry, database: Database) -> None:
    await three_reports(registry)
    await registry.connection.execute("update ibr.programme set pay_day = 10")
    await registry.decided("error_claimant")
    story = a_monthly_amount().number(1, 1, "UIN", 1)
    with loaded(story.tables) as snapshot:
        async with database.transaction([1, 2, 3], frozen=True) as connection:
            tables = await count_operations(connection, [JUNE], [1, 2, 3], AT, snapshot)
    assert len(tables) > 20
    for table in tables:
        assert table.breakdown in ALL[table.indicator].breakdowns, table.indicator
        for cell in table.cells:
            assert len(cell.key) == len(table.dimensions)
