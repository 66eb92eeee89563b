"""What happened to a person, and the way back: a run or one move is undone by decisions.

Nothing is put back by hand: what is undone is decided, as a reviewer would decide it, so that the
next run and every later one follow it, and whoever looks sees why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from ibr.db.pool import Connection
from ibr.errors import NotFound, TooMuch
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.decide import COMMAND_LINE, decide, in_order
from ibr.identity.persons.events import store
from ibr.identity.persons.events.store import Event

MOST_UNDONE: Final = 10_000
UNDONE: Final = "undone"
"""The reason of decisions that undo."""


async def person_history(connection: Connection, person_id: int, most: int = 200) -> list[Event]:
    """The newest moves to a person and away from it; of programmes in reach only."""
    return await store.of_person(connection, person_id, most)


async def who_is_now(connection: Connection, person_id: int) -> int:
    """The person that one from an earlier report turned out to be; itself where it still is."""
    number = await store.person_now(connection, person_id)
    if number is None:
        raise NotFound("person.unknown", "There is no person of this number.")
    return number


async def undo_run(connection: Connection, run_no: int, at: datetime) -> int:
    """Decides against what a run moved; how many decisions that took."""
    events = await store.of_run(connection, run_no, MOST_UNDONE + 1)
    if len(events) > MOST_UNDONE:
        raise TooMuch(
            "linkage.undo_too_many",
            f"This run moved more than {MOST_UNDONE} appearances. Run the model before it again "
            "instead: ibr linkage run --full --model N",
        )
    if not events:
        raise NotFound("linkage.run_moved_nobody", "This run moved nobody, or there is none such.")
    return await _undo(connection, events, at)


async def undo_move(connection: Connection, each: Appearance, at: datetime) -> int:
    """Decides against the newest move of one appearance; how many decisions that took."""
    events = await store.of_appearance(connection, each)
    if not events or events[0].to_person is None:
        raise NotFound(
            "linkage.no_move", "This appearance was not moved, or is no longer reported."
        )
    return await _undo(connection, events[:1], at)


async def _undo(connection: Connection, events: Sequence[Event], at: datetime) -> int:
    persons = {
        number
        for event in events
        for number in (event.from_person, event.to_person)
        if number is not None
    }
    members = await store.members(connection, persons)
    now = {each: number for number, those in members.items() for each in those}
    before = {**now, **{event.appearance: event.from_person or 0 for event in events}}
    linked = await store.linked_within(connection, persons)
    apart = _to_part(linked, now, before, {event.appearance for event in events})
    together = _to_join(now, before)
    for verdict, pairs in (("different", apart), ("same", together)):
        for low, high in pairs:
            await decide(
                connection,
                COMMAND_LINE,
                low,
                high,
                "different" if verdict == "different" else "same",
                UNDONE,
                None,
                1,
                None,
                None,
                at,
            )
    return len(apart) + len(together)


def _to_part(
    linked: Iterable[Pair],
    now: Mapping[Appearance, int],
    before: Mapping[Appearance, int],
    moved: set[Appearance],
) -> list[Pair]:
    """The pairs that hold together who was not one person before.

    Those of nobody before were each alone.
    """
    return sorted(
        (low, high)
        for low, high in linked
        if now[low] == now[high]
        and (low in moved or high in moved)
        and (before[low] != before[high] or before[low] == 0)
    )


def _to_join(now: Mapping[Appearance, int], before: Mapping[Appearance, int]) -> list[Pair]:
    """Pairs that bring together who was one person before and is not now: each part's first
    appearance with the first of all."""
    parts: dict[int, dict[int, Appearance]] = {}
    for each in sorted(now):
        if before[each]:
            parts.setdefault(before[each], {}).setdefault(now[each], each)
    pairs = []
    for those in parts.values():
        first, *others = those.values()
        pairs += [in_order(first, other) for other in others]
    return sorted(pairs)
