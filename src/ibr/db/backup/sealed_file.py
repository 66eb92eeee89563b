"""The file of a backup: a readable header, then pieces that only the backup key opens.

    IBR-BACKUP 1            the first line, always
    {"what": …}             the second line: the header as JSON, nothing personal in it
    4 bytes + piece …       each piece: its length, then AES-256-GCM over compressed bytes

The key of a file is made for it alone (`backup_key.py`), so a piece's nonce is its number; the last
piece says in its nonce that it is the last. Every piece is bound to the header. A piece that is
changed, moved, left out or missing at the end therefore does not open. docs/howto/back-up.md
describes the same for people.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ibr.db.backup.backup_key import (
    fingerprint,
    opening_key,
    public_of,
    sealing_key,
)
from ibr.errors import NotUnderstood, Unavailable

MAGIC: Final = b"IBR-BACKUP 1\n"
PIECE: Final = 1024 * 1024
_LONGEST_HEADER: Final = 65_536
_TAG: Final = 16


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sealed file says of itself to anybody: what it is, of when, and which key opens it.

    `what` is base, dump or wal. `made_at` is RFC 3339 in UTC. `server` is the number that
    PostgreSQL gave the database cluster, `major` its version, `migration` the registry's schema.
    `segment` is the first log file that a base backup needs, or the log file itself;
    `segment_bytes` how long those files are; `digest` SHA-256 of a log file before it was sealed.
    """

    what: str
    made_at: str
    program: str
    key: str = ""
    shown: str = ""
    server: str = ""
    major: int = 0
    migration: str | None = None
    segment: str = ""
    segment_bytes: int = 0
    digest: str = ""


def write_sealed(
    out: BinaryIO, public: bytes, header: Header, pieces: Iterable[bytes]
) -> tuple[Header, str, int]:
    """Seals `pieces` into `out`; the header as written, SHA-256 of the file, its bytes."""
    key, shown = sealing_key(public)
    written = msgspec.structs.replace(
        header, key=fingerprint(public), shown=base64.b64encode(shown).decode()
    )
    head = MAGIC + msgspec.json.encode(written) + b"\n"
    cipher, bound = AESGCM(key), hashlib.sha256(head).digest()
    seen, size = hashlib.sha256(head), len(head)
    out.write(head)
    for number, piece, last in _numbered(_compressed(pieces)):
        sealed = cipher.encrypt(_nonce(number, last), piece, bound)
        part = len(sealed).to_bytes(4, "big") + sealed
        out.write(part)
        seen.update(part)
        size += len(part)
    return written, seen.hexdigest(), size


def read_header(file: BinaryIO, name: str) -> tuple[Header, bytes]:
    """The header, and its bytes as they stand in the file; NotUnderstood where it is no backup."""
    magic = file.readline(len(MAGIC))
    line = file.readline(_LONGEST_HEADER)
    try:
        if magic != MAGIC or not line.endswith(b"\n"):
            raise ValueError
        return msgspec.json.decode(line, type=Header), magic + line
    except (msgspec.DecodeError, ValueError):
        raise NotUnderstood(
            "backup.not_one",
            f"{name} is not a backup of the registry, or its beginning is damaged. Its first line "
            f"must be: {MAGIC.decode().strip()}",
        ) from None


def read_sealed(file: BinaryIO, private: bytes, name: str) -> Iterator[bytes]:
    """The content in pieces, each given out only after it proved whole.

    Unavailable where the key is another one, or where the file is damaged or cut short; by then
    earlier pieces were given out, so whoever writes them somewhere throws that away.
    """
    header, head = read_header(file, name)
    ours = fingerprint(public_of(private))
    if header.key != ours:
        raise Unavailable(
            "backup.wrong_key",
            f"{name} was sealed for the backup key {header.key}, and the key given is {ours}. "
            "Name the right key file with --key.",
        )
    cipher = AESGCM(opening_key(private, base64.b64decode(header.shown)))
    bound = hashlib.sha256(head).digest()
    expand = zstandard.ZstdDecompressor().decompressobj()
    for number, sealed, last in _numbered(_parts(file, name)):
        try:
            piece = cipher.decrypt(_nonce(number, last), sealed, bound)
        except InvalidTag:
            raise Unavailable(
                "backup.damaged",
                f"{name} is damaged: its piece {number + 1} does not open; it was changed, moved, "
                "or the file was cut short after it. Take another backup.",
            ) from None
        if content := expand.decompress(piece):
            yield content


def digest_of(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 of a whole file and its length in bytes."""
    seen, size = hashlib.sha256(), 0
    while part := file.read(PIECE):
        seen.update(part)
        size += len(part)
    return seen.hexdigest(), size


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes compressed, in pieces of at most PIECE; one at least, if empty."""
    squeeze = zstandard.ZstdCompressor(level=3).compressobj()
    waiting = bytearray()
    for piece in pieces:
        waiting += squeeze.compress(piece)
        while len(waiting) > PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    waiting += squeeze.flush()
    while len(waiting) > PIECE:
        yield bytes(waiting[:PIECE])
        del waiting[:PIECE]
    yield bytes(waiting)


def _parts(file: BinaryIO, name: str) -> Iterator[bytes]:
    some = False
    while length := file.read(4):
        size = int.from_bytes(length, "big")
        sealed = file.read(size) if _TAG <= size <= PIECE + _TAG else b""
        if len(length) != 4 or len(sealed) != size:
            break
        some = True
        yield sealed
    else:
        if some:
            return
    raise Unavailable(
        "backup.damaged", f"{name} is damaged: it ends in the middle. Take another backup."
    )


def _numbered(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Each piece with its number from 0, and whether it is the last."""
    number, held = -1, None
    for piece in pieces:
        if held is not None:
            yield number, held, False
        number, held = number + 1, piece
    if held is not None:
        yield number, held, True


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
