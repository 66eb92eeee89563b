"""A file that can be read anywhere, over pieces that are opened one at a time.

What was sent is kept in sealed pieces. A workbook begins to be read at its end, so the pieces must
be found by place; never more than a few of them are open in memory.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final

_AT_HAND: Final = 6


class PieceFile(io.RawIOBase):
    """`piece(n)` gives the bytes of piece n, which are `lengths[n]` many."""

    def __init__(self, piece: Callable[[int], bytes], lengths: Sequence[int]) -> None:
        super().__init__()
        self._piece = piece
        self._starts = list(accumulate(lengths, initial=0))
        self._place = 0
        self._open: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._place) - 1
        within = self._place - self._starts[number]
        found = self._at(number)[within : within + len(buffer)]
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def _at(self, number: int) -> bytes:
        if number in self._open:
            self._open.move_to_end(number)
        else:
            self._open[number] = self._piece(number)
            if len(self._open) > _AT_HAND:
                self._open.popitem(last=False)
        return self._open[number]


def over_pieces(piece: Callable[[int], bytes], lengths: Sequence[int]) -> io.BufferedReader:
    """The same with a buffer, as readers want it."""
    return io.BufferedReader(PieceFile(piece, lengths), 256 * 1024)
