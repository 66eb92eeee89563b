"""Runs checks on a snapshot and keeps what they find.

A run changes findings and nothing else: no enrolment, no benefit, no answer. Each check's findings
are merged in one transaction, so whatever is killed on the way leaves those of whole checks; run
again, they come out the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from ibr.audit.events import CHECKS_RUN
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.log import logger
from ibr.overlaps.checks.find import find, parameters_of
from ibr.overlaps.checks.model import Check, Found, Parameters, Period
from ibr.overlaps.findings import rules, store
from ibr.overlaps.findings.due import UnderWay, alone, under_way
from ibr.overlaps.findings.model import CheckRun, Counts
from ibr.overlaps.snapshot.engine import MEMORY, THREADS
from ibr.overlaps.snapshot.enrolled import TABLES as COUNTED
from ibr.overlaps.snapshot.enrolled import count_enrolled
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.read import opened_snapshot, snapshot_of
from ibr.overlaps.snapshot.write import take_snapshot
from ibr.protection.seal import Sealer

Tell = Callable[[CheckRun], None]
Given = Mapping[str, Mapping[str, Any]]
"""Parameters by the code of their check, where they are not the usual ones."""

_encoder = msgspec.json.Encoder(order="deterministic")


async def run_checks(
    database: Database,
    programmes: Sequence[int],
    folder: Path,
    snapshot: Snapshot,
    checks: Sequence[Check],
    *,
    at: datetime,
    period: Period | None = None,
    given: Given | None = None,
    tell: Tell | None = None,
    unread: UnderWay | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
) -> list[CheckRun]:
    """Runs these checks in their order; the caller is alone. One that fails keeps no other back.

    `unread` is what was under way when the snapshot was taken; each run says so.
    """
    looked_at = period or rules.usual_period(snapshot.as_known_on)
    tables = {name for check in checks for name in check.tables}
    tables |= {"exemption", "programme", *COUNTED}
    done = []
    with opened_snapshot(folder, snapshot, tables, memory=memory, threads=threads) as connection:
        await _put_enrolled(database, programmes, connection, snapshot)
        for check in checks:
            ran = await _run_one(
                database,
                programmes,
                connection,
                snapshot,
                check,
                parameters_of(check, dict((given or {}).get(check.code, {}))),
                looked_at,
                unread or UnderWay(),
                at,
            )
            done.append(ran)
            if tell is not None:
                tell(ran)
    return done


async def _put_enrolled(
    database: Database,
    programmes: Sequence[int],
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
) -> None:
    groups = await asyncio.to_thread(count_enrolled, connection)
    async with database.transaction(programmes) as transaction:
        await store.put_enrolled(transaction, snapshot.snapshot_no, groups)


async def _run_one(
    database: Database,
    programmes: Sequence[int],
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    check: Check,
    parameters: Parameters,
    period: Period,
    unread: UnderWay,
    at: datetime,
) -> CheckRun:
    started = time.monotonic()
    found, reason = await _look(connection, check, parameters, period)
    seconds = time.monotonic() - started
    digest = rules.digest(found) if reason is None else b""
    async with database.transaction(programmes) as transaction:
        run_no = await store.put_run(
            transaction,
            snapshot_no=snapshot.snapshot_no,
            check_code=check.code,
            check_version=check.version,
            parameters=_encoder.encode(parameters).decode(),
            period=(period.first, period.last),
            state="done" if reason is None else "failed",
            digest=digest,
            under_way=_encoder.encode(unread).decode(),
            started_at=at,
            finished_at=at + timedelta(seconds=seconds),
        )
        counts = Counts(merged=False)
        if reason is None:
            counts = await _merge(transaction, snapshot, check, found, run_no, period, at)
        await store.put_counts(transaction, run_no, _encoder.encode(counts).decode())
    return CheckRun(
        run_no=run_no,
        snapshot_no=snapshot.snapshot_no,
        check_code=check.code,
        check_version=check.version,
        period_from=period.first,
        period_to=period.last,
        state="done" if reason is None else "failed",
        counts=counts,
        digest=digest.hex(),
        seconds=seconds,
        under_way=msgspec.to_builtins(unread),
        reason=reason,
    )


async def _look(
    connection: duckdb.DuckDBPyConnection, check: Check, parameters: Parameters, period: Period
) -> tuple[list[Found], str | None]:
    """What a check finds, and why it failed where it did."""
    try:
        found = await asyncio.to_thread(find, connection, check, parameters, period)
        return rules.once(found), None
    except (duckdb.Error, msgspec.ValidationError, ArithmeticError, LookupError) as wrong:
        logger().exception("a check failed", code=check.code)
        return [], type(wrong).__name__


async def _merge(
    connection: Connection,
    snapshot: Snapshot,
    check: Check,
    found: Sequence[Found],
    run_no: int,
    period: Period,
    at: datetime,
) -> Counts:
    """Findings of this run and those that are known become one set."""
    if await store.newest_merged(connection, check.code) > snapshot.snapshot_no:
        # What is known rests on newer news; an older look may prove something, not change it.
        return Counts(found=len(found), merged=False)
    await store.begin_merge(connection, [_staged(check, each) for each in found])
    days, on = (period.first, period.last), snapshot.as_known_on
    exempt = await store.leave_out_exempt(connection, check.code, on)
    settled = await store.leave_out_settled(connection, check.code)
    still = await store.keep_still(connection, check.code, check.version, run_no, days)
    closed = await store.close_exempt(connection, check.code, on, at)
    closed += await store.close_gone(connection, check.code, check.version, on, days, at)
    opened = await store.open_new(connection, check.code, check.version, run_no, at)
    return Counts(
        found=len(found), opened=opened, still=still, closed=closed, exempt=exempt, settled=settled
    )


def _staged(check: Check, found: Found) -> store.StagedFound:
    return store.StagedFound(
        rules.same_as(check.code, found.subject),
        found.severity,
        found.programme_id,
        found.other_programme,
        found.person_id,
        found.record_id,
        found.other_record,
        found.area_code,
        found.first_day,
        found.last_day,
        found.money_minor,
        found.currency,
        _encoder.encode(found.facts).decode(),
    )


async def take_and_run(
    database: Database,
    programmes: Sequence[int],
    sealer: Sealer,
    folder: Path,
    checks: Sequence[Check],
    *,
    at: datetime,
    snapshot_no: int | None = None,
    months: str | None = None,
    given: Given | None = None,
    tell: Tell | None = None,
) -> tuple[Snapshot, list[CheckRun]]:
    """Takes a snapshot, or an old one where it is named, and runs the checks on it, alone."""
    async with alone(database):
        # Asked before it is taken: what is done in between was under way all the same.
        unread = await under_way(database, programmes) if snapshot_no is None else None
        if snapshot_no is None:
            snapshot = await take_snapshot(database, programmes, sealer, folder, at)
        else:
            snapshot = await snapshot_of(database, snapshot_no)
        period = rules.read_period(months, snapshot.as_known_on) if months else None
        ran = await run_checks(
            database,
            programmes,
            folder,
            snapshot,
            checks,
            at=at,
            period=period,
            given=given,
            tell=tell,
            unread=unread,
        )
    async with database.transaction(()) as connection:
        details = _said_of(snapshot, ran)
        await record_event(connection, kind=CHECKS_RUN, asker=None, details=details, at=at)
    return snapshot, ran


def _said_of(snapshot: Snapshot, ran: Sequence[CheckRun]) -> dict[str, object]:
    """What the audit trail keeps of runs: their digests too, so that a seal holds them."""
    return {
        "snapshot": snapshot.snapshot_no,
        "snapshot_digest": snapshot.digest,
        "runs": {str(each.run_no): each.digest for each in ran},
        "checks": len(ran),
        "found": sum(each.counts.found for each in ran),
        "opened": sum(each.counts.opened for each in ran),
        "closed": sum(each.counts.closed for each in ran),
        "failed": sum(each.state == "failed" for each in ran),
    }


async def last_runs(
    database: Database, most: int = 50, check_code: str | None = None
) -> list[CheckRun]:
    """The last runs, the newest first."""
    async with database.transaction(()) as connection:
        rows = await store.runs(connection, most, check_code)
    return [_run(dict(row)) for row in rows]


def _run(row: dict[str, Any]) -> CheckRun:
    row["counts"] = msgspec.json.decode(row["counts"], type=Counts)
    row["under_way"] = msgspec.json.decode(row["under_way"])
    row.pop("finished_at")
    return CheckRun(**row)
