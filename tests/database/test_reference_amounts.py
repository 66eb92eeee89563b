"""Amounts that benefits are held against: entered with their source, never changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from ibr.coverage.reference.model import KINDS, ReferenceAmount, amounts_on
from ibr.coverage.reference.references import enter_reference, every_reference, written
from ibr.db.pool import open_database, owner_transaction
from ibr.errors import NotUnderstood

AT = datetime(2026, 11, 2, tzinfo=UTC)


async def _enter(dsn: str, *words: Any) -> ReferenceAmount:
    async with owner_transaction(dsn) as connection:
        return await enter_reference(connection, *words, entered_by="command line", at=AT)


def enter(dsn: str, kind: str, amount: str, since: date, source: str = "KNBS") -> ReferenceAmount:
    return asyncio.run(_enter(dsn, kind, amount, since, source))


async def _every(dsn: str, role: str) -> list[ReferenceAmount]:
    database = await open_database(dsn, role, size=1, name="test references")
    try:
        async with database.transaction(()) as connection:
            return await every_reference(connection)
    finally:
        await database.close()


def test_an_amount_is_kept_with_its_source_and_read_by_the_worker(dsn: str) -> None:
    entered = enter(dsn, "poverty_line", "KES 3252.50", date(2024, 1, 1))
    [kept] = asyncio.run(_every(dsn, "ibr_worker"))
    assert kept == entered
    assert (kept.minor, kept.currency, kept.source, written(kept)) == (
        325_250, "KES", "KNBS", "3252.50",
    )  # fmt: skip


def test_the_newest_amount_of_a_day_counts_and_the_last_correction(dsn: str) -> None:
    for amount, since in (("KES 10", 2020), ("KES 20", 2022), ("KES 21", 2022), ("KES 30", 2027)):
        enter(dsn, "minimum_wage", amount, date(since, 1, 1))
    every = asyncio.run(_every(dsn, "ibr_worker"))
    wages = [each for each in every if each.kind == "minimum_wage"]
    assert [each.minor for each in amounts_on(wages, date(2021, 1, 1))] == [1000]
    assert [each.minor for each in amounts_on(wages, date(2026, 8, 31))] == [2100]
    assert amounts_on(wages, date(2019, 12, 31)) == []


@pytest.mark.parametrize(
    ("kind", "amount", "source", "code"),
    [
        ("wage", "KES 10", "KNBS", "reference.kind"),
        ("food_basket", "10", "KNBS", "reference.amount"),
        ("food_basket", "KES 0", "KNBS", "reference.amount"),
        ("food_basket", "KES 1.005", "KNBS", "reference.amount"),
        ("food_basket", "KES 10", "  ", "reference.source"),
    ],
)
def test_what_is_not_understood_is_not_kept(
    dsn: str, kind: str, amount: str, source: str, code: str
) -> None:
    before = len(asyncio.run(_every(dsn, "ibr_worker")))
    with pytest.raises(NotUnderstood) as refused:
        enter(dsn, kind, amount, date(2026, 1, 1), source)
    assert refused.value.code == code
    assert len(asyncio.run(_every(dsn, "ibr_worker"))) == before


def test_every_kind_is_one_the_database_takes(dsn: str) -> None:
    for kind in KINDS:
        enter(dsn, kind, "JPY 1000", date(2026, 1, 1))


async def _insert(dsn: str, role: str) -> None:
    database = await open_database(dsn, role, size=1, name="test references")
    try:
        async with database.transaction(()) as connection:
            await connection.execute(
                "insert into ibr.reference_amount (kind, currency, minor, valid_from, source, "
                "entered_by, entered_at) values ('food_basket', 'KES', 1, now(), 'x', 'x', now())"
            )
    finally:
        await database.close()


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
def test_nobody_but_the_owner_enters_an_amount(dsn: str, role: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(_insert(dsn, role))
