"""Keeps erased records out of a chunk, unless the person has enrolled anew since."""

from __future__ import annotations

from datetime import datetime

from ibr.db.pool import Connection
from ibr.intake.prepare import Item, Prepared
from ibr.keeping.erasure import kept_out
from ibr.registry.beneficiaries import record_beneficiary
from ibr.reported.beneficiary import Refusal


def enrolled_anew(prepared: Prepared, erased_at: datetime, as_of: datetime, *, known: bool) -> bool:
    """Whether a report is of an enrolment after the erasure: it says so by its date, or the record
    was enrolled anew already and this is news from after the erasure."""
    enrolled_at = prepared.reported.enrolled_at
    if enrolled_at is not None:
        return enrolled_at > erased_at
    return known and as_of > erased_at


async def keep_out(connection: Connection, items: list[Item], as_of: datetime) -> tuple[bytes, ...]:
    """Puts a refusal in the place of each item that carries an erased record; their keys."""
    keys = [each.record_key for item in items if not isinstance(item, Refusal) for each in item]
    erased = await kept_out.erased(connection, keys)
    if not erased:
        return ()
    standing = await record_beneficiary.numbers_of(connection, erased)
    late = dict[bytes, None]()
    for place, item in enumerate(items):
        if isinstance(item, Refusal):
            continue
        for each in item:
            at = erased.get(each.record_key)
            if at is None or enrolled_anew(each, at, as_of, known=each.record_key in standing):
                continue
            late[each.record_key] = None
            items[place] = refusal(each, at)
            break
    return tuple(late)


def refusal(prepared: Prepared, erased_at: datetime) -> Refusal:
    """Why an erased record is not taken in, in words that its programme can act on."""
    reported = prepared.reported
    return Refusal(
        reported.item_no,
        reported.reference_id,
        "record.erased",
        f"This record was erased on {erased_at.date().isoformat()} and is not taken in again. If "
        "the person has enrolled anew since, send it with the date of the new enrolment as "
        "enrollment_date.",
        "enrollment_date",
        prepared.programme_id,
    )
