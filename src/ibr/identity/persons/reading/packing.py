"""Appearances as PostgreSQL's binary COPY takes them.

The driver asks of each key whether it is a list of its own, and a row has two dozen keys. The form
is that of the PostgreSQL manual, "COPY", "Binary Format", and of `array_send` for the keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct, pack
from typing import Final

from ibr.identity.persons.reading.reading_block import AppearanceRow

_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + pack(">ii", 0, 0)
_END: Final = pack(">h", -1)
_FIELDS: Final = 9
_BIGINT_OID: Final = 20
# Each value has its length before it: of a bigint 8 bytes, of an integer 4, of a smallint 2.
_WHOSE: Final = Struct(">h iq ih ii").pack
_SMALL: Final = Struct(">ih").pack
_LENGTH: Final = Struct(">i").pack
_STANDARD_AND_TIME: Final = Struct(">ih iq").pack
_NOTHING: Final = _LENGTH(-1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


def packed_rows(rows: Iterable[AppearanceRow]) -> bytes:
    """The rows in the order of their fields."""
    parts = [_BEGIN]
    for row in rows:
        parts += (
            _WHOSE(_FIELDS, 8, row.record_id, 2, row.appearance_no, 4, row.programme_id),
            _NOTHING if row.member_no is None else _SMALL(2, row.member_no),
            _LENGTH(len(row.features)),
            row.features,
            _LENGTH(len(row.features_digest)),
            row.features_digest,
            _array(row.keys),
            _STANDARD_AND_TIME(2, row.standard, 8, _microseconds(row.read_at)),
        )
    parts.append(_END)
    return b"".join(parts)


def _array(values: list[int]) -> bytes:
    many = len(values)
    if not many:
        return pack(">iiii", 12, 0, 0, _BIGINT_OID)
    each_with_length = [8] * (2 * many)
    each_with_length[1::2] = values
    return _array_of(many).pack(20 + 12 * many, 1, 0, _BIGINT_OID, many, 1, *each_with_length)


@lru_cache(maxsize=256)
def _array_of(many: int) -> Struct:
    return Struct(">iiiiii" + "iq" * many)


@lru_cache(maxsize=16)
def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
