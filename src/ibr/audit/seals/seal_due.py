"""Sealing: closes what was written into batches, chains and signs them, writes them outside.

Nothing stays unsealed and nothing is sealed twice, although numbers are drawn long before their
transactions commit, and some never do. A seal closes what is there and says which numbers were not;
those that come later are closed by a later seal, and a number is given up only when every
transaction that could have drawn it has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from ibr.audit.seals import store
from ibr.audit.seals.anchor import Anchor, Line, line_of
from ibr.audit.seals.keys import SealSigner, signer
from ibr.audit.seals.merkle import root_of
from ibr.audit.seals.model import (
    CHANGED,
    EVERY,
    MOST,
    NOTHING,
    OTHER_CHAIN,
    ROLLED_BACK,
    UNREACHABLE,
    Member,
    Seal,
    gaps_between,
    marks_of,
)
from ibr.audit.seals.store import Gap, Held
from ibr.db.pool import Connection, Database
from ibr.errors import RegistryError
from ibr.log import logger
from ibr.protection.seal import Sealer

# Seals made in one transaction, so that a long wait costs few commits and none is long.
AT_ONCE: Final = 20
_PAGE: Final = 500


class Sealed(msgspec.Struct, frozen=True):
    """What one round did."""

    seals: int = 0
    members: int = 0
    anchored: int = 0
    trouble: str | None = None


class Sealing:
    """Seals and anchors; several may be at work at once, and one at a time does anything."""

    def __init__(self, database: Database, sealer: Sealer, anchors: Sequence[Anchor]) -> None:
        self._transaction = partial(database.transaction, ())
        self._sealer = sealer
        self._anchors = anchors

    async def run(self, at: datetime, *, at_once: bool = False) -> Sealed:
        """Seals what is due, or with `at_once` all there is, and anchors what is not yet."""
        seals = members = 0
        outside = await asyncio.to_thread(self._newest_outside)
        while True:
            async with self._transaction() as connection:
                made, trouble = await self._round(
                    connection, outside, at, at_once=at_once or seals > 0
                )
            if trouble is not None:
                logger().error("the audit trail is not sealed", reason=trouble)
                return Sealed(seals, members, 0, trouble)
            seals += len(made)
            members += sum(seal.members for seal in made)
            if len(made) < AT_ONCE:
                break
        return await self._anchor(at, seals, members)

    async def _round(
        self, connection: Connection, outside: Sequence[Line], at: datetime, *, at_once: bool
    ) -> tuple[list[Seal], str | None]:
        # Before anything is locked: a lock would give this transaction its number too early.
        newest, own = await store.newest_number(connection)
        held = await store.hold_sealing(connection)
        if held is None:
            return [], None
        before = await store.last_seal(connection)
        trouble = await _contradicted(connection, outside, held, before)
        if trouble is not None:
            await store.set_trouble(connection, trouble)
            return [], trouble
        waited = before is None or at - before.at >= EVERY
        waiting = newest - held.last_id
        if not (at_once or waiting >= MOST or waited):
            return [], None
        if waiting <= 0 and not held.gaps and not at_once:
            if held.sealed_at is None or at - held.sealed_at >= EVERY:
                # All an idle registry writes: that everything is sealed, so that it is not late.
                await store.move_on(connection, held.last_id, [], held.lost)
            return [], None
        return await self._close(connection, held, before, newest, own, at), None

    async def _close(
        self,
        connection: Connection,
        held: Held,
        before: Seal | None,
        newest: int,
        own: int,
        at: datetime,
    ) -> list[Seal]:
        # The bound first: what its transactions wrote is then seen by the look into the gaps.
        below = await store.all_ended_below(connection)
        late = await store.members_in(connection, held.gaps) if held.gaps else []
        gaps = _still_open(held.gaps, {each.number for each in late}, below, own)
        signs: SealSigner | None = None
        seals: list[Seal] = []
        last_id, lost = held.last_id, held.lost
        while len(seals) < AT_ONCE:
            fresh = await store.members_between(connection, last_id, newest, MOST)
            if not fresh and not late:
                break
            signs = signs or await signer(connection, self._sealer)
            seal = _sealed(held.chain, before, last_id, fresh, late, lost, signs, at)
            seals.append(seal)
            gaps += [Gap(first, last, own) for first, last in seal.gaps]
            before, last_id, late, lost = seal, seal.last_id, [], ()
            if len(fresh) < MOST:
                break
        await store.add_seals(connection, seals)
        await store.move_on(connection, last_id, gaps, lost)
        return seals

    def _newest_outside(self) -> list[Line]:
        """The newest line of each anchor that can be read; one that cannot holds up no seal."""
        found = []
        for anchor in self._anchors:
            with contextlib.suppress(RegistryError):
                line = anchor.last()
                if line is not None:
                    found.append(line)
        return found

    async def _anchor(self, at: datetime, seals: int, members: int) -> Sealed:
        """Writes outside what is not there yet, while no transaction is open: a disk may hang."""
        anchored, newest = 0, 0
        try:
            for anchor in self._anchors:
                line = await asyncio.to_thread(anchor.last)
                after = line.seal if line else 0
                while page := await self._next_lines(after):
                    await asyncio.to_thread(anchor.append, page)
                    after, anchored = page[-1].seal, anchored + len(page)
                newest = max(newest, after)
        except RegistryError as wrong:
            logger().error("a seal could not be written outside", code=wrong.code)
            async with self._transaction() as connection:
                await store.set_trouble(connection, UNREACHABLE)
            return Sealed(seals, members, anchored, UNREACHABLE)
        async with self._transaction() as connection:
            if anchored:
                await store.set_anchored(connection, newest, at)
            await store.set_trouble(connection, None)
        return Sealed(seals, members, anchored)

    async def _next_lines(self, after: int) -> list[Line]:
        async with self._transaction() as connection:
            known = {key.kid: key for key in await store.keys(connection)}
            page = await store.seals_after(connection, after, _PAGE)
            return [line_of(seal, known) for seal in page]


async def _contradicted(
    connection: Connection, outside: Sequence[Line], held: Held, before: Seal | None
) -> str | None:
    """Whether the database is not the one whose seals were written outside: then nothing is sealed
    on top of it until somebody has looked."""
    for line in outside:
        found = await _held_against(connection, line, held, before)
        if found is not None:
            return found
    return None


async def _held_against(
    connection: Connection, line: Line, held: Held, before: Seal | None
) -> str | None:
    if line.chain != held.chain:
        return OTHER_CHAIN
    newest = before.number if before else 0
    if line.seal > newest:
        # Somebody has said that a backup was restored; the next seal says which were lost.
        return None if held.lost and line.seal <= held.lost[1] else ROLLED_BACK
    same = await store.one_seal(connection, line.seal)
    return None if same is not None and same.digest.hex() == line.digest else CHANGED


def _still_open(gaps: Sequence[Gap], came: set[int], below: int, own: int) -> list[Gap]:
    """The gaps that may still be filled, without the numbers that came.

    A gap of a transaction number that this server has not given yet is of a database that was
    carried here: nobody is left who could fill it.
    """
    left: list[Gap] = []
    for gap in gaps:
        if below <= gap.until <= own:
            inside = sorted(number for number in came if gap.first <= number <= gap.last)
            left += [
                Gap(first, last, gap.until)
                for first, last in gaps_between(inside, gap.first, gap.last)
            ]
    return left


def _sealed(
    chain: str,
    before: Seal | None,
    after: int,
    fresh: Sequence[Member],
    late: Sequence[Member],
    lost: Sequence[int],
    signs: SealSigner,
    at: datetime,
) -> Seal:
    """The seal over these members; the late ones come first, as their numbers do."""
    leaves = [each.leaf for each in (*late, *fresh)]
    last_id = fresh[-1].number if fresh else after
    number = lost[1] if lost else before.number if before else 0
    seal = Seal(
        number=number + 1,
        chain=chain,
        at=at,
        first_id=after + 1,
        last_id=last_id,
        members=len(leaves),
        root=root_of(leaves),
        gaps=gaps_between([each.number for each in fresh], after + 1, last_id),
        late=tuple(each.number for each in late),
        lost=tuple(lost),
        previous=before.digest if before else NOTHING,
        kid=signs.kid,
        marks=marks_of(leaves),
    )
    return msgspec.structs.replace(seal, signature=signs.sign(seal.statement))
