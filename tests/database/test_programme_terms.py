"""Until when reports and benefits of a programme are due: entered, kept, refused where wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ibr.coverage.engine.operations.reports.store import reporters
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import check, every_programme, register


def programme(**further: Any) -> Programme:
    return Programme(code="OAP", names={"en": "Old-age pension"}, **further)


async def test_terms_are_kept_and_fifteen_days_where_nothing_is_entered(dsn: str) -> None:
    async with owner_transaction(dsn) as connection:
        await register(connection, programme())
        [kept] = await every_programme(connection)
        assert (kept.report_days, kept.pay_day) == (15, None)
        await register(connection, programme(report_days=40, pay_day=10, cycle_months=3))
        number = await connection.fetchval("select programme_id from programme")
        [seen] = await reporters(connection, [number])
    assert (seen.code, seen.report_days, seen.pay_day, seen.cycle_months) == ("OAP", 40, 10, 3)


@pytest.mark.parametrize(
    ("field", "value"), [("report_days", -1), ("report_days", 367), ("pay_day", 0), ("pay_day", 32)]
)
def test_a_term_that_cannot_be_is_refused(field: str, value: int) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check(programme(**{field: value}))
    assert refused.value.field == field
    assert str(value) not in refused.value.message.replace("366", "").replace("31", "")


def test_the_last_of_what_can_be_is_taken() -> None:
    check(programme(report_days=0, pay_day=31))
    check(programme(report_days=366, pay_day=1))
