"""What sealing costs those who answer questions, and how quickly a trail is sealed and verified.

    .venv/bin/python -m benchmarks.audit [questions]

Answers' ledger rows and events are written one question and sixteen at a time, as the registry
writes them and as it did before they were sealed, in turn, each in a transaction; then everything
is sealed, verified and exported. All figures are processor time, PostgreSQL's included, so that
other work on the machine does not change them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import cpu
from benchmarks.cluster import Cluster, private_cluster
from ibr.asker import Asker, Purpose
from ibr.audit.events import QUESTION_ENROLLED
from ibr.audit.model import Event, LedgerRow
from ibr.audit.questions_asked import ledger_row, record_asked
from ibr.audit.record import event
from ibr.audit.seals.anchor import FileAnchor, read_anchor
from ibr.audit.seals.begin import begin_sealing
from ibr.audit.seals.seal_due import Sealing
from ibr.audit.verify.exported import export, verify_export
from ibr.audit.verify.from_database import verify_database
from ibr.clock import now, today
from ibr.db.migrate import upgrade
from ibr.db.pool import Connection, Database, open_database, owner_transaction
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer

ASKER = Asker(
    kind="partner", id=1, name="p", purpose=Purpose("enrolment_check"), ask=frozenset({1})
)
ROUNDS = 6
Write = Callable[[Connection, list[LedgerRow], list[Event]], Awaitable[None]]

_ROWS_BEFORE = """
    insert into question_asked (subject_index, asked_at, question_id, partner_id, officer_id,
                                programme_id, question, purpose_code, purpose_text, answer,
                                message_key)
    select * from unnest($1::bytea[], $2::timestamptz[], $3::uuid[], $4::integer[],
                         $5::integer[], $6::integer[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::bytea[])
"""
_EVENTS_BEFORE = """
    insert into audit_event (at, kind, actor_kind, actor_id, details, digest)
    select e.at, e.kind, e.actor_kind, e.actor_id, e.details::jsonb, e.digest
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::integer[], $5::text[],
                $6::bytea[]) as e (at, kind, actor_kind, actor_id, details, digest)
"""


def drawn(many: int) -> tuple[list[LedgerRow], list[Event]]:
    """The rows and events of so many questions about one person each."""
    rows, events = [], []
    for _ in range(many):
        at = now()
        rows.append(
            ledger_row(
                ASKER,
                question="enrolled",
                question_id=uuid.uuid4(),
                subject=uuid.uuid4().bytes,
                programme_id=1,
                answer="yes",
                message_key=uuid.uuid4().bytes,
                at=at,
            )
        )
        details: dict[str, object] = {"programme": 1, "purpose": "enrolment_check", "subjects": 1}
        events.append(event(QUESTION_ENROLLED, ASKER, details, at))
    return rows, events


async def sealed(connection: Connection, rows: list[LedgerRow], events: list[Event]) -> None:
    """As the registry writes them."""
    await record_asked(connection, rows, events)


async def before(connection: Connection, rows: list[LedgerRow], events: list[Event]) -> None:
    """As it did before: no digest of the ledger, no look at how far sealing is."""
    await connection.execute(
        _ROWS_BEFORE,
        [row.subject for row in rows],
        [row.at for row in rows],
        [row.question_id for row in rows],
        [row.partner_id for row in rows],
        [row.officer_id for row in rows],
        [row.programme_id for row in rows],
        [row.question for row in rows],
        [row.purpose_code for row in rows],
        [row.purpose_text for row in rows],
        [row.answer for row in rows],
        [row.message_key for row in rows],
    )
    await connection.execute(
        _EVENTS_BEFORE,
        [each.at for each in events],
        [each.kind for each in events],
        [each.actor_kind for each in events],
        [each.actor_id for each in events],
        [each.details.decode() for each in events],
        [each.digest for each in events],
    )


class Clock:
    """Processor seconds of this process and of PostgreSQL."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._at = self._now()

    def _now(self) -> float:
        return time.process_time() + cpu.spent([], self._cluster.postmaster).postgres

    def took(self) -> float:
        """Since the last time it was asked."""
        last, self._at = self._at, self._now()
        return self._at - last


async def write(database: Database, how: Write, questions: int, at_once: int) -> None:
    for _ in range(0, questions, at_once):
        rows, events = drawn(at_once)
        async with database.transaction(()) as connection:
            await how(connection, rows, events)


async def compare(cluster: Cluster, app: Database, questions: int) -> None:
    """The path of an answer's records, with sealing and without, in turn."""
    clock = Clock(cluster)
    for at_once in (1, 16):
        spent: dict[str, list[float]] = {"before": [], "sealed": []}
        for _ in range(ROUNDS):
            for name, how in (("before", before), ("sealed", sealed)):
                clock.took()
                await write(app, how, questions, at_once)
                spent[name].append(clock.took() / questions * 1e6)
        one, two = (sorted(spent[name])[ROUNDS // 2] for name in ("before", "sealed"))
        print(
            f"{at_once} at a time: {one:.0f} µs a question before, {two:.0f} µs sealed "
            f"(ratio {two / one:.3f})"
        )


async def run(cluster: Cluster, questions: int, folder: Path) -> None:
    dsn = cluster.dsn
    await upgrade(dsn, today())
    sealer = Sealer(new_keyring())
    app = await open_database(dsn, "ibr_app", size=2, name="benchmark")
    jobs = await open_database(dsn, "ibr_worker", size=2, name="benchmark jobs")
    # What is written as before is in no batch, so it is written while sealing has not begun.
    await compare(cluster, app, questions)
    async with owner_transaction(dsn) as owner:
        await owner.execute("truncate ibr.question_asked, ibr.ledger_batch, ibr.audit_event")
        await begin_sealing(owner, sealer, now())
    await write(app, sealed, questions * 10, 16)
    clock = Clock(cluster)
    anchor = FileAnchor(folder / "seals.jsonl")
    done = await Sealing(jobs, sealer, [anchor]).run(now(), at_once=True)
    print(f"sealed: {done.members / clock.took():,.0f} events/s of processor, {done.seals} seals")
    report = await verify_database(app, read_anchor(anchor.path))
    rows = report.events + report.asked
    assert report.broken is None, report.broken
    print(f"verified: {rows / clock.took():,.0f} events and look-ups/s of processor")
    with (folder / "trail.jsonl").open("wb") as out:
        await export(app, out, None, now())
    print(f"exported: {rows / clock.took():,.0f}/s")
    report = verify_export(folder / "trail.jsonl", read_anchor(anchor.path))
    assert report.broken is None, report.broken
    print(f"export verified: {rows / clock.took():,.0f}/s")
    await app.close()
    await jobs.close()


def main() -> None:
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    with private_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(cluster, questions, Path(folder)))


if __name__ == "__main__":
    main()
