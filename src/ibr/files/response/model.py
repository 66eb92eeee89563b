"""What every form of response file is written with."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, Final

from ibr.protection.spool import Spool

# The columns beside those of the sender; the same in every form.
ADDED: Final = ("outcome", "reason", "how to mend")
RowOutcome = Callable[[int], tuple[str, str, str]]
_PIECE: Final = 1024 * 1024
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[-+]?[\d.,\s()/]+")


def harmless(cell: str) -> str:
    """A cell that no table program takes for a formula; numbers and phones stay as they are."""
    if cell[:1] in _FORMULA and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


class Sink(io.RawIOBase):
    """Takes a file as it is written and sets it aside in sealed pieces; it cannot go back."""

    def __init__(self, spool: Spool) -> None:
        super().__init__()
        self._spool = spool
        self._waiting = bytearray()
        self._length = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._length

    def write(self, content: Any) -> int:
        self._waiting += content
        written = len(content)
        self._length += written
        while len(self._waiting) >= _PIECE:
            self._spool.write(bytes(self._waiting[:_PIECE]))
            del self._waiting[:_PIECE]
        return written

    def end(self) -> int:
        """Sets the rest aside; returns the length of the whole."""
        if self._waiting:
            self._spool.write(bytes(self._waiting))
            self._waiting.clear()
        return self._length
