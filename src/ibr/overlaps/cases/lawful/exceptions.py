"""Lawful exceptions that were decided in a case, as exemptions of the checks: entered, and ended.

They are entered once the decision can no longer be taken back, and end with it: from the next run
of the check on it is found again, and is a new case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from ibr.asker import Asker
from ibr.audit.events import CHECK_EXEMPTED, CHECK_EXEMPTION_ENDED
from ibr.audit.record import event, record_events
from ibr.db.pool import Connection
from ibr.overlaps.cases.lawful import store


class ExemptionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a lawful exception keeps from being found again, and until when."""

    exemption_no: int
    check_code: str
    legal_reference: str | None
    valid_from: date
    valid_to: date | None
    withdrawn_at: datetime | None


async def exemptions_of(connection: Connection, case_id: int) -> list[ExemptionSeen]:
    """What is or was exempt by a case."""
    return [ExemptionSeen(**dict(row)) for row in await store.of_case(connection, case_id)]


async def enter_exemptions(connection: Connection, case_ids: Sequence[int], at: datetime) -> None:
    """Exempts what these cases found to be lawful, by the law and until the day that was decided.

    From here on the exemption says how long, and not the decision.
    """
    if not case_ids:
        return
    entered = []
    for row in await store.enter(connection, case_ids, at):
        until = row["valid_to"].isoformat() if row["valid_to"] else None
        details: dict[str, object] = {
            "exemption": row["exemption_no"],
            "check": row["check_code"],
            "until": until,
            "case": row["case_id"],
        }
        entered.append(event(CHECK_EXEMPTED, None, details, at))
    if entered:
        await record_events(connection, entered)


async def end_exemptions(connection: Connection, asker: Asker, case_id: int, at: datetime) -> None:
    """Takes the exemptions of a case back, as its decision was overturned."""
    ended = []
    for row in await store.end(connection, case_id, asker.name, at):
        details: dict[str, object] = {
            "exemption": row["exemption_no"],
            "check": row["check_code"],
            "case": case_id,
        }
        ended.append(event(CHECK_EXEMPTION_ENDED, asker, details, at))
    if ended:
        await record_events(connection, ended)
