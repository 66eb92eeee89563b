"""Moves a delivery from one state to the next, and writes down who did it and why.

All of it happens in the caller's transaction. Conflict where the delivery stands elsewhere by now:
of two officers who press a button at once one has done it, and the other is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.deliveries.acts import store
from ibr.deliveries.acts.model import REGISTRY, Act, By, Effect, Replaced, Undoing
from ibr.deliveries.acts.reach_back import must_be_kept
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood

SHORTEST_REASON: Final = 5
LONGEST_REASON: Final = 500
# What a void would change is counted while somebody waits only up to so many records.
MOST_COUNTED: Final = 20_000


async def hold(connection: Connection, delivery_id: int, at: datetime) -> None:
    """Writes down that a delivery waits; its state was set when it was checked."""
    await store.add(connection, delivery_id, "held", REGISTRY, None, {}, at)


async def release(
    connection: Connection, delivery_id: int, by: By, reason: str, at: datetime
) -> None:
    """Lets a held delivery go: it is merged as if it had passed the checks."""
    reason = checked_reason(reason)
    if not await store.move(connection, delivery_id, from_="held", to="received", checked_at=at):
        raise _elsewhere("held")
    await store.add(connection, delivery_id, "released", by, reason, {}, at)


async def refuse(
    connection: Connection, delivery_id: int, by: By, reason: str, at: datetime
) -> None:
    """Refuses a held delivery: its bytes stay as evidence, and nothing of it is merged."""
    reason = checked_reason(reason)
    if not await store.move(connection, delivery_id, from_="held", to="refused"):
        raise _elsewhere("held")
    await store.add(connection, delivery_id, "refused", by, reason, {}, at)


async def ask_void(
    connection: Connection, delivery_id: int, by: By, reason: str, at: datetime
) -> None:
    """Begins to undo a delivery; from now on it does not count."""
    reason = checked_reason(reason)
    row = await store.standing(connection, delivery_id)
    if row is not None and row["mode"] == "void":
        raise Conflict(
            "delivery.is_void",
            "This delivery withdraws another one. To undo it, let that one count again.",
        )
    if not await store.move(connection, delivery_id, from_="done", to="voiding"):
        raise _elsewhere("done")
    await must_be_kept(connection, delivery_id)
    await store.add(connection, delivery_id, "void_asked", by, reason, {}, at)


async def ask_reinstate(
    connection: Connection, delivery_id: int, by: By, reason: str, at: datetime
) -> None:
    """Begins to let a voided delivery count again."""
    reason = checked_reason(reason)
    if not await store.move(connection, delivery_id, from_="voided", to="reinstating"):
        raise _elsewhere("voided")
    await store.add(connection, delivery_id, "reinstate_asked", by, reason, {}, at)


async def undone(
    connection: Connection, undoing: Undoing, counts: dict[str, int], at: datetime
) -> None:
    """The last of a delivery's records is what the others say; it is voided, or counts again."""
    to = "voided" if undoing.state == "voiding" else "done"
    if not await store.move(connection, undoing.delivery_id, from_=undoing.state, to=to):
        raise _elsewhere(undoing.state)
    kind = "voided" if undoing.state == "voiding" else "reinstated"
    await store.add(connection, undoing.delivery_id, kind, REGISTRY, None, counts, at)


async def undo_failed(connection: Connection, undoing: Undoing, why: str, at: datetime) -> None:
    """A delivery that cannot be undone stands as it stood before somebody asked for it."""
    to = "done" if undoing.state == "voiding" else "voided"
    if await store.move(connection, undoing.delivery_id, from_=undoing.state, to=to):
        await store.add(connection, undoing.delivery_id, "undo_failed", REGISTRY, why, {}, at)


async def undoings(connection: Connection) -> list[Undoing]:
    """Deliveries on their way to be voided or to count again, the oldest first."""
    rows = await store.in_state(connection, ("voiding", "reinstating"))
    return [Undoing(**dict(row)) for row in rows]


async def to_replace(connection: Connection) -> list[Replaced]:
    """Deliveries that are to be voided since another has taken their place, or withdraws them."""
    return [Replaced(**dict(row)) for row in await store.to_replace(connection)]


async def replace(connection: Connection, old: Replaced, at: datetime) -> None:
    """Begins to undo a delivery since its sender withdrew it or sent another in its place.

    Where it is itself a void, it has no records: what it had withdrawn counts again.
    """
    how = "withdraws it" if old.withdrawn else "takes its place"
    reason = f"A later delivery of the sender {how}: number {old.by_delivery}."
    if old.state == "held":
        await refuse(connection, old.delivery_id, REGISTRY, reason, at)
        return
    if old.mode != "void":
        await ask_void(connection, old.delivery_id, REGISTRY, reason, at)
        return
    if not await store.move(connection, old.delivery_id, from_="done", to="voided"):
        raise _elsewhere("done")
    await store.add(connection, old.delivery_id, "voided", REGISTRY, reason, {}, at)
    if old.replaces is not None and await store.move(
        connection, old.replaces, from_="voided", to="reinstating"
    ):
        await store.add(connection, old.replaces, "reinstate_asked", REGISTRY, reason, {}, at)


async def acts_on(connection: Connection, delivery_id: int) -> list[Act]:
    """Everything that was done with a delivery, in its order."""
    found = []
    for row in await store.acts(connection, delivery_id):
        fields = dict(row)
        fields["counts"] = msgspec.json.decode(fields["counts"])
        found.append(Act(**fields))
    return found


async def effect_of_void(
    connection: Connection, delivery_id: int, programme_ids: Iterable[int]
) -> Effect:
    """What voiding this delivery would change, at most."""
    records = await store.touched(connection, delivery_id)
    kept = await store.is_kept(connection, delivery_id)
    if len(records) > MOST_COUNTED or not kept:
        return Effect(records=len(records), only_here=None, benefits=None, kept=kept)
    elsewhere = await store.spoken_of_elsewhere(
        connection, delivery_id, list(programme_ids), records
    )
    rows = await store.benefits_of(connection, delivery_id, records)
    return Effect(
        records=len(records),
        only_here=len(records) - elsewhere,
        benefits=sum(row["benefits"] for row in rows),
        money={row["currency"]: row["value"] for row in rows if row["currency"] and row["value"]},
    )


async def must_reach(connection: Connection, delivery_id: int, reach: frozenset[int]) -> list[int]:
    """The programmes of a delivery; NotAllowed unless all of them are in reach.

    What becomes of a delivery becomes of all of it, so who decides must answer for all of it.
    """
    row = await store.standing(connection, delivery_id)
    if row is None:
        raise NotFound("delivery.unknown", "There is no such delivery among your programmes.")
    programmes: list[int] = row["programme_ids"]
    if not reach.issuperset(programmes):
        raise NotAllowed(
            "delivery.other_programmes",
            "This delivery speaks of other programmes as well; ask an administrator to decide.",
        )
    return programmes


def checked_reason(reason: str) -> str:
    """The reason without spaces around it; NotUnderstood where it says nothing, or too much."""
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise NotUnderstood(
            "delivery.reason",
            f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters.",
            field="reason",
        )
    return reason


def _elsewhere(wanted: str) -> Conflict:
    words = {
        "held": "This delivery does not wait for a decision any more. Open it again to see why.",
        "done": "Only a delivery that is done can be voided. Open it again to see how it stands.",
        "voided": "Only a voided delivery can count again. Open it again to see how it stands.",
    }
    return Conflict(
        "delivery.elsewhere",
        words.get(wanted, "This delivery was dealt with meanwhile. Open it again."),
    )
