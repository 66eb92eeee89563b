"""Adds an officer with a password at once. Run with the owner's connection, on the machine itself:
the pages invite, and give the role of administrator with two people only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ibr.access.staff import store
from ibr.access.staff.passwords import check_password
from ibr.access.staff.people.give_role import give_role
from ibr.access.staff.people.invite import enter_officer
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.roles import WantedRole
from ibr.access.staff.sign_in import hash_password
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood


async def add_officer(
    connection: Connection,
    email: str,
    name: str,
    role: str,
    programme_codes: Sequence[str] | None,
    password: str | None,
    partner: str | None = None,
    *,
    areas: Sequence[str] | None = None,
    until: date | None = None,
) -> int:
    """Adds an officer who reaches these programmes, or every one when `programme_codes` is None.

    A developer works for one `partner`, named by its sender_id, and reaches no programme. Without
    a password the officer needs a link to set one (people/links). Returns the officer's number.
    """
    if role not in RIGHTS:
        raise NotUnderstood("officer.role", f"The role is one of {', '.join(RIGHTS)}.")
    if (role == "developer") != (partner is not None):
        raise NotUnderstood(
            "officer.partner",
            "A developer works for one partner: --role developer --partner SENDER_ID. No other "
            "role has a partner.",
        )
    if password is not None:
        check_password(password, email, name)
    at = now()
    officer_id = await enter_officer(connection, None, email, name, at, partner=partner)
    wanted = WantedRole(
        role=role,
        programmes=await programme_numbers(connection, None if partner else programme_codes),
        areas=None if areas is None else tuple(areas),
        valid_until=until,
    )
    await give_role(connection, None, officer_id, wanted, at)
    if password is not None:
        await store.set_password(connection, officer_id, hash_password(password))
    return officer_id


async def programme_numbers(
    connection: Connection, codes: Sequence[str] | None
) -> tuple[int, ...] | None:
    """The numbers of these programmes; None is every programme. NotFound names what is none."""
    if codes is None:
        return None
    known = await store.programme_ids(connection, list(codes))
    missing = [code for code in codes if code not in known]
    if missing:
        raise NotFound("programme.unknown", f"There is no programme {', '.join(missing)}.")
    return tuple(sorted(known.values()))
