"""Adds a programme to the catalogue or amends it."""

from __future__ import annotations

import re

from ibr.audit.events import PROGRAMME_ADDED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.codelists.code_list import CodeList
from ibr.codelists.programme_kinds import (
    ASSISTANCE_UNIT,
    BENEFIT_TYPE,
    CONTRIBUTION_TYPE,
    INSTITUTION_TYPE,
    LEGAL_STATUS,
    PROGRAMME_TYPE,
    SOCIAL_PROTECTION_FUNCTION,
)
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.registry.programmes import store
from ibr.registry.programmes.model import Programme
from ibr.reported.values import minor_digits

_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def check(programme: Programme) -> None:
    """NotUnderstood names the first field that is not in order."""
    if not _CODE.fullmatch(programme.code):
        raise _wrong("code", "may hold letters, digits, '.', '_' and '-', at most 40")
    if not any(programme.names.values()):
        raise _wrong("names", "needs a name in at least one language")
    for field, codes in (
        ("institution_type", INSTITUTION_TYPE),
        ("legal_status", LEGAL_STATUS),
        ("contribution_type", CONTRIBUTION_TYPE),
        ("programme_type", PROGRAMME_TYPE),
        ("assistance_unit", ASSISTANCE_UNIT),
        ("benefit_type", BENEFIT_TYPE),
    ):
        _check_code(field, getattr(programme, field), codes)
    for function in programme.functions:
        _check_code("functions", function, SOCIAL_PROTECTION_FUNCTION)
    if programme.currency is not None and minor_digits(programme.currency) is None:
        raise _wrong("currency", "is not an ISO 4217 code")
    if not 1 <= programme.cycle_months <= 120:
        raise _wrong("cycle_months", "is the number of months between two reports")
    if not 0 <= programme.report_days <= 366:
        raise _wrong("report_days", "is a number of days from 0 to 366 after the end of a cycle")
    if programme.pay_day is not None and not 1 <= programme.pay_day <= 31:
        raise _wrong("pay_day", "is a day of the month from 1 to 31, or empty")


def _check_code(field: str, value: int | None, codes: CodeList) -> None:
    if value is not None and str(value) not in codes.labels:
        raise _wrong(field, f"may be {', '.join(codes.codes())}")


def _wrong(field: str, rule: str) -> NotUnderstood:
    return NotUnderstood("programme.invalid", f"A programme's {field} {rule}.", field=field)


async def register(connection: Connection, programme: Programme) -> bool:
    """Adds or amends; True when the programme is new. The connection is the owner's."""
    check(programme)
    added = await store.put(connection, programme)
    await record_event(
        connection,
        kind=PROGRAMME_ADDED,
        asker=None,
        details={"code": programme.code, "new": added},
        at=now(),
    )
    return added


async def every_programme(connection: Connection) -> list[Programme]:
    """The whole catalogue by code."""
    return await store.every(connection)
