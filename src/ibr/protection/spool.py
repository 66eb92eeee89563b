"""Bytes set aside on disk while a delivery is read, compressed and sealed with a throw-away key.

The key lives in memory only: after a crash what is left on disk is noise, and it is removed at
the next start.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ibr.errors import Unavailable

PIECE: Final = 1024 * 1024
SUFFIX: Final = ".spool"
# Below this nothing goes to disk, unless another process is to read it.
_IN_MEMORY: Final = 8 * 1024 * 1024


class Ticket(msgspec.Struct, frozen=True):
    """What another process of this registry needs to read a spool."""

    path: str
    key: bytes
    pieces: list[tuple[int, int]]
    size: int


class Spool:
    """Pieces of bytes, written once and read in order as often as needed."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """With `shared` the bytes go to a named file that another process can open by ticket;
        otherwise to memory first, and then to a file without a name."""
        self._file: Any
        with _room():
            if shared:
                self._file = tempfile.NamedTemporaryFile(dir=folder, suffix=SUFFIX)  # noqa: SIM115 -- closed by close()
                # Held as long as this process lives, so that another one that starts leaves it
                # alone.
                fcntl.flock(self._file.fileno(), fcntl.LOCK_EX)
            else:
                self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 -- closed by close()
                    _IN_MEMORY, "w+b", dir=str(folder)
                )
        self._secret = os.urandom(32)
        self._key = AESGCM(self._secret)
        self._pieces: list[tuple[int, int]] = []
        self._compress = zstandard.ZstdCompressor(level=1)
        self.size = 0

    @classmethod
    def reopen(cls, ticket: Ticket) -> Spool:
        """The spool of another process, for reading."""
        spool = cls.__new__(cls)
        spool._file = open(ticket.path, "rb")  # noqa: SIM115 -- closed by close()
        spool._secret = ticket.key
        spool._key = AESGCM(ticket.key)
        spool._pieces = ticket.pieces
        spool.size = ticket.size
        return spool

    def ticket(self) -> Ticket:
        """What another process needs to read this shared spool."""
        with _room():
            self._file.flush()
        return Ticket(str(self._file.name), self._secret, self._pieces, self.size)

    @property
    def pieces(self) -> int:
        """How many pieces were written."""
        return len(self._pieces)

    def write(self, piece: bytes) -> None:
        """Sets one piece aside; Unavailable where the disk has no room for it."""
        number = len(self._pieces).to_bytes(12, "big")
        sealed = self._key.encrypt(number, self._compress.compress(piece), None)
        with _room():
            self._pieces.append((self._file.seek(0, os.SEEK_END), len(sealed)))
            self._file.write(sealed)
        self.size += len(piece)

    def __iter__(self) -> Iterator[bytes]:
        """The pieces in the order they were written, each as it was."""
        for number in range(len(self._pieces)):
            yield self.piece(number)

    def piece(self, number: int) -> bytes:
        """One piece by its place, from 0."""
        start, length = self._pieces[number]
        self._file.seek(start)
        sealed = self._key.decrypt(number.to_bytes(12, "big"), self._file.read(length), None)
        return zstandard.ZstdDecompressor().decompress(sealed)

    def close(self) -> None:
        """Forgets the bytes; a shared spool's file is removed by the process that wrote it."""
        # What found no room when it was written finds none now, and nobody wants it any more.
        with contextlib.suppress(OSError):
            self._file.close()


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Unavailable where the disk is full: the sender is told to come again."""
    try:
        yield
    except OSError as wrong:
        if wrong.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise Unavailable(
            "spool.full",
            "The registry has no room to set this message aside. Nothing was stored; please try "
            "again later.",
            retry_after=60,
        ) from None


def clear(folder: Path) -> None:
    """Removes what a crash left behind; nobody has the keys any more.

    What another process of this registry still holds stays: two of them may share the folder, and
    one starts while the other takes a delivery in.
    """
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
