"""Signing in with e-mail and password, and the session that follows.

The cookie holds 256 random bits and the database only their digest: who reads the table cannot
take over a session. Guessing is slowed per address and place it comes from, so that nobody can
lock somebody else out by failing on purpose.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from ibr.access.staff import store
from ibr.access.staff.model import Officer, Session
from ibr.db.pool import Connection
from ibr.errors import TooMuch

SESSION_COOKIE = "ibr_session"
LONGEST_SESSION = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=30)
# Failures from one place at one address are counted for this long.
REMEMBERED = timedelta(minutes=15)
FREE_FAILURES = 4
LONGEST_WAIT = 60

_hasher = PasswordHasher()
# Hashed once so that an unknown address takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(16))
# Each check takes 64 MiB for a moment; a flood of sign-ins must not take the machine's memory.
_at_once = asyncio.Semaphore(2)
MOST_WAITING = 40
_waiting: set[object] = set()


class Candidate(msgspec.Struct, frozen=True):
    """Who may be signing in: an address tried from a place, and the officer it may belong to."""

    tried: bytes
    officer_id: int | None
    password_hash: str


def hash_password(password: str) -> str:
    """The Argon2id hash of a password."""
    return _hasher.hash(password)


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures: none at first, then doubling up to a minute."""
    beyond = failures - FREE_FAILURES
    return 0 if beyond <= 0 else int(min(2**beyond, LONGEST_WAIT))


async def candidate(connection: Connection, email: str, place: str, at: datetime) -> Candidate:
    """The officer of an address, if any; TooMuch while this place must wait before trying again."""
    tried = _digest(f"{email.strip().lower()}\x1f{place}")
    count, newest = await store.failures(connection, tried, at - REMEMBERED)
    until = newest and newest + timedelta(seconds=wait_after(count))
    if until is not None and until > at:
        raise TooMuch(
            "sign_in.slow_down",
            "There were several failed attempts. Please wait a little and try again.",
            retry_after=int((until - at).total_seconds()) + 1,
        )
    found = await store.officer_by_email(connection, email.strip().lower())
    if found is None:
        return Candidate(tried, None, _NOBODY)
    return Candidate(tried, found["officer_id"], found["password_hash"])


async def officer_of(who: Candidate, password: str) -> int | None:
    """The officer whose password it is. Call it outside any transaction: it takes its time."""
    if len(_waiting) >= MOST_WAITING:
        raise TooMuch("sign_in.busy", "Too many people are signing in. Please try again.")
    one = object()
    _waiting.add(one)
    try:
        async with _at_once:
            right = await asyncio.to_thread(_verify, who.password_hash, password)
    finally:
        _waiting.discard(one)
    return who.officer_id if right else None


async def count_failure(connection: Connection, who: Candidate, at: datetime) -> None:
    """Remembers that the password did not fit."""
    await store.add_failure(connection, who.tried, at)


async def open_session(
    connection: Connection, who: Candidate, officer_id: int, at: datetime
) -> str:
    """Opens a session for the officer whose password fits; the secret goes into the cookie."""
    secret = secrets.token_urlsafe(32)
    await store.forget_failures(connection, who.tried, at - REMEMBERED)
    await store.open_session(connection, _digest(secret), officer_id, secrets.token_urlsafe(32), at)
    return secret


async def session_of(
    connection: Connection, secret: str, at: datetime, idle: timedelta
) -> Session | None:
    """The session of a cookie; None when it is unknown, ended, idle too long or too old."""
    digest = _digest(secret)
    row = await store.session(connection, digest, at - LONGEST_SESSION, at - idle)
    if row is None:
        return None
    if row["seen_at"] < at - SEEN_EVERY:
        await store.seen(connection, digest, at)
    officer = Officer(
        officer_id=row["officer_id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        programmes=frozenset(row["programmes"] or ()),
        locale=row["locale"],
        partner_id=row["partner_id"],
    )
    return Session(officer, row["form_token"])


async def sign_out(connection: Connection, secret: str, at: datetime) -> None:
    """Ends the session of a cookie."""
    await store.end_session(connection, _digest(secret), at)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
