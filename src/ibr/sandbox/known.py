"""What everybody knows of every sandbox: ids, secrets and private keys, fixed and published.

They stand in the documentation, so that a vendor can write them into a test once. Whoever lets
one of them into a real registry lets everybody in: they are only ever used for a sandbox's own
data folder (serve.py), and production refuses both sandbox commands.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from nacl.signing import SigningKey

from ibr_messages.encryption import to_base64url
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer

REGISTRY_ID: Final = "ibr.sandbox.example"
_REGISTRY_SEED: Final = bytes.fromhex(
    "5a5a000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
)
OFFICER_PASSWORD: Final = "try-the-sandbox-2026"
ADMINISTRATOR: Final = ("administrator@sandbox.example", "Amina Okello")


class KnownPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner of every sandbox, with everything that a real one keeps to itself."""

    sender_id: str
    name: str
    client_id: str
    client_secret: str
    signing_seed: str
    programmes: tuple[str, ...]
    developer: str

    @property
    def signing_key(self) -> SigningKey:
        return SigningKey(bytes.fromhex(self.signing_seed))

    @property
    def jwk(self) -> dict[str, Any]:
        return public_jwk(self.signing_key.verify_key)

    @property
    def private_jwk(self) -> dict[str, Any]:
        """The key with its private half, as most libraries read it."""
        return {**self.jwk, "d": to_base64url(bytes.fromhex(self.signing_seed))}


PARTNERS: Final = (
    KnownPartner(
        sender_id="spmis-a.sandbox.example",
        name="Sandbox programme system A",
        client_id="sandbox-a",
        client_secret="sandbox-secret-of-a-0123456789",
        signing_seed="a0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
        programmes=("OAP",),
        developer="developer-a@sandbox.example",
    ),
    KnownPartner(
        sender_id="spmis-b.sandbox.example",
        name="Sandbox programme system B",
        client_id="sandbox-b",
        client_secret="sandbox-secret-of-b-0123456789",
        signing_seed="b0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
        programmes=("DIS",),
        developer="developer-b@sandbox.example",
    ),
)


def registry_key() -> SigningKey:
    """The key that every sandbox registry signs with."""
    return SigningKey(_REGISTRY_SEED)


def registry_jwks() -> dict[str, Any]:
    """Its public half, as a receiver that is to be checked must know it."""
    return {"keys": [public_jwk(registry_key().verify_key)]}


def registry_signer(registry_id: str = REGISTRY_ID, key: SigningKey | None = None) -> Signer:
    """Signs in the name of a sandbox registry."""
    used = key or registry_key()
    return Signer(registry_id, public_jwk(used.verify_key)["kid"], used)
