"""A partner's system that encrypts: to the registry's published keys, and read with its own."""

from __future__ import annotations

from typing import Any

import msgspec

from ibr.access.keys.change_keys import change_keys
from ibr.access.partners import change_partner
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr_messages.encryption import (
    Algorithm,
    DecryptionKey,
    decrypt,
    encrypt,
    encryption_key,
    new_key,
    read_encrypted,
)
from ibr_messages.jwk import check_partner_jwk
from ibr_messages.strict_json import canonical
from tests.door import JWKS, Door, Json, System

ECDH: Algorithm = "ECDH-ES+A256KW"
RSA: Algorithm = "RSA-OAEP-256"
# One pair for all tests: what it takes to make one is not what they are about.
OWN = new_key(ECDH)


class Encrypting:
    """What a system that encrypts has beside its signing key."""

    def __init__(self, door: Door, own: DecryptionKey | None = OWN, **rights: Any) -> None:
        policy = rights.pop("policy", "accepted")
        self.door = door
        self.system: System = door.partner(**rights)
        self.own = own
        self.change(policy=policy, keys=[own] if own else [])

    def change(
        self,
        *,
        policy: str | None = None,
        keys: list[DecryptionKey] | None = None,
        revoke: str | None = None,
    ) -> None:
        """As the registry's staff would; every process knows of it at once."""

        async def work() -> None:
            async with owner_transaction(self.door.dsn) as connection:
                added = [check_partner_jwk(key.public_jwk()) for key in keys or []]
                sender = self.system.sender_id
                await change_keys(connection, sender, now(), add=added, revoke=revoke)
                if policy:
                    await change_partner(connection, sender, encryption_policy=policy)
            await self.door.services.book.refresh(0)

        self.door.run(work())

    def published(self, algorithm: str = ECDH) -> Json:
        """The registry's key of this algorithm, as anybody may fetch it."""
        keys = self.door.request("GET", JWKS).body["keys"]
        return next(key for key in keys if (key["use"], key["alg"]) == ("enc", algorithm))

    def encrypted(self, body: bytes, algorithm: str = ECDH, **changes: Any) -> bytes:
        """A message that the system would have sent plain, encrypted and signed."""
        plain = msgspec.json.decode(body)
        return self.carrying(plain["header"], canonical(plain["message"]), algorithm, **changes)

    def carrying(
        self, header: Json, plaintext: bytes, algorithm: str = ECDH, **changes: Any
    ) -> bytes:
        """An encrypted message with this text in it; `changes` are of the EncryptedMessage."""
        sealed = encrypt(plaintext, encryption_key(self.published(algorithm)))
        return self.sealed(header, sealed | changes)

    def sealed(self, header: Json, message: Json) -> bytes:
        """Signed over its encrypted form."""
        return self.system.sealed(header | {"is_msg_encrypted": True}, message)

    def read(self, raw: bytes) -> Json:
        """The message of an answer that must be encrypted to this system's key."""
        answer = msgspec.json.decode(raw)
        assert answer["header"]["is_msg_encrypted"] is True
        assert self.own is not None
        assert answer["message"]["header"]["kid"] == self.own.kid
        assert set(answer) == {"signature", "header", "message"}
        text = decrypt(read_encrypted(answer["message"], 16_000_000), self.own)
        return msgspec.json.decode(text)
