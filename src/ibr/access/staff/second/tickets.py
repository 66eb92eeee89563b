"""Tickets: what a browser carries from one step of signing in to the next, sealed.

Nothing is written to the database before somebody has proven something, so a flood of visitors
fills no table. A ticket opens only for the purpose and the holder it was made for, for a short
time; where it may count once only, the database remembers that it was spent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import msgspec

from ibr.access.staff.second import store
from ibr.db.pool import Connection
from ibr.errors import NotProven, RegistryError
from ibr.protection.seal import Sealer, place_of

_LONGEST: Final = 4_000
_KEPT: Final = timedelta(days=1)
_encoder = msgspec.msgpack.Encoder()
Content = TypeVar("Content", bound=msgspec.Struct)


class _Sealed(msgspec.Struct):
    made_at: datetime
    chance: bytes
    content: bytes


class Tickets:
    """Writes and reads tickets with the keyring."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def write(self, purpose: str, holder: str, content: msgspec.Struct, at: datetime) -> str:
        """A ticket for one purpose, of use only to this holder: a cookie's or session's secret."""
        sealed = _Sealed(at, os.urandom(16), _encoder.encode(content))
        clear = _encoder.encode(sealed)
        return _text(self._sealer.seal(clear, _place(purpose, holder)))

    def read(
        self,
        purpose: str,
        holder: str,
        ticket: str,
        kind: type[Content],
        *,
        at: datetime,
        life: timedelta,
    ) -> Content:
        """What the ticket says; NotProven for one that is old, changed, or somebody else's."""
        wrong = NotProven("sign_in.step_over", "This step took too long. Please sign in again.")
        if len(ticket) > _LONGEST:
            raise wrong
        try:
            clear = self._sealer.open(_bytes(ticket), _place(purpose, holder))
            sealed = msgspec.msgpack.decode(clear, type=_Sealed)
            content = msgspec.msgpack.decode(sealed.content, type=kind)
        except (RegistryError, ValueError, msgspec.DecodeError):
            raise wrong from None
        if not at - life < sealed.made_at.astimezone(UTC) <= at + timedelta(minutes=1):
            raise wrong
        return content


def challenge_of(ticket: str) -> bytes:
    """The challenge that belongs to a ticket: 32 bytes that nobody could foresee."""
    return hashlib.sha256(b"challenge" + ticket.encode()).digest()


async def spend(connection: Connection, ticket: str, at: datetime) -> bool:
    """Remembers that a ticket was used; False when it was before."""
    digest = hashlib.sha256(b"spent" + ticket.encode()).digest()
    return await store.spend(connection, digest, at, at - _KEPT)


def _place(purpose: str, holder: str) -> bytes:
    return place_of("sign_in", purpose, hashlib.sha256(holder.encode()).digest())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError from None
