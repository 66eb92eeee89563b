"""Officers as administrators and those who watch see them."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ibr.access.staff.people import store
from ibr.access.staff.people.model import Act, Change, OfficerSeen, SessionSeen
from ibr.access.staff.rights import OFFICERS, OFFICERS_SEEN, must_hold
from ibr.asker import Asker
from ibr.audit.events import OFFICER_SESSIONS
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound

MOST_CHANGES = 100
MOST_ACTS = 50


class OfficerWhole(msgspec.Struct, frozen=True, kw_only=True):
    """One officer with everything that is known of the account, and no secret of it."""

    officer: OfficerSeen
    sessions: list[SessionSeen]
    changes: list[Change]


async def officers(connection: Connection, asker: Asker, at: datetime) -> list[OfficerSeen]:
    """Every officer with roles, by name."""
    must_hold(asker, OFFICERS_SEEN)
    return await everyone(connection, at)


async def everyone(connection: Connection, at: datetime) -> list[OfficerSeen]:
    """The same for whoever runs the registry."""
    found = await store.officers(connection, at=at)
    grants = await store.grants(connection, [each.officer_id for each in found])
    return [
        msgspec.structs.replace(
            each, grants=tuple(one for one in grants if one.officer_id == each.officer_id)
        )
        for each in found
    ]


async def officer_by_email(connection: Connection, email: str, at: datetime) -> OfficerSeen:
    """The officer of an address with roles; NotFound where there is none."""
    found = await store.officers(connection, email=email.strip().lower(), at=at)
    if not found:
        raise NotFound("officer.unknown", "There is no officer of that e-mail address.")
    grants = await store.grants(connection, [found[0].officer_id])
    return msgspec.structs.replace(found[0], grants=tuple(grants))


async def whole_officer(
    connection: Connection,
    asker: Asker,
    officer_id: int,
    at: datetime,
    *,
    longest: timedelta,
    idle: timedelta,
) -> OfficerWhole:
    """One officer with open sessions and history; NotFound where there is none."""
    must_hold(asker, OFFICERS_SEEN)
    found = await store.officers(connection, only=officer_id, at=at)
    if not found:
        raise NotFound("officer.unknown", "There is no such officer.")
    grants = await store.grants(connection, [officer_id])
    return OfficerWhole(
        officer=msgspec.structs.replace(found[0], grants=tuple(grants)),
        sessions=await store.sessions(connection, officer_id, at - longest, at - idle),
        changes=await store.changes(connection, officer_id, MOST_CHANGES),
    )


async def open_sessions(
    connection: Connection, officer_id: int, at: datetime, *, longest: timedelta, idle: timedelta
) -> list[SessionSeen]:
    """An officer's open sessions, for whoever runs the registry."""
    return await store.sessions(connection, officer_id, at - longest, at - idle)


async def end_session(
    connection: Connection, asker: Asker, officer_id: int, number: int, at: datetime
) -> None:
    """Ends one open session of an officer."""
    must_hold(asker, OFFICERS)
    if not await store.end_one_session(connection, officer_id, number, at):
        raise NotFound("session.unknown", "That session has ended already.")
    await store.note(connection, officer_id, "session_ended", at, by=asker.id)
    details: dict[str, object] = {"officer": officer_id, "sessions": 1}
    await record_event(connection, kind=OFFICER_SESSIONS, asker=asker, details=details, at=at)


async def own_acts(connection: Connection, asker: Asker) -> list[Act]:
    """What the asker did lately, as the audit trail has it, the newest first."""
    return await store.acts(connection, asker.id, MOST_ACTS)


async def programme_codes(connection: Connection) -> dict[int, str]:
    """Every programme's code by its number."""
    return await store.programmes(connection)


def state_of(officer: OfficerSeen, at: datetime) -> str:
    """`active`, or the first thing that keeps the officer from working or soon will."""
    if officer.suspended_at is not None:
        return "not_seen" if officer.suspended_why == "not_seen" else "suspended"
    if not any(each.state(at.date()) in ("now", "coming") for each in officer.grants):
        return "no_role"
    if not officer.has_password and officer.seen_at is None:
        return "invited" if officer.link_until is not None else "no_password"
    if officer.warned_at is not None and officer.warned_at > officer.last_known:
        return "warned"
    return "active"
