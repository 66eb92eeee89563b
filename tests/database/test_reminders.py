"""Reminders: each step once, letters at least once, to a real mail server that may fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ibr.calls.mail import Handed, Letter, MailServer, hand_in
from ibr.db.pool import Connection, Database, open_database
from ibr.reporting.enter import drop_contact, set_contact, set_rule
from ibr.reporting.model import Contact
from ibr.reporting.reminders.model import DueStep
from ibr.reporting.reminders.remind import Post, nobody_told, send_letters, take_steps
from ibr.reporting.reminders.rules import MOST_ATTEMPTS
from tests.made_operations import empty, insert
from tests.mail_house import SENDER, House, free_port, running

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
"""The report on October was due on the 15th."""
CONTACT = Contact(
    email="reports@agency.example", escalation_email="head@agency.example", language="fr"
)
PROGRAMMES = [1, 2]


class Clock:
    """The registry's clock, moved by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """Two programmes that report every month from October on; somebody is named for the first."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await empty(connection)
        for number, code in ((1, "OAP"), (2, "FOOD")):
            row: dict[str, Any] = {
                "programme_id": number,
                "code": code,
                "names": {"en": code, "fr": f"{code} en français"},
                "valid_from": date(2026, 10, 1),
            }
            await insert(connection, "programme", row)
    finally:
        await connection.close()
    opened = await open_database(dsn, "ibr_worker", size=2, name="reminders")
    try:
        async with opened.transaction(PROGRAMMES) as one:
            for number in PROGRAMMES:
                await set_rule(one, number, "2026-10", 1, 15, NOW)
            await set_contact(one, 1, CONTACT, NOW)
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def post(server: MailServer | None) -> Post:
    return Post(server=server, registry_id="registry.example", reached_at="https://ibr.example")


async def steps(database: Database, server: MailServer | None, at: datetime) -> int:
    return await take_steps(database, PROGRAMMES, post(server), at)


async def send(
    database: Database,
    server: MailServer,
    clock: Clock,
    hand: Callable[[MailServer, Letter], Handed] = hand_in,
) -> int:
    return await send_letters(database, PROGRAMMES, post(server), clock, hand)


async def taken(dsn: str) -> list[tuple[str, str, str]]:
    """Programme and cycle, step, and what became of the letter."""
    rows = await read(dsn, "select * from report_reminder order by programme_id, made_at, step")
    return [
        (f"{row['programme_id']} {row['last_month']}", row["step"], row["mail"]) for row in rows
    ]


