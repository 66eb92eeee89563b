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
) -> None:
    """Adds an officer who reaches these programmes, or every one when `programme_codes` is None."""
    if role not in RIGHTS:
        raise NotUnderstood("officer.role", f"The role is one of {', '.join(RIGHTS)}.")
    if not _EMAIL.fullmatch(email.strip()):
        raise NotUnderstood("officer.email", "That is not an e-mail address.")
    if len(password) < SHORTEST_PASSWORD:
        raise NotUnderstood(
            "officer.password", f"A password has at least {SHORTEST_PASSWORD} characters."
        )
    programmes = None
    if programme_codes is not None:
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
    )
    if not added:
        raise Conflict("officer.exists", "There is an officer of that e-mail address already.")
