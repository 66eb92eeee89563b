"""Blind indexes: equal identifiers give equal bytes, and the bytes tell nothing else.

HMAC-SHA-256 over the canonical form, with the identifier's type inside, so that the same number
as a national identity and as a phone never meet (reliability F6, F7).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from collections.abc import Iterable
from functools import lru_cache

from ibr.errors import NotUnderstood

INDEX_BYTES = 16
# Tell the keyed hashes apart that are made with one key.
_LINKAGE, _CONTENT = b"ibr linkage", b"ibr content"
_TYPE = re.compile(r"[A-Z0-9_]{1,40}", re.ASCII)
_VALUE = re.compile(r"[A-Z0-9./_:+-]{1,64}", re.ASCII)


@lru_cache(maxsize=1024)
def canonical_type(text: str) -> str:
    """An identifier type as it is kept: capitals, digits and low lines, at most 40."""
    value = text.strip().upper().replace("-", "_").replace(" ", "_")
    # Asked of what was written: the capital of the letters ß, ı and ſ is ASCII, they are not.
    if not text.isascii() or not _TYPE.fullmatch(value):
        raise NotUnderstood(
            "identifier.type",
            "identifier_type may hold letters, digits and '_', at most 40; for example UIN.",
            field="identifier_type",
        )
    return value


def canonical_value(text: str) -> str:
    """An identifier's value as it is compared: no spaces around or inside, capitals.

    Letters that only look like ASCII are refused, not translated: two identifiers that a clerk
    cannot tell apart must not silently become one.
    """
    value = "".join(text.split(" ")).upper()
    if not text.isascii() or not _VALUE.fullmatch(value):
        raise NotUnderstood(
            "identifier.value",
            "identifier_value may hold the letters A-Z, digits and . / _ : + -, at most 64 "
            "characters.",
            field="identifier_value",
        )
    return value


class BlindIndex:
    """Turns an identifier into its index with the keyring's index key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._linkage: dict[str, hashlib.blake2b] = {}

    def of(self, kind: str, value: str) -> bytes:
        """16 bytes for a canonical type and value. 128 bits of the HMAC: no two of the world's
        identifiers will ever meet by accident, and an index entry stays small."""
        message = f"{kind}\x1f{value}".encode()
        return hmac.digest(self._key, message, hashlib.sha256)[:INDEX_BYTES]

    def of_record(self, programme_id: int, kind: str, value: str) -> bytes:
        """The key under which a programme's own record is found again."""
        message = f"record\x1f{programme_id}\x1f{kind}\x1f{value}".encode()
        return hmac.digest(self._key, message, hashlib.sha256)[:INDEX_BYTES]

    def linkage(self, domain: str, texts: Iterable[str]) -> list[int]:
        """A signed 64-bit keyed hash of each: of the numbers and blocking keys of linkage.

        Another function than that of the index, so that neither tells anything of the other; a
        person has three dozen of them, so it is the quickest keyed hash there is. Texts of two
        domains never meet.
        """
        begun = self._linkage.get(domain)
        if begun is None:
            begun = hashlib.blake2b(domain.encode(), digest_size=8, key=self._key, person=_LINKAGE)
            self._linkage[domain] = begun
        start, hashes = begun.copy, []
        for text in texts:
            hashed = start()
            hashed.update(text.encode())
            hashes.append(hashed.digest())
        return list(struct.unpack(f">{len(hashes)}q", b"".join(hashes)))

    def digest(self, content: bytes) -> bytes:
        """A keyed digest: tells equal content from changed without telling anything of it."""
        return hashlib.blake2b(
            content, digest_size=INDEX_BYTES, key=self._key, person=_CONTENT
        ).digest()
