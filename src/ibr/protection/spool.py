"""Bytes set aside on disk while a delivery is read, compressed and sealed with a throw-away key.

The key lives in memory only: after a crash what is left on disk is noise, and it is removed at
the next start.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE: Final = 1024 * 1024
# Below this nothing goes to disk.
_IN_MEMORY: Final = 8 * 1024 * 1024


class Spool:
    """Pieces of bytes, written once and read in order as often as needed."""

    def __init__(self, folder: Path) -> None:
        # The file has no name from the start (or loses it at once): nothing to clean up later.
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=folder)  # noqa: SIM115 -- closed by close()
        self._key = AESGCM(os.urandom(32))
        self._pieces: list[tuple[int, int]] = []
        self._compress = zstandard.ZstdCompressor(level=1)
        self.size = 0

    @property
    def pieces(self) -> int:
        """How many pieces were written."""
        return len(self._pieces)

    def write(self, piece: bytes) -> None:
        """Sets one piece aside."""
        number = len(self._pieces).to_bytes(12, "big")
        sealed = self._key.encrypt(number, self._compress.compress(piece), None)
        self._pieces.append((self._file.seek(0, os.SEEK_END), len(sealed)))
        self._file.write(sealed)
        self.size += len(piece)

    def __iter__(self) -> Iterator[bytes]:
        """The pieces in the order they were written, each as it was."""
        decompress = zstandard.ZstdDecompressor()
        for number, (start, length) in enumerate(self._pieces):
            self._file.seek(start)
            sealed = self._file.read(length)
            yield decompress.decompress(
                self._key.decrypt(number.to_bytes(12, "big"), sealed, None)
            )

    def close(self) -> None:
        self._file.close()
