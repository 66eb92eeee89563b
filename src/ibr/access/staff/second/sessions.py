"""An officer's sessions: listed, ended, and given another secret after a change of factors."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from ibr.access.staff.second import store
from ibr.access.staff.second.model import OpenSession
from ibr.access.staff.second.rules import browser_of
from ibr.access.staff.sign_in import digest_of
from ibr.asker import Asker
from ibr.audit.events import OFFICER_SESSIONS
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotProven


async def sessions_of(
    connection: Connection,
    officer_id: int,
    secret: str,
    *,
    at: datetime,
    idle: timedelta,
    longest: timedelta,
) -> list[OpenSession]:
    """The officer's open sessions, the one used last first; `secret` is that of the present one."""
    found = await store.open_sessions(connection, officer_id, at - longest, at - idle)
    this = digest_of(secret)
    return [
        OpenSession(
            number=each["session_no"],
            role=each["role"],
            how=each["how"],
            agent=browser_of(each["agent"]),
            place=each["place"],
            started_at=each["started_at"],
            seen_at=each["seen_at"],
            this=each["session_digest"] == this,
        )
        for each in found
    ]


async def end_session(connection: Connection, asker: Asker, number: int, at: datetime) -> None:
    """Ends one of the asker's own sessions."""
    if not await store.end_one_session(connection, asker.id, number, at):
        raise NotFound("session.unknown", "That session has ended already.")
    await _record(connection, asker, 1, at)


async def end_other_sessions(
    connection: Connection, asker: Asker, secret: str, at: datetime
) -> None:
    """Ends all of the asker's own sessions but the present one."""
    ended = await store.end_sessions(connection, asker.id, digest_of(secret), "by_officer", at)
    await _record(connection, asker, ended, at)


async def renewed(connection: Connection, officer_id: int, secret: str, at: datetime) -> str:
    """Another secret for the present session, and an end to all others; after a change of factors
    nobody goes on with what was opened under the old ones."""
    fresh = secrets.token_urlsafe(32)
    digest = digest_of(secret)
    await store.end_sessions(connection, officer_id, digest, "factors", at)
    if not await store.renew_session(connection, digest, digest_of(fresh)):
        raise NotProven("session.none", "Your session has ended. Please sign in again.")
    return fresh


async def _record(connection: Connection, asker: Asker, count: int, at: datetime) -> None:
    details: dict[str, object] = {"officer": asker.id, "count": count}
    await record_event(connection, kind=OFFICER_SESSIONS, asker=asker, details=details, at=at)
