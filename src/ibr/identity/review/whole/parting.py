"""A steward parts one record from the person that it was held to be: these are two people.

That is a decision about each pair that holds the record there, like any in review: it is never
lost, it may ask for a second opinion, and it is taken back by deciding once more.
"""

from __future__ import annotations

from datetime import datetime

from ibr.access.staff.rights import DECIDE_LINKS, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.decide import decide, seal_note
from ibr.identity.review import store as reviewed
from ibr.identity.review.answering import Said, first_opinion
from ibr.identity.review.looking import row_of
from ibr.identity.review.model import read_appearance
from ibr.identity.review.rules import checked
from ibr.identity.review.waiting import pair_of
from ibr.identity.review.whole import store
from ibr.identity.review.whole.whole_person import (
    members_in_reach,
    must_look_at_persons,
)
from ibr.protection.seal import Sealer

DIFFERENT = "different"


async def part_record(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    person_id: int,
    name: str,
    said: Said,
    at: datetime,
) -> int:
    """Decides that a record is somebody else's; about how many pairs that was.

    Answers to "enrolled?" follow at once, the person with the next run. Pairs with records out of
    the officer's programmes are not theirs to decide and stay.
    """
    must_look_at_persons(asker)
    must_hold(asker, DECIDE_LINKS)
    checked(DIFFERENT, said.reason_code, said.note)
    each = read_appearance(name)
    async with database.transaction(asker.reach, asker=asker, right=DECIDE_LINKS) as connection:
        members, near = await members_in_reach(connection, asker, person_id)
        if each not in {Appearance(row["record_id"], row["appearance_no"]) for row in members}:
            raise Conflict(
                "review.person_changed",
                "This record is not one of the person's any more. Look at the person again.",
            )
        pairs = [pair for row in near if each in (pair := pair_of(row))]
        if not pairs:
            raise Conflict(
                "review.nothing_to_part",
                "Nothing within your programmes holds this record to the person. Ask a colleague "
                "who sees the other programmes.",
            )
        for pair in pairs:
            await _part(connection, sealer, asker, pair, said, at)
    return len(pairs)


async def _part(
    connection: Connection, sealer: Sealer, asker: Asker, pair: Pair, said: Said, at: datetime
) -> None:
    other = await reviewed.holder(connection, pair, at)
    if other is not None and other["officer_id"] != asker.id:
        raise Conflict(
            "review.taken",
            "A colleague is looking at a pair of this person; nothing was parted. Try again in "
            "some minutes.",
        )
    note = seal_note(sealer, said.note, *pair, at) if said.note else None
    row = await row_of(connection, pair, asker, hold=True)
    if row is not None:
        await first_opinion(
            connection, asker, row, "different", said, look="first", note=note, at=at
        )
        return
    # Never near enough to be in the queue, so nobody could be asked for a second opinion.
    await decide(
        connection, asker.id, *pair, "different", said.reason_code, note, 1, None, None, at
    )


async def join_again(database: Database, asker: Asker, name: str, at: datetime) -> int:
    """Takes back what the officer parted a record from at last; about how many pairs that was.

    The pairs are as if never decided: the registry's weight counts again, and those in doubt wait
    to be looked at. What a colleague had said before is not said again by that.
    """
    must_look_at_persons(asker)
    must_hold(asker, DECIDE_LINKS)
    each = read_appearance(name)
    async with database.transaction(asker.reach, asker=asker, right=DECIDE_LINKS) as connection:
        parted = await store.own_partings(connection, each, asker.id)
        if not parted:
            raise NotFound(
                "review.not_parted", "There is no parting of yours of this record that stands."
            )
        last = [pair_of(row) for row, decided_at in parted if decided_at == parted[0][1]]
        for pair in last:
            row = await row_of(connection, pair, asker, hold=True)
            await decide(
                connection,
                asker.id,
                *pair,
                "withdrawn",
                "taken_back",
                None,
                1,
                row.weight if row is not None else None,
                row.model_no if row is not None else None,
                at,
            )
            await reviewed.want_no_second(connection, pair)
    return len(last)
