"""The same memory in a file (SQLite), for systems that receive callbacks for days."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import msgspec

from ibr_client.memory import LONGEST_HANDLING, REMEMBERED_SECONDS, Claim
from ibr_client.results import Ticket

_TABLES = """
    create table if not exists ticket (
        transaction_id text primary key, asked_at real not null, ticket blob not null);
    create table if not exists seen (
        message_id text primary key, content blob not null, begun real not null,
        done integer not null);
    create table if not exists subscription (code text primary key);
    create index if not exists ticket_age on ticket (asked_at);
    create index if not exists seen_age on seen (begun);
"""


class FileMemory:
    """Remembers in one file; several threads and processes may share it.

    It holds ids, digests and subscription codes, and no personal data.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False
        )
        self._file.execute("pragma journal_mode = wal")
        self._file.executescript(_TABLES)

    def close(self) -> None:
        self._file.close()

    def remember(self, ticket: Ticket) -> None:
        with self._lock:
            self._file.execute(
                "insert or replace into ticket values (?, ?, ?)",
                (ticket.transaction_id, ticket.asked_at, msgspec.json.encode(ticket)),
            )
            self._file.execute(
                "delete from ticket where asked_at < ?", (ticket.asked_at - REMEMBERED_SECONDS,)
            )

    def forget(self, transaction_id: str) -> None:
        with self._lock:
            self._file.execute("delete from ticket where transaction_id = ?", (transaction_id,))

    def ticket(self, transaction_id: str) -> Ticket | None:
        with self._lock:
            row = self._file.execute(
                "select ticket from ticket where transaction_id = ?", (transaction_id,)
            ).fetchone()
        return msgspec.json.decode(row[0], type=Ticket) if row else None

    def claim(self, message_id: str, content: bytes, now: float) -> Claim:
        with self._lock:
            self._file.execute("delete from seen where begun < ?", (now - REMEMBERED_SECONDS,))
            claimed = self._file.execute(
                "insert into seen values (?, ?, ?, 0) on conflict (message_id) do update"
                " set begun = excluded.begun"
                " where done = 0 and content = excluded.content and begun <= ?"
                " returning 1",
                (message_id, content, now, now - LONGEST_HANDLING),
            ).fetchone()
            if claimed:
                return "new"
            row = self._file.execute(
                "select content, done from seen where message_id = ?", (message_id,)
            ).fetchone()
        if row is None:
            # Released by another process between the two statements.
            return "under way"
        if row[0] != content:
            return "other content"
        return "done" if row[1] else "under way"

    def finish(self, message_id: str) -> None:
        with self._lock:
            self._file.execute("update seen set done = 1 where message_id = ?", (message_id,))

    def release(self, message_id: str) -> None:
        with self._lock:
            self._file.execute("delete from seen where message_id = ?", (message_id,))

    def subscribed(self, code: str) -> None:
        with self._lock:
            self._file.execute("insert or ignore into subscription values (?)", (code,))

    def is_subscribed(self, code: str) -> bool:
        with self._lock:
            row = self._file.execute(
                "select 1 from subscription where code = ?", (code,)
            ).fetchone()
        return row is not None
