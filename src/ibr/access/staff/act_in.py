"""What an officer does with the own session: acts in another role, proves again who they are."""

from __future__ import annotations

import secrets
from datetime import datetime

from ibr.access.staff import store
from ibr.access.staff.model import Grant
from ibr.access.staff.people import store as people
from ibr.access.staff.sign_in import digest_of
from ibr.asker import Asker
from ibr.audit.events import OFFICER_ACTS_IN, OFFICER_PROVED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotProven


async def own_roles(connection: Connection, asker: Asker, at: datetime) -> list[Grant]:
    """The roles that the asker may act in today."""
    found = await people.grants(connection, [asker.id])
    return [each for each in found if each.state(at.date()) == "now"]


async def act_in(
    connection: Connection, asker: Asker, secret: str, role_id: int, at: datetime
) -> str:
    """The session goes on in another of the officer's roles, under a new secret; the old one and
    every form drawn before are of no use any more."""
    grant = next(
        (each for each in await own_roles(connection, asker, at) if each.role_id == role_id), None
    )
    if grant is None:
        raise NotFound("officer.role_unknown", "You do not hold this role any more.")
    fresh = secrets.token_urlsafe(32)
    moved = await store.move_session(
        connection,
        digest_of(secret),
        digest_of(fresh),
        secrets.token_urlsafe(32),
        asker.id,
        role_id,
    )
    if not moved:
        raise NotProven("session.none", "Your session has ended. Please sign in again.")
    details: dict[str, object] = {"role": grant.role}
    await record_event(connection, kind=OFFICER_ACTS_IN, asker=asker, details=details, at=at)
    return fresh


async def proved_again(connection: Connection, asker: Asker, secret: str, at: datetime) -> None:
    """Notes that the officer of the session proved once more who they are."""
    await store.prove_session(connection, digest_of(secret), at)
    await record_event(connection, kind=OFFICER_PROVED, asker=asker, details={}, at=at)
