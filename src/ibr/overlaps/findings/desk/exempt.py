"""Who or what is lawfully exempt from a check: entered with a reason, taken back, never deleted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from ibr.asker import Asker
from ibr.audit.events import CHECK_EXEMPTED, CHECK_EXEMPTION_ENDED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.findings.desk import store
from ibr.overlaps.findings.model import Exemption

LONGEST: Final = 500
_COMMAND_LINE: Final = "command line"


async def exempt(
    connection: Connection,
    *,
    check_code: str | None = None,
    programme: str | None = None,
    finding_id: int | None = None,
    blind_index: bytes | None = None,
    reason: str,
    legal_reference: str | None = None,
    valid_from: date,
    valid_to: date | None = None,
    at: datetime,
    asker: Asker | None = None,
) -> int:
    """Enters an exemption of a programme, of a number, or of one finding; its number.

    An exempt finding is closed at once, all others with the next run of the check.
    """
    _check(reason, legal_reference, valid_from, valid_to)
    same_as = None
    if finding_id is not None:
        check_code, same_as = await _same_as(connection, finding_id)
    if check_code is None or check_code not in BY_CODE:
        raise _wrong("check", f"The check is one of {', '.join(BY_CODE)}.")
    number = await store.programme_number(connection, programme) if programme else None
    if programme and number is None:
        raise _wrong("programme", "The programme is one of the catalogue, by its code.")
    if number is None and same_as is None and blind_index is None:
        raise _wrong("finding", "Say what is exempt: a programme, a number or a finding.")
    exemption_no = await store.exempt(
        connection,
        check_code=check_code,
        only_programme=number,
        same_as=same_as,
        blind_index=blind_index,
        reason=reason.strip(),
        legal_reference=legal_reference,
        valid_from=valid_from,
        valid_to=valid_to,
        who=asker.name if asker else _COMMAND_LINE,
        at=at,
    )
    if finding_id is not None and valid_from <= at.date():
        await store.close_exempt(connection, finding_id, at)
    until = valid_to.isoformat() if valid_to else None
    details = {"exemption": exemption_no, "check": check_code, "until": until}
    await record_event(connection, kind=CHECK_EXEMPTED, asker=asker, details=details, at=at)
    return exemption_no


async def _same_as(connection: Connection, finding_id: int) -> tuple[str, bytes]:
    """The check and the subject of a finding in reach."""
    found = await store.same_as_of(connection, finding_id)
    if found is None:
        raise NotFound("finding.unknown", "There is no such finding among your programmes.")
    return found["check_code"], found["same_as"]


async def withdraw(
    connection: Connection, exemption_no: int, at: datetime, asker: Asker | None = None
) -> None:
    """Takes an exemption back: from the next run on it is found again."""
    who = asker.name if asker else _COMMAND_LINE
    check_code = await store.withdraw(connection, exemption_no, who, at)
    if check_code is None:
        raise NotFound("exemption.unknown", "There is no such exemption that still counts.")
    details: dict[str, object] = {"exemption": exemption_no, "check": check_code}
    await record_event(connection, kind=CHECK_EXEMPTION_ENDED, asker=asker, details=details, at=at)


async def exemptions(connection: Connection, *, every: bool = False) -> list[Exemption]:
    """Exemptions that count, with `every` also those that were taken back."""
    return [Exemption(**dict(row)) for row in await store.exemptions(connection, every=every)]


def _check(
    reason: str, legal_reference: str | None, valid_from: date, valid_to: date | None
) -> None:
    for field, text in (("reason", reason), ("legal_reference", legal_reference or "")):
        if len(text) > LONGEST or not all(sign.isprintable() for sign in text):
            raise _wrong(field, f"{field} may have {LONGEST} printed characters at most.")
    if not reason.strip():
        raise _wrong("reason", "Say why it is exempt.")
    if valid_to is not None and valid_to < valid_from:
        raise _wrong("valid_to", "It cannot end before it begins.")


def _wrong(field: str, reason: str) -> NotUnderstood:
    return NotUnderstood("exemption.invalid", reason, field=field)