async def read(dsn: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def events(dsn: str) -> list[str]:
    """What the audit trail says of reminders, the oldest first."""
    rows = await read(
        dsn,
        "select details::text as said from audit_event where kind = 'calendar.reminded' "
        "order by event_id",
    )
    return [row["said"] for row in rows]


async def report_comes(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        row: dict[str, Any] = {
            "delivery_id": 1, "partner_id": 1, "programme_ids": [1], "message_key": b"",
            "door": "message", "cycle": "2026-10", "mode": "delta", "as_of": NOW,
            "body_digest": b"", "body_bytes": 1, "state": "done", "records": 1,
            "received_at": NOW, "done_at": NOW,
        }  # fmt: skip
        await insert(connection, "delivery", row)
    finally:
        await connection.close()


async def test_each_step_goes_out_once(dsn: str, database: Database, clock: Clock) -> None:
    house, before = House(), len(await events(dsn))
    with running(house) as server:
        for _ in range(30):
            await steps(database, server, clock())
            await send(database, server, clock)
            clock.forward(hours=12)
    [late, escalation] = house.letters
    assert "en retard" in late["Subject"]
    assert "toujours manquant" in escalation["Subject"]
    assert "OAP en français" in late.get_content()
    assert house.recipients == [
        ["reports@agency.example"],
        ["reports@agency.example", "head@agency.example"],
    ]
    assert late["Message-ID"] == "<report.OAP.1.2026-10.late@registry.example>"
    assert await taken(dsn) == [
        ("1 2026-10", "late", "sent"),
        ("1 2026-10", "escalation", "sent"),
        ("2 2026-10", "late", "none"),
        ("2 2026-10", "escalation", "none"),
    ]
    recorded = (await events(dsn))[before:]
    assert len(recorded) == 2
    assert not any("@" in each for each in recorded)


async def test_before_the_last_day_too(dsn: str, database: Database, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 12, 23, 59, tzinfo=UTC)
    assert await steps(database, None, clock()) == 0
    clock.at = datetime(2026, 11, 13, 0, 0, tzinfo=UTC)
    assert await steps(database, None, clock()) == 2
    assert {step for _, step, _ in await taken(dsn)} == {"before"}


async def test_who_is_newly_named_is_not_reminded_again(
    dsn: str, database: Database, clock: Clock
) -> None:
    house = House()
    with running(house) as server:
        await steps(database, server, clock())
        await send(database, server, clock)
        async with database.transaction(PROGRAMMES) as connection:
            new = Contact(email="new@agency.example")
            assert await set_contact(connection, 1, new, clock())
            assert await set_contact(connection, 2, new, clock())
        await steps(database, server, clock())
        await send(database, server, clock)
        assert [each["To"] for each in house.letters] == ["reports@agency.example"]
        # The control: of what comes next the new one hears.
        clock.at = datetime(2026, 11, 29, tzinfo=UTC)
        await steps(database, server, clock())
        await send(database, server, clock)
    assert [each["To"] for each in house.letters[1:]] == ["new@agency.example"] * 2


async def test_a_crash_after_sending_sends_the_very_same_again(
    dsn: str, database: Database, clock: Clock
) -> None:
    class Died(Exception):
        pass

    def dies(server: MailServer, letter: Letter) -> Handed:
        assert hand_in(server, letter).taken
        raise Died

    house = House()
    with running(house) as server:
        await steps(database, server, clock())
        with pytest.raises(Died):
            await send(database, server, clock, dies)
        # Its lease keeps others from it for the while.
        assert await send(database, server, clock) == 0
        clock.forward(minutes=6)
        assert await send(database, server, clock) == 1
        clock.forward(days=1)
        assert await send(database, server, clock) == 0
    first, second = house.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()


async def test_a_server_that_is_down_and_comes_back(
    dsn: str, database: Database, clock: Clock
) -> None:
    down = MailServer(host="127.0.0.1", port=free_port(), encryption="off", sender=SENDER)
    await steps(database, down, clock())
    assert await send(database, down, clock) == 0
    [row] = await read(dsn, "select mail, outcome from report_reminder where programme_id = 1")
    assert (row["mail"], row["outcome"]) == ("waiting", "no_answer")
    house = House()
    with running(house) as server:
        assert await send(database, server, clock) == 0
        clock.forward(minutes=6)
        assert await send(database, server, clock) == 1
    assert len(house.letters) == 1


async def test_in_the_end_it_is_given_up(dsn: str, database: Database, clock: Clock) -> None:
    down = MailServer(host="127.0.0.1", port=free_port(), encryption="off", sender=SENDER)
    await steps(database, down, clock())
    for _ in range(MOST_ATTEMPTS + 3):
        await send(database, down, clock)
        clock.forward(days=1, minutes=1)
    [row] = await read(dsn, "select * from report_reminder where programme_id = 1")
    assert (row["mail"], row["attempts"]) == ("given_up", MOST_ATTEMPTS)
    assert "given_up" in (await events(dsn))[-1]


async def test_a_refused_address_is_given_up_at_once(
    dsn: str, database: Database, clock: Clock
) -> None:
    house = House()
    house.refuse["reports@agency.example"] = "550 No such user"
    with running(house) as server:
        await steps(database, server, clock())
        assert await send(database, server, clock) == 0
        clock.forward(days=1)
        assert await send(database, server, clock) == 0
    [row] = await read(dsn, "select * from report_reminder where programme_id = 1")
    assert (row["mail"], row["outcome"], row["attempts"]) == ("given_up", "recipient_refused", 1)


async def test_a_report_that_came_meanwhile_is_not_reminded_of(
    dsn: str, database: Database, clock: Clock
) -> None:
    house = House()
    with running(house) as server:
        await steps(database, server, clock())
        await report_comes(dsn)
        assert await send(database, server, clock) == 0
        clock.at = datetime(2026, 12, 5, tzinfo=UTC)
        assert await steps(database, server, clock()) == 1
    [row] = await read(dsn, "select * from report_reminder where programme_id = 1")
    assert (row["mail"], row["outcome"]) == ("none", "came_meanwhile")
    assert house.letters == []


async def test_whoever_is_named_no_more_gets_nothing(
    dsn: str, database: Database, clock: Clock
) -> None:
    house = House()
    with running(house) as server:
        await steps(database, server, clock())
        async with database.transaction(PROGRAMMES) as connection:
            await drop_contact(connection, 1, clock())
        assert await send(database, server, clock) == 0
    assert house.letters == []


async def test_two_at_once_take_and_send_a_step_once(
    dsn: str, database: Database, clock: Clock
) -> None:
    house, told = House(), []

    async def tell(connection: Connection, due: DueStep) -> int:
        told.append((due.programme_id, due.step))
        return await nobody_told(connection, due) + 1

    with running(house) as server:
        await asyncio.gather(
            *(take_steps(database, PROGRAMMES, post(server), clock(), tell) for _ in range(2))
        )
        await asyncio.gather(*(send(database, server, clock) for _ in range(2)))
    assert sorted(told) == [(1, "late"), (2, "late")]
    assert len(house.letters) == 1
    rows = await read(dsn, "select told from report_reminder")
    assert [row["told"] for row in rows] == [1, 1]
