"""Enrolments and benefits from a programme's system, merged set by set.

One chunk is one transaction: every record of it or none. Deliveries for the same programme are
merged one after the other, which an advisory lock per programme sees to; deliveries for different
programmes run side by side.

What a chunk changes is drafted first and written then. Within one delivery the next chunk may be
drafted while the one before is being written; when its turn comes, a count kept for each
programme tells whether the draft still holds, and one that does not is made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ibr.db.locks import hold_programmes
from ibr.db.pool import Connection
from ibr.db.staging import prepare as prepare_tables
from ibr.deliveries import receive
from ibr.deliveries.model import Tally
from ibr.intake.erased import keep_out
from ibr.intake.plan import Planner, standing_of
from ibr.intake.prepare import Item, Prepared
from ibr.intake.rows import Known, Rows, Source
from ibr.keeping.erasure.kept_out import count_refused
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.registry.beneficiaries import record_beneficiary
from ibr.registry.benefits import record_benefit
from ibr.registry.changes import append
from ibr.registry.enrolment import record_enrolment
from ibr.registry.programmes.merges import count_merge, merges
from ibr.reported.beneficiary import Refusal

# What an item brought: a record that was not known, something about one that was, nothing new, or
# a reason against it.
News = Literal["new", "changed", "unchanged", "refused"]

# Below this many records, planning takes less than handing it to a thread.
_WORTH_A_THREAD = 500

TEMPORARY = (
    *record_beneficiary.TEMPORARY,
    *record_enrolment.TEMPORARY,
    *record_benefit.TEMPORARY,
    *append.TEMPORARY,
)


class Merger(msgspec.Struct, frozen=True):
    """What merging needs besides a connection."""

    sealer: Sealer
    blind_index: BlindIndex


class Draft(msgspec.Struct, frozen=True):
    """What one chunk changes, by what was known when each programme had so many merges."""

    rows: Rows
    numbers: dict[bytes, int]
    fresh: dict[bytes, int]
    merges: dict[int, int]
    erased: tuple[bytes, ...] = ()
    """Records that were erased before, and are kept out."""


class Merged(msgspec.Struct, frozen=True):
    """What a chunk merged: its records by key and by number, the count of each of its programmes,
    and what each of its items brought."""

    keys: frozenset[bytes]
    merges: dict[int, int]
    news: tuple[News, ...] = ()


async def draft_chunk(
    connection: Connection, merger: Merger, source: Source, items: list[Item]
) -> Draft:
    """Works out what one chunk changes; writes nothing but the names of new identifier types.

    In `items` a refusal takes the place of each that carries an erased record.
    """
    # Counted before anything else is read: whatever is merged or erased from here on raises the
    # count.
    counts = await merges(connection, _programmes(items))
    erased = await keep_out(connection, items, source.as_of)
    prepared = [each for item in items if not isinstance(item, Refusal) for each in item]
    numbers, fresh = await record_beneficiary.number_records(
        connection, (each.record_key for each in prepared)
    )
    known = await _known(connection, prepared, source, numbers, set(fresh.values()))
    planner = Planner(merger.sealer, merger.blind_index, source)
    if len(prepared) < _WORTH_A_THREAD:
        rows = planner.plan(prepared, known)
    else:
        rows = await asyncio.to_thread(planner.plan, prepared, known)
    return Draft(rows, numbers, fresh, counts, erased)


def _programmes(items: Iterable[Item]) -> set[int]:
    return {each.programme_id for item in items if not isinstance(item, Refusal) for each in item}


async def merge_chunk(
    connection: Connection,
    merger: Merger,
    source: Source,
    items: list[Item],
    tally: Tally,
    *,
    draft: Draft | None = None,
    before: Merged | None = None,
) -> Merged:
    """Merges one chunk in the caller's transaction and adds its outcomes to the tally.

    `draft` was made ahead, `before` is what the chunk before it merged, if that was of the same
    delivery. What was merged is returned for the chunk after it.
    """
    programmes = _programmes(items)
    if not programmes:
        if draft is not None:
            await count_refused(connection, draft.erased, source.known_at)
        return Merged(frozenset(), {}, news=_count(items, {}, {}, set(), tally))
    await hold_programmes(connection, programmes)
    await prepare_tables(connection, *TEMPORARY)
    counts = await count_merge(connection, programmes)
    if draft is None or not still_holds(draft, counts, before):
        draft = await draft_chunk(connection, merger, source, items)
    await count_refused(connection, draft.erased, source.known_at)
    await record_beneficiary.add_keys(connection, draft.fresh)
    changed = await _write(connection, draft.rows)
    news = _count(items, draft.numbers, draft.fresh, changed, tally)
    await receive.keep_touched(
        connection, source.delivery_id, _first_item(items), draft.numbers.values()
    )
    return Merged(frozenset(draft.numbers), counts, news)


def _first_item(items: Sequence[Item]) -> int:
    first = items[0]
    return first.item_no if isinstance(first, Refusal) else first[0].reported.item_no


def still_holds(draft: Draft, counts: dict[int, int], before: Merged | None) -> bool:
    """Whether what a draft was made of is still so, now that the locks are held.

    `counts` includes this chunk itself. Nobody else merged since the draft was made when a
    programme's count stands where the draft saw it, or one higher because of the chunk before,
    whose records are then none of this one's.
    """
    for programme_id, count in counts.items():
        seen = draft.merges.get(programme_id)
        if seen == count - 1:
            continue
        if before is None or seen != count - 2 or before.merges.get(programme_id) != count - 1:
            return False
        if not before.keys.isdisjoint(draft.numbers):
            return False
    return True


async def _known(
    connection: Connection,
    prepared: Sequence[Prepared],
    source: Source,
    numbers: dict[bytes, int],
    fresh: set[int],
) -> Known:
    old = sorted({numbers[each.record_key] for each in prepared} - fresh)
    states = await record_enrolment.states(connection, old)
    differing = sorted(
        {
            number
            for each in prepared
            if (number := numbers[each.record_key]) in states
            and states[number].content_digest != each.digest
        }
    )
    contents = await record_beneficiary.stored_content(connection, differing)
    moved = {
        number
        for each in prepared
        if (number := numbers[each.record_key]) in states
        and states[number].standing.stands_before(standing_of(each, source))
    }
    identifiers = await record_beneficiary.identifiers_now(connection, sorted({*differing, *moved}))
    kinds = {each.known_as.kind for record in prepared for each in record.known}
    type_ids = await record_beneficiary.identifier_types(connection, kinds)
    return Known(numbers, states, contents, identifiers, type_ids)


async def _write(connection: Connection, rows: Rows) -> set[int]:
    """Writes the rows; returns the records that something new was learned about."""
    given = await record_benefit.put(connection, rows.benefits)
    await record_beneficiary.put(
        connection,
        records=rows.records,
        versions=rows.versions,
        groups=rows.groups,
        members=rows.members,
        identifiers=rows.identifiers,
        replaced=rows.replaced,
    )
    await record_enrolment.put(
        connection,
        enrolments=rows.enrolments,
        statuses=rows.statuses,
        index=rows.index,
        replaced=rows.replaced,
    )
    await append.append(connection, rows.changes, benefits_given=bool(given))
    return rows.changed | set(given)


def _count(
    items: Iterable[Item],
    numbers: dict[bytes, int],
    fresh: dict[bytes, int],
    changed: set[int],
    tally: Tally,
) -> tuple[News, ...]:
    """Counts the items by outcome; returns what each of them brought."""
    said: list[News] = []
    for item in items:
        tally.records += 1
        if isinstance(item, Refusal):
            tally.refused += 1
            said.append("refused")
            continue
        tally.programme_ids.update(each.programme_id for each in item)
        if any(numbers[each.record_key] in changed for each in item):
            tally.stored += 1
            new = any(each.record_key in fresh for each in item)
            said.append("new" if new else "changed")
        else:
            tally.unchanged += 1
            said.append("unchanged")
        warnings = {warning for each in item for warning in each.reported.warnings}
        tally.warned += bool(warnings)
        for warning in warnings:
            tally.warnings[warning] = tally.warnings.get(warning, 0) + 1
    return tuple(said)


def source_of(delivery_id: int, as_of: datetime, known_at: datetime) -> Source:
    """The delivery that a chunk comes from."""
    return Source(delivery_id, as_of, known_at)
