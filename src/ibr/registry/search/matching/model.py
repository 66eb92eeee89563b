"""A filter that somebody asks again and again, and its values as they are bound; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.registry.search.model import Compare, Filter, One, Operator, Span

# A list this short may be a join key: its values become rows.
SHORT: Final = 8


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A filter in normal form with its number, the topic it is about and the programmes in reach.

    A topic is a number that the caller gives a meaning: which kind of change, for example.
    """

    number: int
    topic: int
    programmes: frozenset[int]
    filter: Filter


class Column(msgspec.Struct, frozen=True):
    """Where the values of one comparison stand: their type, and what PostgreSQL reads them from."""

    type: str
    literal: str


RangeOf = Literal["timestamptz", "date", "numeric"]
MULTIRANGES: Final[dict[RangeOf, str]] = {
    "timestamptz": "tstzmultirange",
    "date": "datemultirange",
    "numeric": "nummultirange",
}


def array(kind: str, values: Iterable[object]) -> Column:
    """Values as one array."""
    return Column(f"{kind}[]", "{" + ",".join(map(_quoted, values)) + "}")


def _quoted(value: object) -> str:
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spans(kind: RangeOf, operator: Operator, values: Iterable[Span]) -> Column:
    """What a comparison with dates lets through, as a set of ranges.

    Whatever the operator, a record's date then lies in the set or does not: filters that compare
    by different operators are evaluated together.
    """

    def bound(moment: datetime) -> str:
        return (moment.date() if kind == "date" else moment).isoformat()

    ranges = []
    for each in values:
        first, until = bound(each.first), bound(each.until)
        ranges.append(
            {
                "gt": f"[{until},)",
                "ge": f"[{first},)",
                "lt": f"(,{first})",
                "le": f"(,{until})",
            }.get(operator, f"[{first},{until})")
        )
    return Column(MULTIRANGES[kind], "{" + ",".join(ranges) + "}")


def numbers(compare: Compare) -> Column:
    """The same for a comparison with numbers."""
    ranges = []
    for each in compare.values:
        number = _decimal(each)
        ranges.append(
            {
                "gt": f"({number},)",
                "ge": f"[{number},)",
                "lt": f"(,{number})",
                "le": f"(,{number}]",
            }.get(compare.operator, f"[{number},{number}]")
        )
    return Column(MULTIRANGES["numeric"], "{" + ",".join(ranges) + "}")


def _decimal(value: One) -> str:
    assert isinstance(value, (int, float))
    return f"{value:.6f}"
