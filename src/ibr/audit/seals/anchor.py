"""Anchors: where seals are written outside the database, so that nobody who rules it can go back.

A line for each seal is appended to a file and forced to disk. Another host, a printer or a
time-stamping authority would be another class with the same two methods.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from ibr.audit.seals.model import AuditKey, Seal
from ibr.errors import NotUnderstood, Unavailable

# A line is a few hundred bytes; the last one is found in this much of the file's end.
_TAIL: Final = 16_384


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A seal as it stands in an anchor. `public` is the key's public half; `code` the short form
    for paper."""

    seal: int
    chain: str
    at: str
    root: str
    digest: str
    key: str
    public: str
    signature: str
    code: str


class Anchor(Protocol):
    """Somewhere that keeps lines and never takes one back."""

    def last(self) -> Line | None:
        """The newest line; None where there is none yet."""
        ...

    def append(self, lines: Sequence[Line]) -> None:
        """Keeps these lines for good before it returns; Unavailable where it cannot."""
        ...


def line_of(seal: Seal, keys: Mapping[str, AuditKey]) -> Line:
    """A seal as a line."""
    return Line(
        seal=seal.number,
        chain=seal.chain,
        at=seal.at.isoformat(),
        root=seal.root.hex(),
        digest=seal.digest.hex(),
        key=seal.kid,
        public=keys[seal.kid].public_key.hex(),
        signature=seal.signature.hex(),
        code=seal.code,
    )


class FileAnchor:
    """A file that is only ever appended to; its folder is best on another disk or host."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> Line | None:
        """The newest whole line. One that a crash cut off is passed over: its seal is appended
        again."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                tail = file.read()
        except FileNotFoundError:
            return None
        except OSError:
            raise _unreachable() from None
        for text in reversed(tail.split(b"\n")[:-1]):
            if text.strip():
                return _read(text)
        return None

    def append(self, lines: Sequence[Line]) -> None:
        """Appends what is newer than the file's last line, and waits until it is on the disk.

        Two workers of one host may come at once; the lock lets each see what the other wrote.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                newest = self.last()
                fresh = [each for each in lines if newest is None or each.seal > newest.seal]
                text = b"".join(msgspec.json.encode(each) + b"\n" for each in fresh)
                if _is_cut_off(handle):
                    text = b"\n" + text
                _write_all(handle, text)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError:
            raise _unreachable() from None


def _is_cut_off(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _write_all(handle: int, text: bytes) -> None:
    while text:
        text = text[os.write(handle, text) :]


def _read(text: bytes) -> Line:
    try:
        return msgspec.json.decode(text, type=Line)
    except msgspec.DecodeError:
        raise NotUnderstood(
            "audit.anchor_unreadable",
            "A line of the anchor file cannot be read. It was changed by something else than the "
            "registry; find out by what, and compare it with a copy.",
        ) from None


def _unreachable() -> Unavailable:
    return Unavailable(
        "audit.anchor_unreachable",
        "The anchor file cannot be read or written. Look at IBR_ANCHOR_FILE, its folder and its "
        "disk; what is missing in it is added as soon as that works.",
    )


def read_anchor(path: Path) -> Iterator[Line]:
    """Every line of an anchor file, in order; a line that was cut off by a crash is left out."""
    try:
        with path.open("rb") as file:
            for text in file:
                if text.endswith(b"\n") and text.strip():
                    line = _try(text)
                    if line is not None:
                        yield line
    except OSError:
        raise NotUnderstood(
            "audit.anchor_file", "There is no anchor file at this place that can be read."
        ) from None


def _try(text: bytes) -> Line | None:
    # What a crash cut off was ended with a line feed by the next append, and written again.
    return _read(text) if text.rstrip().endswith(b"}") else None
