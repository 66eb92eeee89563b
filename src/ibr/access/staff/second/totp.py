"""Authenticator apps: one-time codes of six digits (RFC 6238), each accepted once."""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from ibr.access.staff.second import store
from ibr.access.staff.second.rules import CODE_DIGITS, STEP_SECONDS, STEPS_OFF, typed
from ibr.db.pool import Connection
from ibr.protection.seal import Sealer, place_of

# SHA-1 is what every authenticator app knows; as HMAC it is sound, and 20 bytes are its key.
_SECRET_BYTES = 20


class Secret(msgspec.Struct, frozen=True):
    """A shared secret that is being set up, as base 32."""

    text: str


def new_secret(chance: bytes) -> Secret:
    """A secret of 160 bits."""
    return Secret(base64.b32encode(chance[:_SECRET_BYTES]).decode())


def step_of(secret: Secret, code: str, at: datetime) -> int | None:
    """The half minute that the code belongs to: this one or a neighbour; None for a wrong code."""
    plain = typed(code)
    if len(plain) != CODE_DIGITS or not plain.isascii() or not plain.isdigit():
        return None
    try:
        return _made(secret).verify_and_get_timecode(plain, for_time=at, valid_window=STEPS_OFF)
    except OTPVerificationError:
        return None


def picture(secret: Secret, email: str, issuer: str, title: str) -> str:
    """The QR code that an app reads the secret from, as an SVG element without any style."""
    address = _made(secret).provisioning_uri(name=email, issuer_name=issuer)
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        border=4,
        dark="#000",
        light="#fff",
        title=title,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
    )
    return drawn


async def keep(
    connection: Connection, sealer: Sealer, officer_id: int, secret: Secret, step: int, at: datetime
) -> None:
    """Makes this the officer's app, in place of an earlier one. `step` is that of the code which
    showed that the app has the secret; that code is of no use any more."""
    sealed = sealer.seal(secret.text.encode(), _place(officer_id))
    await store.set_totp(connection, officer_id, sealed, step, at)


async def accept(
    connection: Connection, sealer: Sealer, officer_id: int, code: str, at: datetime
) -> bool:
    """Whether the code is right and was not used before; from then on it is used."""
    sealed = await store.totp_secret(connection, officer_id)
    if sealed is None:
        return False
    secret = Secret(sealer.open(sealed, _place(officer_id)).decode())
    step = step_of(secret, code, at)
    return step is not None and await store.take_step(connection, officer_id, step)


def _made(secret: Secret) -> pyotp.TOTP:
    return pyotp.TOTP(secret.text, digits=CODE_DIGITS, interval=STEP_SECONDS)


def _place(officer_id: int) -> bytes:
    return place_of("officer_totp", "secret_sealed", officer_id)
