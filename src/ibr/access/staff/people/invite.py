"""Somebody new among the officers: entered with a role, and handed a link to begin with."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from ibr.access.staff import store as staff_store
from ibr.access.staff.people import store
from ibr.access.staff.people.give_role import check_wanted, give_role, locked_officer
from ibr.access.staff.people.links.one_time import make_link
from ibr.access.staff.rights import OFFICERS, must_hold
from ibr.access.staff.roles import NEED_TWO, WantedRole
from ibr.asker import Asker
from ibr.audit.events import OFFICER_ADDED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
LONGEST_NAME = 120


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """A new officer and the secret of their link, which cannot be shown again; None where the role
    needs two people: it is to be proposed, and the link is made when it is approved."""

    officer_id: int
    secret: str | None


async def enter_officer(
    connection: Connection,
    asker: Asker | None,
    email: str,
    name: str,
    at: datetime,
    *,
    partner: str | None = None,
) -> int:
    """Enters somebody without role and password; a developer with the sender_id of their partner.

    NotUnderstood for what is no address or name, Conflict where there is such an officer.
    """
    if asker is not None:
        must_hold(asker, OFFICERS)
    address, called = email.strip().lower(), check_name(name)
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        raise NotUnderstood("officer.email", "That is not an e-mail address.")
    partner_id = None
    if partner is not None:
        partner_id = await staff_store.partner_number(connection, partner)
        if partner_id is None:
            raise NotFound("partner.unknown", "There is no partner of that sender_id.")
    officer_id = await staff_store.add_officer(
        connection, email=address, name=called, partner_id=partner_id, at=at
    )
    if officer_id is None:
        raise Conflict("officer.exists", "There is an officer of that e-mail address already.")
    by = asker.id if asker else None
    await store.note(connection, officer_id, "added", at, by=by)
    details: dict[str, object] = {"officer": officer_id}
    await record_event(connection, kind=OFFICER_ADDED, asker=asker, details=details, at=at)
    return officer_id


def check_name(name: str) -> str:
    """The name without blanks around it; NotUnderstood where there is none or it is too long."""
    called = " ".join(name.split())
    if not 1 <= len(called) <= LONGEST_NAME or not called.isprintable():
        raise NotUnderstood("officer.name", f"A name has 1 to {LONGEST_NAME} characters.")
    return called


async def invite(
    connection: Connection,
    asker: Asker,
    email: str,
    name: str,
    wanted: WantedRole,
    at: datetime,
    *,
    partner: str | None = None,
) -> Invited:
    """Enters somebody with a role and makes the link for them, or nothing at all."""
    officer_id = await enter_officer(connection, asker, email, name, at, partner=partner)
    if wanted.role in NEED_TWO:
        officer = await locked_officer(connection, officer_id, at)
        await check_wanted(connection, asker, officer, wanted, at)
        return Invited(officer_id=officer_id, secret=None)
    await give_role(connection, asker, officer_id, wanted, at)
    secret = await make_link(connection, asker, officer_id, at)
    return Invited(officer_id=officer_id, secret=secret)
