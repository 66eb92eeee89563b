"""The nightly round: class by class, batch by batch, a transaction for each batch.

What is due and what is held the database's own functions decide, by the rule that counts; nothing
here can dispose of anything else. A round that dies leaves what it did, and the next begins anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.audit.events import RETENTION_RUN
from ibr.audit.record import record_event
from ibr.db.locks import hold_programmes, release_linkage, try_linkage
from ibr.db.pool import Connection, Database
from ibr.keeping import change_rule
from ibr.keeping.disposing import store
from ibr.keeping.model import CLASSES, Disposed, Rule
from ibr.keeping.rules import past_its_time
from ibr.protection.seal import Sealer, place_of

BATCH: Final = 1_000
# Steps through the earlier versions of records, of which few in a row are due.
_STEP: Final = 20_000
# A round that came to its end is not begun again so soon, however often the job is looked for.
_NIGHT: Final = timedelta(hours=20)
# Before the first hours of the day (UTC) it waits, unless nights were missed.
_BEFORE: Final = 5
_MISSED: Final = timedelta(hours=44)
# These count all that is held each time, not what one batch met.
_HELD_IN_ALL: Final = frozenset({"withdrawn", "told_elsewhere"})
_BLANK: Final = b"{}"
# Whose keys go with what is disposed of, so that no backup opens it any more.
_KEYS_OF: Final = {"delivery_bytes": "delivery", "case_notes": "case"}


class Keeper(msgspec.Struct, frozen=True, kw_only=True):
    """What disposing needs; `database` acts as the worker, `programmes` are all there are."""

    database: Database
    sealer: Sealer
    programmes: frozenset[int]
    now: Callable[[], datetime]


async def keep_tonight(keeper: Keeper) -> list[Disposed]:
    """One round in the first hours of the day, or later where nights were missed; what it did."""
    at = keeper.now()
    within = _NIGHT if at.hour < _BEFORE else _MISSED
    async with keeper.database.transaction(()) as connection:
        if await store.lately(connection, at - within):
            return []
    return await dispose_due(keeper)


async def dispose_due(keeper: Keeper) -> list[Disposed]:
    """Disposes of everything that is past its time now; what was done, by class."""
    at = keeper.now()
    async with keeper.database.transaction(()) as connection:
        run_no = await store.begin(connection, at)
        rules = await change_rule.rules_now(connection)
    done = []
    for data_class in CLASSES:
        through = past_its_time(rules[data_class], at)
        if through is None:
            continue
        total = Disposed(
            data_class=data_class,
            rule_no=rules[data_class].rule_no,
            through=through,
            since=None,
            disposed=0,
            held=0,
        )
        async for batch in _batches(keeper, run_no, rules[data_class], at, through):
            total = _and(total, batch)
        done.append(total)
    async with keeper.database.transaction(()) as connection:
        await store.end(connection, run_no, keeper.now())
        details: dict[str, object] = {"run": run_no}
        details |= {
            each.data_class: {
                "rule": each.rule_no,
                "disposed": each.disposed,
                "held": each.held,
                "through": each.through.isoformat(),
                "since": each.since.isoformat() if each.since else None,
            }
            for each in done
        }
        await record_event(
            connection, kind=RETENTION_RUN, asker=None, details=details, at=keeper.now()
        )
    return done


def _and(total: Disposed, batch: Disposed) -> Disposed:
    since = [each for each in (total.since, batch.since) if each is not None]
    whole = total.data_class in _HELD_IN_ALL
    return msgspec.structs.replace(
        total,
        since=min(since, default=None),
        disposed=total.disposed + batch.disposed,
        held=batch.held if whole else total.held + batch.held,
    )


async def _batches(
    keeper: Keeper, run_no: int, rule: Rule, at: datetime, through: datetime
) -> AsyncIterator[Disposed]:
    after: int | None = 0
    while after is not None:
        if rule.data_class == "ended_enrolments":
            step = await _strip_some(keeper, run_no, rule, at, through, after)
        else:
            step = await _dispose_some(keeper, run_no, rule, at, through, after)
        batch, after = step
        yield batch


async def _dispose_some(
    keeper: Keeper, run_no: int, rule: Rule, at: datetime, through: datetime, after: int
) -> tuple[Disposed, int | None]:
    most = _STEP if rule.data_class == "record_versions" else BATCH
    async with keeper.database.transaction(keeper.programmes) as connection:
        row = await store.dispose(connection, rule.data_class, at, after, most)
        batch = Disposed(
            data_class=rule.data_class,
            rule_no=rule.rule_no,
            through=through,
            since=row["since"],
            disposed=row["disposed"],
            held=row["held"],
        )
        await _note(connection, run_no, batch)
        if row["ids"] and keeper.sealer.record_keys is not None:
            # Before the commit: what then cannot be opened is past its time, and goes next night.
            keeper.sealer.record_keys.destroy(_KEYS_OF[rule.data_class], row["ids"])
    return batch, row["reached"]


async def _strip_some(
    keeper: Keeper, run_no: int, rule: Rule, at: datetime, through: datetime, after: int
) -> tuple[Disposed, int | None]:
    """Enrolments go while nobody links records: a run under way would write down again whom it
    has read. Where one is, they wait for the next night."""
    async with keeper.database.session() as guard:
        if not await try_linkage(guard):
            return _nothing(rule, through), None
        try:
            async with keeper.database.transaction(keeper.programmes) as connection:
                rows = await store.due_enrolments(connection, at, after, BATCH)
                free = {row["record_id"]: row["ended_at"] for row in rows if not row["held"]}
                if free:
                    await hold_programmes(
                        connection, await store.programmes_of(connection, list(free))
                    )
                    blanks = [_blank(keeper.sealer, number) for number in free]
                    await store.strip(connection, list(free), blanks, rule.disposal, at)
                batch = msgspec.structs.replace(
                    _nothing(rule, through),
                    since=min(free.values(), default=None),
                    disposed=len(free),
                    held=len(rows) - len(free),
                )
                await _note(connection, run_no, batch)
        finally:
            await release_linkage(guard)
    return batch, rows[-1]["record_id"] if len(rows) == BATCH else None


def _nothing(rule: Rule, through: datetime) -> Disposed:
    return Disposed(
        data_class=rule.data_class,
        rule_no=rule.rule_no,
        through=through,
        since=None,
        disposed=0,
        held=0,
    )


def _blank(sealer: Sealer, record_id: int) -> bytes:
    return sealer.seal(_BLANK, place_of("beneficiary_record", "personal", record_id))


async def _note(connection: Connection, run_no: int, batch: Disposed) -> None:
    await store.note(
        connection,
        run_no,
        batch.data_class,
        rule_no=batch.rule_no,
        through=batch.through,
        since=batch.since,
        disposed=batch.disposed,
        held=batch.held,
        held_in_all=batch.data_class in _HELD_IN_ALL,
    )
