"""People decide about a pair: a fact for every later run, in both directions, and never lost.

Nothing is ever changed: who changes their mind decides again, who takes it back says `withdrawn`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, get_args

from ibr.asker import Asker, Purpose
from ibr.audit.events import LINK_DECIDED
from ibr.audit.record import record_event
from ibr.db.locks import hold_decisions
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.identity.model import Appearance, Decided, Pair
from ibr.identity.persons.confirmed.keep_confirmed import follow_decision
from ibr.identity.persons.decisions import store
from ibr.identity.persons.decisions.store import Kept
from ibr.protection.seal import Sealer, place_of

Decision = Literal["same", "different", "unsure", "withdrawn"]
COMMAND_LINE: Final = 0
"""Who decides on the command line, where nobody is signed in."""
_REASON = re.compile(r"[a-z][a-z_]{0,39}")
LONGEST_NOTE: Final = 500


def in_order(one: Appearance, other: Appearance) -> Pair:
    """The pair, the smaller appearance first; NotUnderstood where both are the same one."""
    if one == other:
        raise NotUnderstood(
            "link.one_appearance", "A pair is made of two different appearances; choose another."
        )
    return (one, other) if one < other else (other, one)


async def decide(
    connection: Connection,
    officer_id: int,
    low: Appearance,
    high: Appearance,
    decision: Decision,
    reason_code: str,
    note: bytes | None,
    opinion: int,
    weight: float | None,
    model_no: int | None,
    at: datetime,
    *,
    four_eyes: bool = False,
) -> int:
    """Writes a decision down; its number. The next run follows it, the next answer does at once.

    `note` comes sealed (`seal_note`). With `four_eyes` it counts only when a second opinion agrees.
    NotFound where the transaction does not see both appearances.
    """
    low, high = in_order(low, high)
    _check(decision, reason_code, opinion)
    # One after the other, so that a run which follows decision 7 has seen all before it.
    await hold_decisions(connection)
    if not await store.both_in_reach(connection, low, high):
        raise NotFound("link.pair_unknown", "There is no such pair among your programmes.")
    number = await store.append(
        connection,
        low=low,
        high=high,
        decision=decision,
        opinion=opinion,
        reason_code=reason_code,
        note=note,
        decided_by=officer_id,
        decided_at=at,
        weight=weight,
        model_no=model_no,
        four_eyes=four_eyes,
    )
    await store.mark_pair(connection, low, high)
    await follow_decision(connection, (low, high))
    said: dict[str, object] = {
        "decision_no": number,
        "decision": decision,
        "reason": reason_code,
        "opinion": opinion,
    }
    await record_event(connection, kind=LINK_DECIDED, asker=_asker(officer_id), details=said, at=at)
    return number


def _check(decision: str, reason_code: str, opinion: int) -> None:
    if decision not in get_args(Decision) or opinion not in (1, 2):
        raise NotUnderstood(
            "link.decision", "A decision is same, different, unsure or withdrawn; choose one."
        )
    if not _REASON.fullmatch(reason_code):
        raise NotUnderstood("link.reason", "Choose a reason from the list.")


def _asker(officer_id: int) -> Asker | None:
    if officer_id == COMMAND_LINE:
        return None
    purpose = Purpose("identity_review")
    return Asker(kind="officer", id=officer_id, name="", purpose=purpose, ask=frozenset())


async def decisions_in_force(
    connection: Connection, among: Sequence[Pair] | None = None
) -> list[Decided]:
    """Every decision that counts now, the oldest first; or those about the pairs given.

    The newest first opinion counts, unless the newest second opinion says the opposite or four
    eyes are needed and the second opinion is missing: the pair then stays open.
    """
    return await store.in_force(connection, among)


async def decisions_about(connection: Connection, one: Appearance, other: Appearance) -> list[Kept]:
    """Everything that was decided about a pair, the oldest first; notes still sealed."""
    return await store.history(connection, *in_order(one, other))


def seal_note(sealer: Sealer, text: str, low: Appearance, high: Appearance, at: datetime) -> bytes:
    """A reviewer's words as they are kept."""
    if len(text) > LONGEST_NOTE:
        raise NotUnderstood("link.note", f"Write at most {LONGEST_NOTE} characters.")
    return sealer.seal(text.encode(), _place(*in_order(low, high), at))


def open_note(sealer: Sealer, kept: Kept) -> str:
    """A reviewer's words; empty where there are none."""
    if kept.note is None:
        return ""
    low = Appearance(kept.low_record, kept.low_no)
    high = Appearance(kept.high_record, kept.high_no)
    return sealer.open(kept.note, _place(low, high, kept.decided_at)).decode()


def _place(low: Appearance, high: Appearance, at: datetime) -> bytes:
    key = f"{low.record_id}.{low.appearance_no}|{high.record_id}.{high.appearance_no}|"
    return place_of("link_decision", "note", f"{key}{at.isoformat()}".encode())
