"""Roles given to officers and ended, with what must hold before and after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.access.staff.model import Grant
from ibr.access.staff.people import store
from ibr.access.staff.people.model import OfficerSeen
from ibr.access.staff.rights import OFFICERS, must_hold
from ibr.access.staff.roles import NEED_TWO, WantedRole, check_role
from ibr.asker import Asker
from ibr.audit.events import OFFICER_ROLE, OFFICER_ROLE_ENDED, OFFICER_SESSIONS
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood


async def locked_officer(connection: Connection, officer_id: int, at: datetime) -> OfficerSeen:
    """The officer with all roles, whom nobody else changes until the transaction ends."""
    if not await store.lock_officer(connection, officer_id):
        raise NotFound("officer.unknown", "There is no such officer.")
    found = (await store.officers(connection, only=officer_id, at=at))[0]
    grants = tuple(await store.grants(connection, [officer_id]))
    return msgspec.structs.replace(found, grants=grants)


async def check_wanted(
    connection: Connection,
    asker: Asker | None,
    officer: OfficerSeen,
    wanted: WantedRole,
    at: datetime,
) -> None:
    """Refuses a role that the officer cannot be given, or not by this asker."""
    today = at.date()
    held = [each.role for each in officer.grants if each.state(today) in ("now", "coming")]
    check_role(wanted, held, today)
    if asker is not None and asker.id == officer.officer_id:
        raise NotAllowed("officer.own_role", "Nobody changes their own roles. Ask a colleague.")
    if (wanted.role == "developer") != (officer.partner_id is not None):
        raise NotUnderstood(
            "officer.partner",
            "A developer works for one partner, and nobody else has a partner. Invite somebody as "
            "developer of a partner from the start.",
        )
    known = await store.programmes(connection)
    if wanted.programmes is not None and not set(wanted.programmes) <= set(known):
        raise NotFound("programme.unknown", "There is no such programme.")
    if wanted.areas is not None:
        missing = set(wanted.areas) - await store.areas_known(connection, wanted.areas)
        if missing or not wanted.areas:
            raise NotFound(
                "area.unknown", "There is no area of that code. See the list: ibr areas list"
            )


async def give_role(
    connection: Connection,
    asker: Asker | None,
    officer_id: int,
    wanted: WantedRole,
    at: datetime,
    *,
    second: Asker | None = None,
) -> int:
    """Gives a role and returns its number. `asker` None is whoever runs the registry; `second` is
    who approved, where the role needs two people."""
    if asker is not None:
        must_hold(asker, OFFICERS)
    if wanted.role in NEED_TWO and asker is not None and second is None:
        raise NotAllowed(
            "officer.needs_two", "This role needs a second person. Propose it instead."
        )
    officer = await locked_officer(connection, officer_id, at)
    await check_wanted(connection, asker, officer, wanted, at)
    if second is not None and second.id == officer_id:
        raise NotAllowed("officer.own_role", "Nobody changes their own roles. Ask a colleague.")
    await end_what_is_over(connection, officer.grants, at)
    by = asker.id if asker else None
    role_id = await store.add_role(connection, officer_id, wanted, by, at)
    if role_id is None:
        raise Conflict("officer.role_held", "The officer holds this role already. End it first.")
    await store.note(connection, officer_id, "role_given", at, by=by, role=wanted.role)
    await record_event(
        connection, kind=OFFICER_ROLE, asker=asker, details=details_of(officer_id, wanted), at=at
    )
    return role_id


def details_of(officer_id: int, wanted: WantedRole) -> dict[str, object]:
    """A role as the audit trail has it."""
    return {
        "officer": officer_id,
        "role": wanted.role,
        "programmes": None if wanted.programmes is None else sorted(wanted.programmes),
        "areas": None if wanted.areas is None else sorted(wanted.areas),
        "from": wanted.valid_from and wanted.valid_from.isoformat(),
        "until": wanted.valid_until and wanted.valid_until.isoformat(),
    }


async def end_role(
    connection: Connection, asker: Asker | None, officer_id: int, role_id: int, at: datetime
) -> str:
    """Ends a role at once, and every open session of the officer; the name of the role."""
    if asker is not None:
        must_hold(asker, OFFICERS)
        if asker.id == officer_id:
            raise NotAllowed("officer.own_role", "Nobody changes their own roles. Ask a colleague.")
    administrators = await store.lock_administrators(connection, at.date())
    officer = await locked_officer(connection, officer_id, at)
    grant = next((each for each in officer.grants if each.role_id == role_id), None)
    if grant is None or grant.ended_at is not None:
        raise NotFound("officer.role_unknown", "The officer does not hold this role any more.")
    if grant.role == "administrator":
        somebody_must_stay(administrators, officer_id)
    by = asker.id if asker else None
    await store.end_role(connection, role_id, by, at)
    await store.note(connection, officer_id, "role_ended", at, by=by, role=grant.role)
    await end_all_sessions(connection, asker, officer_id, at)
    details: dict[str, object] = {"officer": officer_id, "role": grant.role}
    await record_event(connection, kind=OFFICER_ROLE_ENDED, asker=asker, details=details, at=at)
    return grant.role


def somebody_must_stay(administrators: Sequence[int], officer_id: int) -> None:
    """Refuses to take away the last one who could let anybody in."""
    if set(administrators) == {officer_id}:
        raise Conflict(
            "officer.last_administrator",
            "This is the last administrator. Give the role to somebody else first.",
        )


async def end_all_sessions(
    connection: Connection,
    asker: Asker | None,
    officer_id: int,
    at: datetime,
    *,
    but: bytes | None = None,
) -> int:
    """Ends the open sessions of an officer, but one where it is named; how many."""
    ended = await store.end_sessions(connection, officer_id, at, but=but)
    if ended:
        by = asker.id if asker else None
        await store.note(connection, officer_id, "session_ended", at, by=by)
        details: dict[str, object] = {"officer": officer_id, "sessions": ended}
        await record_event(connection, kind=OFFICER_SESSIONS, asker=asker, details=details, at=at)
    return ended


async def end_what_is_over(connection: Connection, grants: Sequence[Grant], at: datetime) -> int:
    """Marks those roles as ended whose last day has passed, lest they stand in the way of new
    ones; how many. A session has not counted for them since that day."""
    ended = 0
    for each in grants:
        if each.state(at.date()) == "over" and await store.end_role(
            connection, each.role_id, None, at
        ):
            ended += 1
            await store.note(connection, each.officer_id, "role_over", at, role=each.role)
            details: dict[str, object] = {"officer": each.officer_id, "role": each.role}
            await record_event(
                connection, kind=OFFICER_ROLE_ENDED, asker=None, details=details, at=at
            )
    return ended
