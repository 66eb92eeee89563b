"""A reviewer answers a pair, or takes an answer back.

An answer is a fact for every later run (persons/decide.py). Some wait for a second one: where both
receive money in the same programme, where the first was not sure, and of a sample, without anybody
knowing which. Two that differ are settled by a third person, who sees both.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.staff.rights import DECIDE_LINKS, must_hold, must_hold_purpose
from ibr.asker import Asker
from ibr.audit.events import LINK_KNOWN_ANSWERED
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict
from ibr.identity.model import Pair
from ibr.identity.persons.decide import decide, decisions_about, seal_note
from ibr.identity.review import store
from ibr.identity.review.looking import given_of, needs_four_eyes, row_of
from ibr.identity.review.measured import store as measured
from ibr.identity.review.model import WANTED, Answer, Given, Look, Row, Why, no_such_pair
from ibr.identity.review.rules import LEASE, agreed, checked, look_of, second_wanted, standing
from ibr.protection.seal import Sealer

_DONE = (
    "Somebody else has decided this pair meanwhile, or it is no longer near enough. "
    "Your answer was not stored; take the next pair."
)


class Said(msgspec.Struct, frozen=True):
    """What a reviewer says about a pair."""

    decision: str
    reason_code: str
    note: str = ""


async def answer_pair(
    database: Database, sealer: Sealer, asker: Asker, pair: Pair, said: Said, at: datetime
) -> None:
    """Stores the answer; Conflict where a colleague looks at the pair or has decided it."""
    must_hold(asker, DECIDE_LINKS)
    must_hold_purpose(asker)
    answer = checked(said.decision, said.reason_code, said.note)
    async with database.transaction(asker.reach, asker=asker, right=DECIDE_LINKS) as connection:
        row = await row_of(connection, pair, asker, hold=True)
        if row is None:
            raise no_such_pair()
        look = look_of(row, asker.id)
        if look not in WANTED:
            raise Conflict("review.done", _DONE)
        if not await store.take(connection, pair, asker.id, at, at + LEASE):
            raise Conflict(
                "review.taken",
                "A colleague is looking at this pair; your answer was not stored. "
                "Take the next pair.",
            )
        note = seal_note(sealer, said.note, *pair, at) if said.note else None
        if look == "known":
            await _known(connection, asker, pair, said, note=note, at=at)
        elif look == "second":
            await _second(connection, asker, row, answer, said, note=note, at=at)
        else:
            await first_opinion(connection, asker, row, answer, said, look=look, note=note, at=at)
        await store.let_go(connection, asker.id, at)


async def _known(
    connection: Connection,
    asker: Asker,
    pair: Pair,
    said: Said,
    *,
    note: bytes | None,
    at: datetime,
) -> None:
    await measured.answer_known(
        connection,
        pair,
        asker.id,
        decision=said.decision,
        reason_code=said.reason_code,
        note=note,
        at=at,
    )
    await record_event(
        connection,
        kind=LINK_KNOWN_ANSWERED,
        asker=asker,
        details={"reason": said.reason_code},
        at=at,
    )


async def first_opinion(
    connection: Connection,
    asker: Asker,
    row: Row,
    answer: Answer,
    said: Said,
    *,
    look: Look,
    note: bytes | None,
    at: datetime,
) -> None:
    """A first opinion, or a third one, which settles what two could not."""
    four_eyes = look == "first" and await needs_four_eyes(connection, row)
    number = await _decide(
        connection, asker, row, answer, said, opinion=1, four_eyes=four_eyes, note=note, at=at
    )
    if look == "first":
        why = second_wanted(row.pair, answer, four_eyes=four_eyes)
        if why is not None:
            await store.want_second(connection, row.pair, why, number, (asker.id,), at)
        else:
            # One that was wanted of an earlier opinion is wanted no more.
            await store.want_no_second(connection, row.pair)
    elif answer == "unsure":
        await store.want_second(connection, row.pair, "differ", number, (*row.not_by, asker.id), at)
    else:
        await store.want_no_second(connection, row.pair)


async def _second(
    connection: Connection,
    asker: Asker,
    row: Row,
    answer: Answer,
    said: Said,
    *,
    note: bytes | None,
    at: datetime,
) -> None:
    kept = await decisions_about(connection, *row.pair)
    first = next((each for each in kept if each.decision_no == row.second_decision), None)
    number = await _decide(
        connection, asker, row, answer, said, opinion=2, four_eyes=False, note=note, at=at
    )
    if first is not None and agreed(first.decision, answer):
        await store.want_no_second(connection, row.pair)
    else:
        await store.want_second(connection, row.pair, "differ", number, (*row.not_by, asker.id), at)


async def _decide(
    connection: Connection,
    asker: Asker,
    row: Row,
    answer: Answer,
    said: Said,
    *,
    opinion: int,
    four_eyes: bool,
    note: bytes | None,
    at: datetime,
) -> int:
    return await decide(
        connection,
        asker.id,
        *row.pair,
        answer,
        said.reason_code,
        note,
        opinion,
        row.weight,
        row.model_no,
        at,
        four_eyes=four_eyes,
    )


async def take_back(
    database: Database, sealer: Sealer, asker: Asker, pair: Pair, at: datetime
) -> None:
    """Takes the officer's own answer back, however long ago; the pair waits again.

    Nothing is deleted: that it was taken back is one decision more. What a run made of the answer
    meanwhile, the next run undoes.
    """
    must_hold(asker, DECIDE_LINKS)
    must_hold_purpose(asker)
    async with database.transaction(asker.reach, asker=asker, right=DECIDE_LINKS) as connection:
        row = await row_of(connection, pair, asker, hold=True)
        if row is None:
            raise no_such_pair()
        if await measured.forget_answer(connection, pair, asker.id):
            return
        first, second = standing(await given_of(connection, sealer, pair))
        if first is None or asker.id not in _who(first, second):
            raise Conflict(
                "review.not_yours",
                "There is no answer of yours about this pair that still stands; "
                "only your own can be taken back.",
            )
        opinion = 2 if second is not None and second.decided_by == asker.id else 1
        await decide(
            connection,
            asker.id,
            *pair,
            "withdrawn",
            "taken_back",
            None,
            opinion,
            row.weight,
            row.model_no,
            at,
        )
        if opinion == 1:
            await store.want_no_second(connection, pair)
        else:
            await store.want_second(
                connection, pair, _why(first), first.decision_no, (first.decided_by,), at
            )


def _who(first: Given, second: Given | None) -> set[int]:
    return {first.decided_by, *([second.decided_by] if second else [])}


def _why(first: Given) -> Why:
    """Why a second opinion was wanted, after it was taken back."""
    if first.four_eyes:
        return "four_eyes"
    return "unsure" if first.decision == "unsure" else "sample"
