"""An enrolment update read in one pass: small members whole, beneficiaries set aside in blocks.

What is set aside is the canonical form of each record, which is also what the signature covers:
the records used later are parsed from the very bytes that were verified.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood, TooMuch
from ibr.interop.dci.json_stream import JsonStream
from ibr.interop.dci.messages.beneficiary import OPEN_PARTS, WireBeneficiary
from ibr.protection.spool import Spool
from ibr_messages.encryption import base64url_length
from ibr_messages.strict_json import canonical, canonical_other_spellings, read_value

BLOCK_RECORDS: Final = 5_000
BLOCK_BYTES: Final = 16 * 1024 * 1024
LISTS: Final = ("enrolled_updates", "receipt_information")
# An encrypted delivery is opened in memory: before its end its tag cannot be checked, and nothing
# of it may be used.
LARGEST_ENCRYPTED: Final = 16 * 1024 * 1024
_MISSING: Final = object()
_PIECE: Final = 256 * 1024
_READ_STRICTLY: Final = (*OPEN_PARTS, b"\\u0000")
_TYPED = msgspec.json.Decoder(WireBeneficiary)
_EXACT = msgspec.json.Encoder(order="sorted")


class Updates:
    """A read message; `blocks` gives its records as canonical bytes, one a line."""

    def __init__(self, folder: Path) -> None:
        self.signature: object = None
        self.header: Any = _MISSING
        self.message: dict[str, Any] | None = None
        self.list_name: str | None = None
        self.list_rest: dict[str, Any] = {}
        self.count = 0
        self.has_list = False
        self.body_bytes = 0
        self.header_span = (0, 0)
        self.message_span = (0, 0)
        self._spool = Spool(folder)

    @property
    def block_count(self) -> int:
        return self._spool.pieces

    def blocks(self) -> Iterator[list[bytes]]:
        """The records in blocks, each record as its canonical bytes."""
        for block in self._spool:
            yield block.split(b"\n")

    def close(self) -> None:
        self._spool.close()

    def set_aside(self, block: list[bytes]) -> None:
        self._spool.write(b"\n".join(block))

    def digests(self, bodies: Iterable[bytes], profile: str) -> Iterator[bytes]:
        """The digests that a signature may be over, the likeliest first (behaviour.md 9)."""
        if profile == "raw":
            yield _raw_digest(bodies, self.header_span, self.message_span)
            return
        yield self._digest(0)
        yield self._digest(1)
        yield self._digest(2)

    def _digest(self, spelling: int) -> bytes:
        def spell(value: Any) -> bytes:
            return (
                canonical(value)
                if spelling == 0
                else canonical_other_spellings(value)[spelling - 1]
            )

        hasher = hashlib.sha256(b'{"header":' + spell(self.header) + b',"message":{')
        message = self.message or {}
        names = sorted([*message, *([self.list_name] if self.list_name else [])])
        for number, name in enumerate(names):
            hasher.update((b"," if number else b"") + spell(name) + b":")
            if name == self.list_name:
                self._hash_list(hasher, spelling, spell)
            else:
                hasher.update(spell(message[name]))
        hasher.update(b"}}")
        return hasher.digest()

    def _hash_list(self, hasher: Any, spelling: int, spell: Any) -> None:
        hasher.update(b"{")
        names = [*self.list_rest, "beneficiaries"] if self.has_list else [*self.list_rest]
        for number, name in enumerate(sorted(names)):
            hasher.update((b"," if number else b"") + spell(name) + b":")
            if name != "beneficiaries" or not self.has_list:
                hasher.update(spell(self.list_rest[name]))
                continue
            hasher.update(b"[")
            for block_number, block in enumerate(self._spool):
                hasher.update(b"," if block_number else b"")
                if spelling == 0:
                    hasher.update(block.replace(b"\n", b","))
                else:
                    lines = (msgspec.json.decode(line) for line in block.split(b"\n"))
                    hasher.update(b",".join(spell(line) for line in lines))
            hasher.update(b"]")
        hasher.update(b"}")


def _raw_digest(
    bodies: Iterable[bytes], header: tuple[int, int], message: tuple[int, int]
) -> bytes:
    """SHA-256 over header and message exactly as received, joined by one line feed."""
    hasher = hashlib.sha256()
    for text in _span(bodies, header):
        hasher.update(text.encode())
    hasher.update(b"\n")
    for text in _span(bodies, message):
        hasher.update(text.encode())
    return hasher.digest()


def _span(bodies: Iterable[bytes], span: tuple[int, int]) -> Iterator[str]:
    """The characters of the body from span[0] up to span[1]."""
    at = 0
    for text in codecs.iterdecode(bodies, "utf-8"):
        start, end = max(span[0] - at, 0), span[1] - at
        if end > 0 and start < len(text):
            yield text[start:end]
        at += len(text)


def read_updates(body: Iterable[bytes], folder: Path) -> Updates:
    """Reads a whole update from its pieces; NotUnderstood when it is not such a message."""
    updates = Updates(folder)
    stream = JsonStream(_counted(body, updates))
    if not stream.opens("{"):
        raise NotUnderstood(
            "message.json", "The body must be a JSON object with header and message."
        )
    for name in stream.members():
        if name == "header":
            updates.header, updates.header_span = _whole(stream)
        elif name == "message" and stream.opens("{"):
            start = stream.position
            _read_message(stream, updates)
            updates.message_span = (start, stream.position)
        elif name == "signature":
            updates.signature = stream.value()
        else:
            stream.value()
    stream.end()
    return updates


def read_decrypted_updates(plaintext: bytes, outer: Updates, folder: Path) -> Updates:
    """The updates whose message was encrypted in `outer`: its header and bytes, with the message
    that it held."""
    updates = Updates(folder)
    updates.header, updates.body_bytes = outer.header, outer.body_bytes
    pieces = (plaintext[at : at + _PIECE] for at in range(0, len(plaintext), _PIECE))
    stream = JsonStream(pieces)
    if not stream.opens("{"):
        raise NotUnderstood("message.json", "What was encrypted is no message object.")
    _read_message(stream, updates)
    stream.end()
    return updates


def _read_message(stream: JsonStream, updates: Updates) -> None:
    updates.message = {}
    for member in stream.members():
        if member in LISTS and updates.list_name is None and stream.opens("{"):
            updates.list_name = member
            _read_list(stream, updates)
        elif member == "ciphertext" and stream.opens('"'):
            updates.message[member] = _ciphertext(stream)
        else:
            updates.message[member] = stream.value()


def _ciphertext(stream: JsonStream) -> str:
    try:
        return stream.long_text(base64url_length(LARGEST_ENCRYPTED))
    except TooMuch:
        raise TooMuch(
            "too_large",
            f"An encrypted delivery may hold {LARGEST_ENCRYPTED} bytes at most; send it in several "
            "messages.",
        ) from None


def _counted(body: Iterable[bytes], updates: Updates) -> Iterator[bytes]:
    for piece in body:
        updates.body_bytes += len(piece)
        yield piece


def _whole(stream: JsonStream) -> tuple[Any, tuple[int, int]]:
    stream.opens("{")
    start = stream.position
    value = stream.value()
    return value, (start, stream.position)


def _read_list(stream: JsonStream, updates: Updates) -> None:
    for name in stream.members():
        if name != "beneficiaries" or not stream.opens("["):
            updates.list_rest[name] = stream.value()
            continue
        updates.has_list = True
        block: list[bytes] = []
        size = 0
        for record in _records(stream):
            block.append(record)
            size += len(record)
            updates.count += 1
            if len(block) == BLOCK_RECORDS or size > BLOCK_BYTES:
                updates.set_aside(block)
                block, size = [], 0
        if block:
            updates.set_aside(block)


def _records(stream: JsonStream) -> Iterator[bytes]:
    """The canonical form of each record of the array, in its order."""
    for _ in stream.elements():
        arrived = stream.arrived()
        if arrived:
            yield from map(_canonical_record, arrived)
        else:
            yield canonical(stream.value())


def _canonical_record(written: bytes) -> bytes:
    """A record's canonical form; the bytes themselves where they are already that.

    A record that comes out of its typed reading byte for byte as it went in gave no member twice,
    had none that is unknown, and spelt every value the one canonical way: reading it strictly
    would find nothing. That is five times quicker than doing so. Parts whose members are open
    could hold a number that is too long, so they are always read strictly; and so is an escaped
    NUL, which would come out as it went in.
    """
    if not any(part in written for part in _READ_STRICTLY):
        try:
            if _EXACT.encode(_TYPED.decode(written)) == written:
                return written
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeEncodeError):
            pass
    return canonical(read_value(written))
