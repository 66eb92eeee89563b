"""The attack upon everything published so far, as each audience has it."""

from __future__ import annotations

import msgspec

from ibr.db.pool import Connection, Database
from ibr.publish.releases import store
from ibr.publish.releases.build import digest_of
from ibr.publish.releases.gather import frozen, past_of
from ibr.publish.releases.hiding import Past, Readers, found_out
from ibr.publish.releases.model import AUDIENCES, RULES, Audience, ReleaseHead


class Step(msgspec.Struct, frozen=True):
    """What readers had after one more release of a month: the new one, and those before."""

    audience: Audience
    release_no: int
    period: str
    now: Past
    readers: Readers


class Told(msgspec.Struct, frozen=True):
    """One thing that is wrong with what was published."""

    audience: str
    release_no: int
    period: str
    what: str


async def check_published(
    database: Database, *, audience: Audience | None = None, period: str | None = None
) -> tuple[int, list[Told]]:
    """How many releases of a month were attacked, and what was found; an empty list is good."""
    async with database.transaction((), frozen=True) as connection:
        heads = await store.heads(connection, published=True)
        wrong = [await _as_signed(connection, each) for each in heads]
        steps = [
            step
            for each in AUDIENCES
            if audience in (None, each)
            for step in await _steps(connection, heads, each, period)
        ]
    told = [each for each in wrong if each is not None]
    for step in steps:
        for what in found_out(step.now.systems, step.now.hidden, step.readers):
            told.append(Told(step.audience, step.release_no, step.period, what))
    return len(steps), told


async def _as_signed(connection: Connection, head: ReleaseHead) -> Told | None:
    tables = await store.tables(connection, head.release_no)
    if digest_of(tables) == head.digest:
        for each in tables:
            period = each.table.period
            true = (await frozen(connection, period, each.table.run_no)).get(each.name)
            if true is None or not set(each.table.cells) <= set(true.cells):
                return Told(head.audience, head.release_no, period, "is not as it was frozen")
        return None
    return Told(head.audience, head.release_no, head.periods[0], "is not what was signed")


async def _steps(
    connection: Connection, heads: list[ReleaseHead], audience: Audience, period: str | None
) -> list[Step]:
    """Each release of each month that these readers had, in the order in which they came out."""
    read = [each for each in reversed(heads) if audience == "partners" or each.audience == "public"]
    before: dict[str, list[Past]] = {}
    steps = []
    for head in read:
        for month in head.periods:
            if period not in (None, month):
                continue
            now = await past_of(connection, head, month)
            past = tuple(reversed(before.get(month, [])))
            readers = Readers(RULES[audience], past)
            steps.append(Step(audience, head.release_no, month, now, readers))
            before.setdefault(month, []).append(now)
    return steps
