"""An officer's own account: its factors, read and changed; and the same for who lost them all."""

from __future__ import annotations

import os
from datetime import datetime

from ibr.access.staff.second import store
from ibr.access.staff.second.model import Account, Passkey
from ibr.access.staff.second.notices import note
from ibr.access.staff.second.rules import RECOVERY_CODES, recovery_code, typed
from ibr.asker import Asker
from ibr.audit.events import BREAK_GLASS_SET, FACTOR_CHANGED, FACTORS_RESET
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound
from ibr.protection.blind_index import BlindIndex


async def account_of(connection: Connection, officer_id: int, at: datetime) -> Account | None:
    """The account of an officer; None for one who is unknown or shut out."""
    row = await store.account(connection, officer_id, at)
    if row is None:
        return None
    keys = await store.passkeys(connection, officer_id)
    return Account(
        officer_id=officer_id,
        email=row["email"],
        name=row["name"],
        roles=frozenset(row["roles"]),
        stamp=row["stamp"],
        break_glass=row["break_glass"],
        totp_since=row["totp_since"],
        passkeys=tuple(
            Passkey(
                credential_id=each["credential_id"],
                name=each["name"],
                made_at=each["made_at"],
                used_at=each["used_at"],
            )
            for each in keys
        ),
        recovery_left=row["recovery_left"],
        linked=row["linked"],
    )


async def make_recovery_codes(
    connection: Connection, blind_index: BlindIndex, officer_id: int, at: datetime
) -> list[str]:
    """Ten fresh recovery codes in place of all earlier ones; only their keyed hashes are kept.

    The key is the keyring's, so a copy of the database alone lets nobody try codes.
    """
    codes = [recovery_code(os.urandom(16)) for _ in range(RECOVERY_CODES)]
    digests = [code_digest(blind_index, officer_id, code) for code in codes]
    await store.set_recovery_codes(connection, officer_id, digests, at)
    return codes


def code_digest(blind_index: BlindIndex, officer_id: int, code: str) -> bytes:
    """What is kept of a recovery code, which nobody else's same code would give."""
    return blind_index.of("RECOVERY_CODE", f"{officer_id}\x1f{typed(code)}")


async def new_recovery_codes(
    connection: Connection, blind_index: BlindIndex, asker: Asker, at: datetime
) -> list[str]:
    """Fresh recovery codes for an officer who asks for them and is told of it."""
    codes = await make_recovery_codes(connection, blind_index, asker.id, at)
    await changed(connection, asker, "recovery_made", at)
    return codes


async def remove_totp(connection: Connection, asker: Asker, at: datetime) -> None:
    """Removes the officer's authenticator app; Conflict when it is the last factor."""
    await _must_leave_one(connection, asker.id, at)
    if not await store.drop_totp(connection, asker.id):
        raise NotFound("factor.unknown", "There is no authenticator app on this account.")
    await changed(connection, asker, "totp_removed", at)


async def remove_passkey(connection: Connection, asker: Asker, number: str, at: datetime) -> None:
    """Removes one of the officer's passkeys; Conflict when it is the last factor."""
    await _must_leave_one(connection, asker.id, at)
    try:
        credential_id = bytes.fromhex(number)
    except ValueError:
        credential_id = b""
    if not await store.drop_passkey(connection, asker.id, credential_id):
        raise NotFound("factor.unknown", "There is no such passkey on this account.")
    await changed(connection, asker, "passkey_removed", at)


async def _must_leave_one(connection: Connection, officer_id: int, at: datetime) -> None:
    # Two removals at once must not each see the other's factor as the one that is left.
    await store.hold_officer(connection, officer_id)
    account = await account_of(connection, officer_id, at)
    if account is None or account.factors < 2:
        raise Conflict(
            "factor.last",
            "This is the only second factor of the account. Set up another one first.",
        )


async def changed(connection: Connection, asker: Asker, what: str, at: datetime) -> None:
    """Writes down a change of factors for the audit trail and for the officer."""
    await record_event(connection, kind=FACTOR_CHANGED, asker=asker, details={"what": what}, at=at)
    await note(connection, asker.id, what, at)  # type: ignore[arg-type]  # one of the notices


async def reset_factors(connection: Connection, email: str, at: datetime) -> None:
    """Takes all factors of an officer who lost them, and ends every session; for whoever runs the
    registry, after making sure of who asks. The password stays."""
    officer_id = await _number(connection, email)
    await store.drop_totp(connection, officer_id)
    await store.drop_passkeys(connection, officer_id)
    await store.set_recovery_codes(connection, officer_id, [], at)
    await store.end_sessions(connection, officer_id, b"", "reset", at)
    await record_event(
        connection, kind=FACTORS_RESET, asker=None, details={"officer": officer_id}, at=at
    )
    await note(connection, officer_id, "reset", at)


async def make_break_glass(
    connection: Connection, blind_index: BlindIndex, email: str, at: datetime
) -> list[str]:
    """Makes an account one for emergencies: its second factor is the codes that are returned, on
    paper in a safe; it has no other, and no way through the ministry's sign-in."""
    officer_id = await _number(connection, email)
    await store.drop_totp(connection, officer_id)
    await store.drop_passkeys(connection, officer_id)
    await store.set_break_glass(connection, officer_id, True)
    await store.end_sessions(connection, officer_id, b"", "factors", at)
    codes = await make_recovery_codes(connection, blind_index, officer_id, at)
    await _told_of_break_glass(connection, officer_id, True, at)
    return codes


async def end_break_glass(connection: Connection, email: str, at: datetime) -> None:
    """Makes an emergency account an ordinary one again, without any factor."""
    officer_id = await _number(connection, email)
    await store.set_break_glass(connection, officer_id, False)
    await store.set_recovery_codes(connection, officer_id, [], at)
    await store.end_sessions(connection, officer_id, b"", "factors", at)
    await _told_of_break_glass(connection, officer_id, False, at)


async def _told_of_break_glass(
    connection: Connection, officer_id: int, kept: bool, at: datetime
) -> None:
    details: dict[str, object] = {"officer": officer_id, "break_glass": kept}
    await record_event(connection, kind=BREAK_GLASS_SET, asker=None, details=details, at=at)


async def _number(connection: Connection, email: str) -> int:
    officer_id = await store.officer_number(connection, email.strip().lower())
    if officer_id is None:
        raise NotFound("officer.unknown", "There is no officer of that e-mail address.")
    return officer_id
