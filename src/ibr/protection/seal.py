"""Values sealed with AES-256-GCM, each bound to the table, column and row it belongs to.

A sealed value is: version (1 byte), data key number (2 bytes), nonce (12 bytes), ciphertext with
its tag. A value moved to another row or column does not open (reliability F6).

Version 2 is sealed with a key of the record, letter, case or delivery that the row is of, which can
be destroyed by itself (record_keys); the two bytes then say which kind of thing it is. Version 1 is
sealed with a data key of the keyring: everything else, and all from before there were such keys.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ibr.errors import Unavailable
from ibr.protection.keyring import Keyring
from ibr.protection.record_keys import FILE_NAME, KINDS, RecordKeys

VERSION = 1
OF_A_RECORD: Final = 2
# The tables whose sealed values have a key of their own, and of which kind: the row's first eight
# bytes are the number of the record, letter, case or delivery.
_OF: Final = {
    b"beneficiary_record": "record",
    b"beneficiary_version": "record",
    b"identifier": "record",
    b"appearance": "record",
    b"case_letter": "letter",
    b"case_step": "case",
    b"person_request": "record",
    b"help_visit": "record",
    b"delivery_part": "delivery",
}
_PREFIXES: Final = {kind: bytes((OF_A_RECORD, 0, at)) for at, kind in enumerate(KINDS)}
_NONCE = 12
_HEAD = 3 + _NONCE
_AT_ONCE = 1024


class _Nonces:
    """Random nonces, asked of the operating system many at a time.

    One call for each would cost more than the sealing itself. A process that forks must not go on
    with its parent's nonces, so they are tied to the process number.
    """

    def __init__(self) -> None:
        self._drawn: Iterator[bytes] = iter(())
        self._lock = threading.Lock()
        self._process = 0

    def next(self) -> bytes:
        """A nonce that was never given before."""
        with self._lock:
            if self._process != os.getpid():
                self._process, self._drawn = os.getpid(), iter(())
            nonce = next(self._drawn, None)
            if nonce is None:
                fresh = os.urandom(_NONCE * _AT_ONCE)
                self._drawn = (fresh[at : at + _NONCE] for at in range(0, len(fresh), _NONCE))
                nonce = next(self._drawn)
            return nonce


class Sealer:
    """Seals and opens values with the keys of a keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        """For a process that helps and seals for itself."""
        self._keys = {number: AESGCM(key) for number, key in keyring.data.items()}
        self._current = self._keys[keyring.current]
        self._prefix = bytes([VERSION]) + keyring.current.to_bytes(2, "big")
        self._nonces = _Nonces()
        self.record_keys = (
            RecordKeys(Path(keyring.folder) / FILE_NAME) if keyring.folder is not None else None
        )
        """Keys of single records; None where the keyring is of no folder."""

    def seal(self, clear: bytes, place: bytes) -> bytes:
        """`clear` sealed for `place`, which names table, column and row."""
        nonce = self._nonces.next()
        own = self.record_keys
        if own is not None and own.are_there():
            kind, number = _whose(place)
            if kind:
                sealed = own.cipher(kind, number).encrypt(nonce, clear, place)
                return _PREFIXES[kind] + nonce + sealed
        return self._prefix + nonce + self._current.encrypt(nonce, clear, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The clear value; Unavailable when the key is missing, was destroyed, or the value was
        tampered with."""
        key = self._key_for(sealed, place)
        if key is None:
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
                "Find out who wrote to the database besides the registry, and restore the row.",
            ) from None

    def _key_for(self, sealed: bytes, place: bytes) -> AESGCM | None:
        version = sealed[:1]
        if version == bytes([VERSION]):
            return self._keys.get(int.from_bytes(sealed[1:3], "big"))
        own = self.record_keys
        if version != bytes([OF_A_RECORD]) or own is None or not own.are_there():
            return None
        # Whose it is says the place, never the value, so that no value picks its key.
        kind, number = _whose(place)
        return own.cipher(kind, number) if kind and sealed[:3] == _PREFIXES[kind] else None


def _whose(place: bytes) -> tuple[str, int]:
    """Whose key a place is sealed with: a kind of thing and its number, or no kind."""
    table, _, rest = place.partition(b"|")
    kind = _OF.get(table)
    if kind is None:
        return "", 0
    row = rest.partition(b"|")[2][:8]
    return kind, int.from_bytes(row, "big")


@lru_cache(maxsize=256)
def _prefix_of(table: str, column: str) -> bytes:
    return f"{table}|{column}|".encode()


def place_of(table: str, column: str, row: int | bytes) -> bytes:
    """Where a sealed value stands, as the bytes it is bound to."""
    key = row if isinstance(row, bytes) else row.to_bytes(8, "big", signed=True)
    return _prefix_of(table, column) + key
