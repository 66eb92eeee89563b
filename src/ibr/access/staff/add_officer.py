"""Adds an officer. Run with the owner's connection: the pages themselves may not add any."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ibr.access.staff import store
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.sign_in import hash_password
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood

SHORTEST_PASSWORD = 10
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


async def add_officer(
    connection: Connection,
    email: str,
    name: str,
    role: str,
    programme_codes: Sequence[str] | None,
    password: str,
    partner: str | None = None,
) -> None:
    """Adds an officer who reaches these programmes, or every one when `programme_codes` is None.

    A developer works for one `partner`, named by its sender_id, and reaches no programme.
    """
    if role not in RIGHTS:
        raise NotUnderstood("officer.role", f"The role is one of {', '.join(RIGHTS)}.")
    if not _EMAIL.fullmatch(email.strip()):
        raise NotUnderstood("officer.email", "That is not an e-mail address.")
    if len(password) < SHORTEST_PASSWORD:
        raise NotUnderstood(
            "officer.password", f"A password has at least {SHORTEST_PASSWORD} characters."
        )
    partner_id = await _partner(connection, role, partner)
    programmes: list[int] | None = [] if partner_id is not None else None
    if programme_codes is not None and partner_id is None:
        known = await store.programme_ids(connection, list(programme_codes))
        missing = [code for code in programme_codes if code not in known]
        if missing:
            raise NotFound("programme.unknown", f"There is no programme {', '.join(missing)}.")
        programmes = sorted(known.values())
    added = await store.add_officer(
        connection,
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        programmes=programmes,
        password_hash=hash_password(password),
        partner_id=partner_id,
    )
    if not added:
        raise Conflict("officer.exists", "There is an officer of that e-mail address already.")


async def _partner(connection: Connection, role: str, partner: str | None) -> int | None:
    """The number of a developer's partner; nobody else has one, and no developer has none."""
    if (role == "developer") != (partner is not None):
        raise NotUnderstood(
            "officer.partner",
            "A developer works for one partner: --role developer --partner SENDER_ID. No other "
            "role has a partner.",
        )
    if partner is None:
        return None
    number = await store.partner_number(connection, partner)
    if number is None:
        raise NotFound("partner.unknown", f"There is no partner {partner}.")
    return number
