"""A database whose audit trail is sealed and anchored, and somebody who tampers with it."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from ibr.asker import Asker, Purpose
from ibr.audit.events import PROGRAMME_ADDED, QUESTION_ENROLLED
from ibr.audit.questions_asked import ledger_row, record_questions
from ibr.audit.record import record_event
from ibr.audit.seals.anchor import FileAnchor, read_anchor
from ibr.audit.seals.begin import begin_sealing
from ibr.audit.seals.seal_due import Sealed, Sealing
from ibr.audit.verify.from_database import verify_database, verify_within
from ibr.audit.verify.model import Report
from ibr.clock import now
from ibr.db.pool import Database, open_database, owner_transaction
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer
from tests.conftest import database_at, scratch_folder

T = TypeVar("T")

PARTNER = Asker(
    kind="partner",
    id=7,
    name="A programme's system",
    purpose=Purpose("enrolment_check", "before paying"),
    ask=frozenset({1}),
)


class AuditDesk:
    """Records, seals, verifies; `owner` runs any statement as whoever owns the database."""

    def __init__(self, dsn: str, sealer: Sealer | None = None) -> None:
        self.dsn = dsn
        self._tampers: asyncpg.Connection | None = None
        self.runner = asyncio.Runner()
        self.folder = scratch_folder()
        self.anchor = self.folder / "seals.jsonl"
        self.sealer = sealer or Sealer(new_keyring())
        self.app: Database = self.run(open_database(dsn, "ibr_app", size=3, name="test app"))
        self.jobs: Database = self.run(open_database(dsn, "ibr_worker", size=3, name="test jobs"))
        self.begin()

    def begin(self) -> None:
        async def work() -> None:
            async with owner_transaction(self.dsn) as owner:
                await begin_sealing(owner, self.sealer, now())

        self.run(work())

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def owner(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async def work() -> list[asyncpg.Record]:
            if self._tampers is not None:
                return await self._tampers.fetch(statement, *values)
            async with owner_transaction(self.dsn) as owner:
                return await owner.fetch(statement, *values)

        return self.run(work())

    @contextmanager
    def tampering(self) -> Iterator[None]:
        """What the owner does and is verified meanwhile is undone at the end."""

        async def begin() -> asyncpg.Connection:
            connection = await asyncpg.connect(
                self.dsn, server_settings={"search_path": "ibr", "timezone": "UTC"}
            )
            await connection.execute("begin isolation level repeatable read")
            return connection

        connection = self._tampers = self.run(begin())
        try:
            yield
        finally:
            self._tampers = None
            self.run(connection.close())

    def value(self, statement: str, *values: Any) -> Any:
        return self.owner(statement, *values)[0][0]

    def happens(self, times: int = 1, at: datetime | None = None) -> None:
        """So many events, each in a transaction of its own."""

        async def work() -> None:
            for number in range(times):
                async with self.app.transaction(()) as connection:
                    await record_event(
                        connection,
                        kind=PROGRAMME_ADDED,
                        asker=None,
                        details={"code": f"P{number}", "share": 0.25, "names": ["é", "ß"]},
                        at=at or now(),
                    )

        self.run(work())

    def asks(self, subjects: int = 2, at: datetime | None = None) -> uuid.UUID:
        """One question about so many people, with its event."""
        question = uuid.uuid4()

        async def work() -> None:
            moment = at or now()
            rows = [
                ledger_row(
                    PARTNER,
                    question="enrolled",
                    question_id=question,
                    subject=uuid.uuid4().bytes,
                    programme_id=1,
                    answer="yes",
                    message_key=b"m" * 16,
                    at=moment,
                )
                for _ in range(subjects)
            ]
            async with self.app.transaction(()) as connection:
                await record_questions(connection, rows)
                await record_event(
                    connection,
                    kind=QUESTION_ENROLLED,
                    asker=PARTNER,
                    details={"programme": 1, "subjects": subjects},
                    at=moment,
                )

        self.run(work())
        return question

    def sealing(self, path: Path | None = None) -> Sealing:
        return Sealing(self.jobs, self.sealer, [FileAnchor(path or self.anchor)])

    def seals(self, *, at_once: bool = True, at: datetime | None = None) -> Sealed:
        return self.run(self.sealing().run(at or now(), at_once=at_once))

    def verify(
        self, *, anchor: Path | None = None, since: str | None = None, until: str | None = None
    ) -> Report:
        lines = read_anchor(anchor) if anchor else None
        if self._tampers is not None:
            return self.run(verify_within(self._tampers, lines, since=since, until=until))
        return self.run(verify_database(self.app, lines, since=since, until=until))

    def sealed_long_ago(self, minutes: int = 16) -> None:
        """Nothing has been sealed for so long."""
        self.owner(
            "update ibr.audit_sealing set sealed_at = now() - make_interval(mins => $1)", minutes
        )

    def close(self) -> None:
        for each in (self.app, self.jobs):
            self.run(each.close())
        self.runner.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def ago(minutes: int) -> datetime:
    return now() - timedelta(minutes=minutes)


@contextmanager
def fresh_desk(cluster: str, template: str, sealer: Sealer | None = None) -> Iterator[AuditDesk]:
    """A desk over a database of its own: tampering leaves nothing to begin with."""
    name = f"ibr_{uuid.uuid4().hex[:12]}"
    asyncio.run(_on(cluster, f"create database {name} template {template}"))
    desk = AuditDesk(database_at(cluster, name), sealer)
    try:
        yield desk
    finally:
        desk.close()
        asyncio.run(_on(cluster, f"drop database {name} with (force)"))


async def _on(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
