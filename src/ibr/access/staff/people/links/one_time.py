"""One-time links with which an officer sets a password: made, looked at, used."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from ibr.access.staff import store as staff_store
from ibr.access.staff.model import Grant
from ibr.access.staff.passwords import check_password
from ibr.access.staff.people import store
from ibr.access.staff.people.give_role import end_all_sessions, locked_officer
from ibr.access.staff.people.links import store as link_store
from ibr.access.staff.people.model import OfficerSeen
from ibr.access.staff.rights import OFFICERS, must_hold
from ibr.access.staff.roles import NEED_TWO
from ibr.access.staff.sign_in import digest_of
from ibr.asker import Asker, Purpose
from ibr.audit.events import OFFICER_INVITED, OFFICER_PASSWORD, OFFICER_RESET
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood

Kind = Literal["invitation", "reset"]
VALID: Final = timedelta(hours=72)
_GONE = (
    "This link was used, replaced by a newer one, or is older than 72 hours. Ask an administrator "
    "of the registry for a new one."
)


class LinkFor(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a link is for, while it can be used."""

    officer_id: int
    email: str
    name: str
    kind: Kind
    expires_at: datetime


async def make_link(
    connection: Connection,
    asker: Asker | None,
    officer_id: int,
    at: datetime,
    *,
    second: Asker | None = None,
) -> str:
    """The secret of a new link for the officer; any older one is of no use any more.

    An invitation for one who never had a password, else a reset, which leaves the old password and
    every second factor as they are until it is used, and the second factors even then. Whoever
    reads a link can be the officer, so for one who may be the second person of acts it is made by
    two people and shown to the `second` alone.
    """
    if asker is not None:
        must_hold(asker, OFFICERS)
        if asker.id == officer_id:
            raise NotAllowed("officer.own_link", "Change your own password on the page My account.")
    officer = await locked_officer(connection, officer_id, at)
    if officer.suspended_at is not None:
        raise Conflict("officer.suspended", "This officer is suspended. Let them in again first.")
    if asker is not None and second is None:
        _must_need_one(officer, at)
    kind: Kind = "reset" if officer.has_password else "invitation"
    secret = secrets.token_urlsafe(32)
    by = asker.id if asker else None
    await link_store.withdraw(connection, officer_id, at)
    await link_store.add(connection, digest_of(secret), officer_id, kind, at, at + VALID, by)
    what, event = (
        ("reset_asked", OFFICER_RESET) if kind == "reset" else ("invited", OFFICER_INVITED)
    )
    await store.note(connection, officer_id, what, at, by=by)
    details: dict[str, object] = {"officer": officer_id}
    await record_event(connection, kind=event, asker=asker, details=details, at=at)
    return secret


def may_be_second(grants: Iterable[Grant], today: date) -> bool:
    """Whether one of the roles that are held, or will be, makes a second person."""
    return any(each.role in NEED_TWO and each.state(today) in ("now", "coming") for each in grants)


def _must_need_one(officer: OfficerSeen, at: datetime) -> None:
    if not any(each.state(at.date()) in ("now", "coming") for each in officer.grants):
        raise Conflict(
            "officer.no_role_yet", "This officer holds no role. Give them one first, then a link."
        )
    if may_be_second(officer.grants, at.date()):
        raise NotAllowed(
            "officer.link_needs_two",
            "This officer can be the second person of acts, so their link needs two people as "
            "well. Propose it.",
        )


async def link_for(connection: Connection, secret: str, at: datetime) -> LinkFor:
    """Whom the link is for; NotFound where it cannot be used any more, whatever the reason.

    Looking changes nothing: programs that check mail open links before people do.
    """
    found = await link_store.usable(connection, digest_of(secret), at)
    if found is None:
        raise NotFound("officer.link", _GONE)
    return LinkFor(**dict(found))


async def take_link(
    connection: Connection, secret: str, password_hash: str, at: datetime
) -> LinkFor:
    """Sets the password of whom the link is for, once, and ends every session of theirs.

    The password was held against `check_password` before it was hashed.
    """
    who = await link_for(connection, secret, at)
    await store.lock_officer(connection, who.officer_id)
    if not await link_store.use(connection, digest_of(secret), at):
        raise NotFound("officer.link", _GONE)
    asker = themselves(who.officer_id, who.name)
    await staff_store.set_password(connection, who.officer_id, password_hash)
    await store.note(connection, who.officer_id, "password_set", at, by=who.officer_id)
    await end_all_sessions(connection, asker, who.officer_id, at)
    details: dict[str, object] = {"officer": who.officer_id, "how": who.kind}
    await record_event(connection, kind=OFFICER_PASSWORD, asker=asker, details=details, at=at)
    return who


def themselves(officer_id: int, name: str) -> Asker:
    """An officer who is not signed in and acts for their own account alone."""
    return Asker(
        kind="officer", id=officer_id, name=name, purpose=Purpose("own_account"), ask=frozenset()
    )


def check_new_password(password: str, again: str, who: LinkFor) -> None:
    """NotUnderstood where the two differ or the password is not taken."""
    must_be_same(password, again)
    check_password(password, who.email, who.name)


def must_be_same(password: str, again: str) -> None:
    """NotUnderstood where a new password was not typed twice alike."""
    if password != again:
        raise NotUnderstood("officer.password_twice", "The two passwords are not the same.")
