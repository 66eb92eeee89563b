"""Signing in with e-mail and password, and the session that follows.

The cookie holds 256 random bits and the database only their digest: who reads the table cannot
take over a session. Guessing is slowed per address and place it comes from, so that nobody can
lock somebody else out by failing on purpose.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from ibr.access.staff import store
from ibr.access.staff.model import Officer, Session
from ibr.db.pool import Connection
from ibr.errors import NotAllowed, NotProven, TooMuch

SESSION_COOKIE = "ibr_session"
# A browser takes a cookie of this name only from an encrypted page of this very host, so no
# neighbour under the same domain can put one in (RFC 6265bis 4.1.3.2).
_HOST_ONLY = "__Host-"
LONGEST_SESSION = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=30)
# Failures from one place at one address are counted for this long.
REMEMBERED = timedelta(minutes=15)
# Kept for longer, because wrong codes of a second factor are counted for a day.
KEPT = timedelta(days=1)
FREE_FAILURES = 4
LONGEST_WAIT = 60
LONGEST_PLACE, LONGEST_AGENT = 60, 200

_hasher = PasswordHasher()
# Hashed once so that an unknown address takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(16))
# Each check takes 64 MiB for a moment; a flood of sign-ins must not take the machine's memory.
_at_once = asyncio.Semaphore(2)
MOST_WAITING = 40
_waiting: set[object] = set()


class SessionEnds(msgspec.Struct, frozen=True):
    """After how long sessions end, idle and in any case, and the name of their cookie."""

    idle: timedelta = timedelta(minutes=15)
    longest: timedelta = LONGEST_SESSION
    cookie: str = SESSION_COOKIE


class Candidate(msgspec.Struct, frozen=True):
    """Who may be signing in: an address tried from a place, and the officer it may belong to."""

    tried: bytes
    officer_id: int | None
    password_hash: str


class Tries(msgspec.Struct, frozen=True):
    """How often somebody failed of late, and until when they must wait, if at all."""

    count: int
    until: datetime | None


def cookie_name(key: str, *, production: bool) -> str:
    """The name of a cookie that only this host may set."""
    return _HOST_ONLY + key if production else key


def hash_password(password: str) -> str:
    """The Argon2id hash of a password."""
    return _hasher.hash(password)


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures: none at first, then doubling up to a minute."""
    beyond = failures - FREE_FAILURES
    return 0 if beyond <= 0 else int(min(2**beyond, LONGEST_WAIT))


async def candidate(connection: Connection, email: str, place: str, at: datetime) -> Candidate:
    """The officer of an address, if any; TooMuch while this place must wait before trying again."""
    tried = digest_of(f"{email.strip().lower()}\x1f{place}")
    until = (await tries(connection, tried, at - REMEMBERED, wait_after)).until
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


async def tries(
    connection: Connection, tried: bytes, since: datetime, wait: Callable[[int], int]
) -> Tries:
    """How often this was tried in vain since then, and how long the newest failure bids to wait."""
    count, newest = await store.failures(connection, tried, since)
    seconds = wait(count)
    return Tries(count, newest + timedelta(seconds=seconds) if newest and seconds else None)


async def remember_try(connection: Connection, tried: bytes, at: datetime) -> None:
    """Counts a failure."""
    await store.add_failure(connection, tried, at)


async def forget_tries(connection: Connection, tried: bytes, at: datetime) -> None:
    """Begins to count anew after a success, and forgets what is too old to count for anybody."""
    await store.forget_failures(connection, tried, at - KEPT)


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


async def begin_session(
    connection: Connection,
    officer_id: int,
    at: datetime,
    *,
    how: str = "password",
    tried: bytes = b"",
    proved_at: datetime | None = None,
    stamp: bytes | None = None,
    place: str = "",
    agent: str = "",
) -> str:
    """The secret of a new session, opened after everything that is asked for was proven.

    It acts in the role that the officer acted in last; NotAllowed for one who holds none today.
    `how` says what with; `proved_at` is when, where that was earlier. With `stamp` it opens only
    while the officer's password is the one that the stamp is of.
    """
    role_id = await store.role_to_begin_with(connection, officer_id, at.date())
    if role_id is None:
        raise NotAllowed(
            "officer.no_role",
            "You hold no role at present. Ask an administrator of the registry to give you one.",
        )
    secret = secrets.token_urlsafe(32)
    await forget_tries(connection, tried, at)
    opened = await store.open_session(
        connection,
        digest_of(secret),
        officer_id,
        secrets.token_urlsafe(32),
        at,
        role_id=role_id,
        how=how,
        stamp=stamp,
        proved_at=proved_at or at,
        place=place[:LONGEST_PLACE],
        agent=agent[:LONGEST_AGENT],
    )
    if not opened:
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")
    await store.seen(connection, digest_of(secret), at)
    return secret


async def session_of(
    connection: Connection,
    secret: str,
    at: datetime,
    idle: timedelta,
    longest: timedelta = LONGEST_SESSION,
) -> Session | None:
    """The session of a cookie; None when it is unknown, ended, idle too long or too old, or when
    the officer was shut out, lost the role or has another password since."""
    digest = digest_of(secret)
    row = await store.session(connection, digest, at - longest, at - idle, at.date())
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
        areas=None if row["areas"] is None else frozenset(row["areas"]),
        role_id=row["role_id"],
    )
    return Session(
        officer,
        row["form_token"],
        row["proved_at"],
        row["roles"],
        how=row["how"],
        signed_in_at=row["signed_in_at"],
    )


async def sign_out(connection: Connection, secret: str, at: datetime) -> None:
    """Ends the session of a cookie."""
    await store.end_session(connection, digest_of(secret), at)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def stamp_of(password_hash: str) -> bytes:
    """What a session and a step remember of a password: another one ends them."""
    return hashlib.sha256(password_hash.encode()).digest()


def digest_of(text: str) -> bytes:
    """What is kept of a secret that a browser holds."""
    return hashlib.sha256(text.encode()).digest()
