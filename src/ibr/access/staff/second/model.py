"""What an officer can prove themselves with beside a password, and somebody half signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

# What befell an account, as its officer is told (table security_notice).
Notice = Literal[
    "break_glass",
    "guessing",
    "totp_set",
    "totp_removed",
    "passkey_added",
    "passkey_removed",
    "recovery_made",
    "recovery_used",
    "reset",
    "linked",
    "copied_passkey",
]


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as its officer sees it."""

    credential_id: bytes
    name: str
    made_at: datetime
    used_at: datetime | None

    @property
    def number(self) -> str:
        """The passkey's name in forms."""
        return self.credential_id.hex()


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's account: who it is, what it may do, and its factors.

    `stamp` is the SHA-256 of the password's hash: whatever was begun under another password is
    not ended under this one. `linked` is whether the officer has come by the ministry's sign-in.
    """

    officer_id: int
    email: str
    name: str
    roles: frozenset[str]
    stamp: bytes
    break_glass: bool
    totp_since: datetime | None
    passkeys: tuple[Passkey, ...]
    recovery_left: int
    linked: bool

    @property
    def factors(self) -> int:
        """How many factors it has beside recovery codes, which only stand in for one."""
        return len(self.passkeys) + (self.totp_since is not None)

    @property
    def asks_for_second(self) -> bool:
        """Whether a password alone does not do. An emergency account's factor is its codes."""
        return self.factors > 0 or self.break_glass


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who gave the first factor, and nothing else yet. It lives in a sealed cookie.

    `proved_at` is when the first factor was proven, here or at the ministry; `tried` is the place
    whose failed passwords are forgotten once a session opens.
    """

    officer_id: int
    how: Literal["password", "passkey", "ministry"]
    stamp: bytes
    proved_at: datetime
    after: str
    tried: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """What became of a code or passkey that was given.

    `ok` with the factor that held; `wrong`; `wait` for so many seconds; `stale` where the form
    was open too long or was sent already.
    """

    kind: Literal["ok", "wrong", "wait", "stale"]
    factor: str = ""
    seconds: int = 0


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its officer sees it among the others."""

    number: int
    role: str
    how: str
    agent: str
    place: str
    started_at: datetime
    seen_at: datetime
    this: bool
