"""The records that make up a person, and why each pair of them is held to be one.

Every look is in the ledger of everybody whose record is shown. Of a pair about which somebody is
still to give an opinion of their own, one of the two is left out: to see both held to be one person
would tell what a colleague said, or what is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import DECIDE_LINKS, REVIEW, must_hold, must_hold_purpose
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.errors import NotAllowed, NotFound
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.decide import decisions_in_force
from ibr.identity.review.looking import (
    PURPOSES,
    given_of,
    row_of,
    write_down,
    written_side,
)
from ibr.identity.review.model import Given
from ibr.identity.review.rules import look_of, standing
from ibr.identity.review.shown.sides import Written
from ibr.identity.review.waiting import ProgrammeNamed, model_of, pair_of, programmes_of
from ibr.identity.review.whole import store
from ibr.identity.weights.explain import Contribution, explain_levels
from ibr.identity.weights.model import LinkageModel
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer

MOST_RECORDS: Final = 60
MOST_PAIRS: Final = 200
_UNTOLD: Final = frozenset({"second", "known"})

Why = Literal["people", "machine", "parted", "waits"]
"""Why two records are one person, or are not any more: people said so, the registry by weight,
people parted them, or nothing yet: the pair waits to be looked at."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the person; `written` is None where it is reported no longer."""

    appearance: Appearance
    programme_id: int
    unit: int
    written: Written | None
    status: int
    status_at: datetime
    since: datetime
    parted_at: datetime | None
    """When this officer parted it from others, which they may take back."""

    @property
    def name(self) -> str:
        """As an address writes it."""
        return f"{self.appearance.record_id}.{self.appearance.appearance_no}"


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """Two records of the person, and why they are held to be one."""

    pair: Pair
    why: Why
    weight: float | None
    parts: tuple[Contribution, ...]
    weighed_at: datetime | None
    said: Given | None
    """The decision that stands, where people decided."""


class WholePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page shows."""

    person_id: int
    parts: list[Part]
    ties: list[Tie]
    may_part: bool
    cut: bool
    programmes: dict[int, ProgrammeNamed]


async def open_person(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    asker: Asker,
    person_id: int,
    at: datetime,
) -> WholePerson:
    """The person as far as it lies in the officer's programmes; NotFound where nothing does."""
    must_look_at_persons(asker)
    async with database.transaction(asker.reach, asker=asker, right=REVIEW) as connection:
        found, near = await members_in_reach(connection, asker, person_id)
        await write_down(connection, asker, found, at)
        parts = [await _part(connection, sealer, blind_index, asker, row) for row in found]
        ties = await _ties(connection, sealer, near)
        programmes = await programmes_of(
            connection, frozenset(each.programme_id for each in parts) & asker.reach
        )
    return WholePerson(
        person_id=person_id,
        parts=parts,
        ties=ties,
        may_part=DECIDE_LINKS in asker.scopes and len(parts) > 1,
        cut=len(parts) == MOST_RECORDS,
        programmes=programmes,
    )


def must_look_at_persons(asker: Asker) -> None:
    """NotAllowed unless the officer may see the records of a pair, and so of a person."""
    must_hold(asker, REVIEW)
    must_hold_purpose(asker)
    if asker.purpose.code not in PURPOSES:
        raise NotAllowed(
            "purpose.not_allowed", "Your role does not allow a look at possible links."
        )


async def members_in_reach(
    connection: Connection, asker: Asker, person_id: int
) -> tuple[list[Record], list[Record]]:
    """The records of a person that the officer may see together, and the pairs among them.

    NotFound alike where there is no such person and where it lies out of reach.
    """
    found = await store.members(connection, person_id, MOST_RECORDS)
    if not found:
        raise NotFound(
            "review.person_unknown",
            "There is no person of this number, or it is outside your programmes.",
        )
    near = await store.compared(connection, person_id, MOST_PAIRS)
    untold: set[Appearance] = set()
    for row in near:
        kept = await row_of(connection, pair_of(row), asker, hold=False)
        if kept is not None and look_of(kept, asker.id) in _UNTOLD:
            untold.add(pair_of(row)[1])
    return (
        [
            each
            for each in found
            if Appearance(each["record_id"], each["appearance_no"]) not in untold
        ],
        [row for row in near if untold.isdisjoint(pair_of(row))],
    )


async def _part(
    connection: Connection, sealer: Sealer, blind_index: BlindIndex, asker: Asker, row: Record
) -> Part:
    each = Appearance(row["record_id"], row["appearance_no"])
    parted = await store.own_partings(connection, each, asker.id)
    return Part(
        appearance=each,
        programme_id=row["programme_id"],
        unit=row["assistance_unit"],
        written=written_side(row, sealer, blind_index),
        status=row["status"],
        status_at=row["status_at"],
        since=row["since"],
        parted_at=parted[0][1] if parted else None,
    )


async def _ties(connection: Connection, sealer: Sealer, near: Sequence[Record]) -> list[Tie]:
    pairs = [pair_of(row) for row in near]
    decided = await decisions_in_force(connection, pairs) if pairs else []
    verdicts = {(each.low, each.high): each.verdict for each in decided}
    models = {
        number: await model_of(connection, number)
        for number in {row["model_no"] for row in near if row["model_no"] is not None}
    }
    return [
        await _tie(connection, sealer, row, verdicts.get(pair), models.get(row["model_no"]))
        for row, pair in zip(near, pairs, strict=True)
    ]


async def _tie(
    connection: Connection,
    sealer: Sealer,
    row: Record,
    verdict: str | None,
    model: LinkageModel | None,
) -> Tie:
    pair = pair_of(row)
    levels = tuple(row["levels"] or ())
    return Tie(
        pair=pair,
        why=_why(row["state"], verdict),
        weight=row["weight"],
        parts=tuple(explain_levels(levels, model)) if model is not None and levels else (),
        weighed_at=row["weighed_at"],
        said=standing(await given_of(connection, sealer, pair))[0],
    )


def _why(state: str | None, verdict: str | None) -> Why:
    if verdict is not None:
        return "people" if verdict == "same" else "parted"
    return "machine" if state == "linked" else "waits"
