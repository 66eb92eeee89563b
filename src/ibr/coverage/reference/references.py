"""Entering reference amounts, and the amounts that were entered."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ibr.audit.events import REFERENCE_ENTERED
from ibr.audit.record import record_event
from ibr.coverage.reference import store
from ibr.coverage.reference.model import KINDS, ReferenceAmount
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.reported.values import minor_digits, read_money


async def every_reference(connection: Connection) -> list[ReferenceAmount]:
    """All amounts, in the order in which they were entered."""
    return [
        ReferenceAmount(
            number=row["reference_no"],
            kind=row["kind"],
            currency=row["currency"],
            minor=row["minor"],
            valid_from=row["valid_from"],
            source=row["source"],
            entered_by=row["entered_by"],
            entered_at=row["entered_at"],
        )
        for row in await store.every(connection)
    ]


async def enter_reference(
    connection: Connection,
    kind: str,
    amount: str,
    valid_from: date,
    source: str,
    *,
    entered_by: str,
    at: datetime,
) -> ReferenceAmount:
    """Enters an amount for one month, as `KES 3252` or `3252.50 KES`; the connection is the
    owner's."""
    understood = read_money(amount, None)
    if kind not in KINDS:
        raise NotUnderstood("reference.kind", f"A kind is one of {', '.join(KINDS)}.")
    if understood is None or understood[0] <= 0:
        raise NotUnderstood(
            "reference.amount", "Write the amount for one month with its currency, as KES 3252."
        )
    if not source.strip():
        raise NotUnderstood(
            "reference.source", "Say who published the amount and where, with --source."
        )
    minor, currency = understood
    entered = ReferenceAmount(
        kind=kind,
        currency=currency,
        minor=minor,
        valid_from=valid_from,
        source=source.strip(),
        entered_by=entered_by,
        entered_at=at,
    )
    number = await store.add(connection, entered)
    await record_event(
        connection,
        kind=REFERENCE_ENTERED,
        asker=None,
        details={"reference": number, "kind": kind, "currency": currency, "minor": minor},
        at=at,
    )
    return msgspec.structs.replace(entered, number=number)


def written(amount: ReferenceAmount) -> str:
    """The amount in units of its currency, as it is shown beside its source."""
    digits = minor_digits(amount.currency) or 0
    whole, rest = divmod(amount.minor, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else str(whole)
