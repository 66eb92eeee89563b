"""What the pages of a Parquet file say of their own length, looked at before anything believes it.

A page's header says how long it is unpacked, and the reader takes that much memory at once: two
kilobytes could ask for gigabytes. The header is a struct of Thrift's compact protocol whose second
field is that length and whose third is the length in the file; the rest is only passed over.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Final

_MOST_PAGES: Final = 500_000
_LARGEST_HEADER: Final = 256 * 1024
# A page is a megabyte as a rule; one of equal values may unpack to many times its size.
_ALWAYS_ALLOWED: Final = 32 * 1024 * 1024
_MOST_TIMES: Final = 1_000
_DEEPEST: Final = 16
_UNPACKED, _PACKED = 2, 3


class _Compact:
    """One struct of Thrift's compact protocol, of which only whole numbers are kept."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def _byte(self) -> int:
        value = self._content[self.at]
        self.at += 1
        return value

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise ValueError("varint")

    def whole_numbers(self, depth: int = 0) -> dict[int, int]:
        """The fields of a struct that are whole numbers, by their ids."""
        if depth > _DEEPEST:
            raise ValueError("depth")
        found: dict[int, int] = {}
        field = 0
        while byte := self._byte():
            kind, step = byte & 0x0F, byte >> 4
            read = self._varint() if not step else 0
            field = field + step if step else (read >> 1) ^ -(read & 1)
            if kind in (4, 5, 6):
                value = self._varint()
                found[field] = (value >> 1) ^ -(value & 1)
            else:
                self._pass(kind, depth, inside=False)
        return found

    def _pass(self, kind: int, depth: int, *, inside: bool) -> None:
        """Passes over a value; a truth inside a list is a byte, beside a field's name none."""
        if kind in (1, 2):
            self.at += inside
        elif kind == 3:
            self.at += 1
        elif kind in (4, 5, 6):
            self._varint()
        elif kind == 7:
            self.at += 8
        elif kind == 8:
            length = self._varint()
            self.at += length
        elif kind in (9, 10):
            head = self._byte()
            many = head >> 4 if head >> 4 < 15 else self._varint()
            for _ in range(min(many, len(self._content))):
                self._pass(head & 0x0F, depth + 1, inside=True)
        elif kind == 12:
            self.whole_numbers(depth + 1)
        else:
            raise ValueError("kind")


def pages_can_be_so(file: BinaryIO, described: Any) -> bool:
    """Whether no page claims a length that no page of its size has. The file is left anywhere."""
    left = _MOST_PAGES
    size = file.seek(0, io.SEEK_END)
    for number in range(described.num_row_groups):
        group = described.row_group(number)
        for place in range(group.num_columns if group.num_rows else 0):
            left = _pages_left(file, group.column(place), size, left)
            if left < 0:
                return False
    return True


def _pages_left(file: BinaryIO, column: Any, size: int, left: int) -> int:
    """How many pages may still follow after those of a column; less than none where one lies."""
    at = column.data_page_offset
    if column.has_dictionary_page and column.dictionary_page_offset:
        at = min(at, column.dictionary_page_offset)
    end = at + column.total_compressed_size
    if at < 0 or end > size:
        return -1
    while at < end and left >= 0:
        file.seek(at)
        header = _Compact(file.read(min(_LARGEST_HEADER, end - at)))
        try:
            said = header.whole_numbers()
        except (IndexError, ValueError):
            return -1
        unpacked, packed = said.get(_UNPACKED, -1), said.get(_PACKED, -1)
        if not 0 <= packed <= end - at - header.at or not 0 <= unpacked <= max(
            _ALWAYS_ALLOWED, packed * _MOST_TIMES
        ):
            return -1
        at += header.at + packed
        left -= 1
    return left
