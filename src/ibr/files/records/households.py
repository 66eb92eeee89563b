"""Rows of one household brought together wherever they stand in the file, in bounded memory.

Rows are dealt by their household's number onto piles on disk, sealed, and each pile is read by
itself. The piles and their order are the same whenever the file is read, so that a delivery can go
on where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

from ibr.files.reading.model import Row
from ibr.protection.spool import Spool

_PILES: Final = 128
_AT_ONCE: Final = 100


def together(rows: Iterator[Row], place: int, folder: Path) -> Iterator[list[Row]]:
    """The rows of each household; a row without a household's number by itself."""
    spool = Spool(folder)
    try:
        piles: list[list[int]] = [[] for _ in range(_PILES)]
        waiting: list[list[Row]] = [[] for _ in range(_PILES)]
        for row in rows:
            number = _number_of(row, place)
            pile = crc32(number.encode()) % _PILES
            waiting[pile].append(row)
            if len(waiting[pile]) == _AT_ONCE:
                _set_aside(spool, piles[pile], waiting[pile])
        for pile in range(_PILES):
            yield from _sorted(spool, piles[pile], waiting[pile], place)
            waiting[pile] = []
    finally:
        spool.close()


def _number_of(row: Row, place: int) -> str:
    cells = row[1]
    return cells[place].casefold() if place < len(cells) else ""


def _set_aside(spool: Spool, pieces: list[int], rows: list[Row]) -> None:
    pieces.append(spool.pieces)
    spool.write(msgspec.msgpack.encode(rows))
    rows.clear()


def _sorted(spool: Spool, pieces: list[int], waiting: list[Row], place: int) -> Iterator[list[Row]]:
    households: dict[str, list[Row]] = {}
    for piece in pieces:
        for row in msgspec.msgpack.decode(spool.piece(piece), type=list[Row]):
            households.setdefault(_key(row, place), []).append(row)
    for row in waiting:
        households.setdefault(_key(row, place), []).append(row)
    yield from households.values()


def _key(row: Row, place: int) -> str:
    # Nobody knows which household a row without a number belongs to: each stands for itself.
    return _number_of(row, place) or f"\0{row[0]}"
