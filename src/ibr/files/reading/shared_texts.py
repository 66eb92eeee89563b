"""A workbook's table of texts, beyond a bound on disk: sealed, and read back in blocks.

Texts are numbered as they first appear, so the beginning holds those that come again and again and
the rest is asked for nearly in its order: a few blocks at hand are enough.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from ibr.files.reading.model import LONGEST_CELL
from ibr.files.reading.zip_parts import XmlStream, ZipParts
from ibr.protection.spool import Spool

BLOCK: Final = 2_000
IN_MEMORY: Final = 100_000
_AT_HAND: Final = 48


class SharedTexts:
    """Texts by their number."""

    def __init__(self, parts: ZipParts, name: str, folder: Path | None) -> None:
        """`folder` takes what is beyond memory."""
        self._first: list[str] = []
        self._spool = Spool(folder) if folder else None
        self._count = 0
        self._block: list[str] = []
        self._at_hand: OrderedDict[int, list[str]] = OrderedDict()
        if name in parts.names:
            for text in _texts(parts, name):
                self._keep(text)
            self._set_aside()

    def _keep(self, text: str) -> None:
        self._count += 1
        if self._spool is None or len(self._first) < IN_MEMORY:
            self._first.append(text)
            return
        self._block.append(text)
        if len(self._block) == BLOCK:
            self._set_aside()

    def _set_aside(self) -> None:
        if self._block and self._spool is not None:
            self._spool.write(msgspec.msgpack.encode(self._block))
            self._block = []

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> str:
        if number < len(self._first):
            return self._first[number]
        block, within = divmod(number - len(self._first), BLOCK)
        return self._opened(block)[within]

    def _opened(self, block: int) -> list[str]:
        found = self._at_hand.get(block)
        if found is None:
            assert self._spool is not None
            found = msgspec.msgpack.decode(self._spool.piece(block), type=list[str])
            self._at_hand[block] = found
            if len(self._at_hand) > _AT_HAND:
                self._at_hand.popitem(last=False)
        else:
            self._at_hand.move_to_end(block)
        return found

    def close(self) -> None:
        """Forgets them."""
        if self._spool is not None:
            self._spool.close()


def _texts(parts: ZipParts, name: str) -> Iterator[str]:
    """Each text; runs of different looks make one, and how it is pronounced is left out."""
    ready: list[str] = []
    spoken: list[str] = []
    state = {"text": False, "said": False}

    def start(tag: str, _attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "si":
            spoken.clear()
        elif local == "t":
            state["text"] = not state["said"]
        elif local == "rPh":
            state["said"] = True

    def end(tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local == "si":
            # One sign more than a cell may have, so that the cell is refused and not cut.
            ready.append("".join(spoken)[: LONGEST_CELL + 1])
        elif local == "t":
            state["text"] = False
        elif local == "rPh":
            state["said"] = False

    def data(text: str) -> None:
        if state["text"] and len(spoken) < LONGEST_CELL:
            spoken.append(text)

    stream = XmlStream(StartElementHandler=start, EndElementHandler=end, CharacterDataHandler=data)
    for _ in stream.feed(parts.pieces(name)):
        yield from ready
        ready.clear()
