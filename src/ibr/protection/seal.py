"""Values sealed with AES-256-GCM, each bound to the table, column and row it belongs to.

A sealed value is: version (1 byte), data key number (2 bytes), nonce (12 bytes), ciphertext with
its tag. A value moved to another row or column does not open (reliability F6).
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ibr.errors import Unavailable
from ibr.protection.keyring import Keyring

VERSION = 1
_HEAD = 15


class Sealer:
    """Seals and opens values with the keys of a keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = {number: AESGCM(key) for number, key in keyring.data.items()}
        self._current = self._keys[keyring.current]
        self._prefix = bytes([VERSION]) + keyring.current.to_bytes(2, "big")

    def seal(self, clear: bytes, place: bytes) -> bytes:
        """`clear` sealed for `place`, which names table, column and row."""
        nonce = os.urandom(12)
        return self._prefix + nonce + self._current.encrypt(nonce, clear, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The clear value; Unavailable when the key is missing or the value was tampered with."""
        key = self._keys.get(int.from_bytes(sealed[1:3], "big"))
        if key is None or sealed[:1] != bytes([VERSION]):
            raise Unavailable(
                "seal.key_missing",
                "A stored value was sealed with a key that is not in the keyring. "
                "Restore the full keyring from your key backup.",
            )
        try:
            return key.decrypt(sealed[3:_HEAD], sealed[_HEAD:], place)
        except (InvalidTag, ValueError):
            raise Unavailable(
                "seal.broken",
                "A stored value does not belong where it stands, or was changed. "
                "Run `ibr audit verify` and look at who wrote to the database.",
            ) from None


def place_of(table: str, column: str, row: int | bytes) -> bytes:
    """Where a sealed value stands, as the bytes it is bound to."""
    key = row if isinstance(row, bytes) else row.to_bytes(8, "big", signed=True)
    return f"{table}|{column}|".encode() + key
