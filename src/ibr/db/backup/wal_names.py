"""Names of PostgreSQL's log files, and which of them a restore needs in a row.

A name is 24 hexadecimal digits: the timeline, and the number of the file in two halves. A restore
begins a new timeline, whose history file says where it left the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

_SEGMENT: Final = re.compile(r"[0-9A-F]{24}")
_HISTORY: Final = re.compile(r"([0-9A-F]{8})\.history")
_KEPT: Final = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
_LINE: Final = re.compile(r"^\s*(\d+)\s+([0-9A-F]+)/([0-9A-F]+)", re.MULTILINE)


class Segment(msgspec.Struct, frozen=True, order=True):
    """One log file: on which timeline, and the how-manieth."""

    timeline: int
    number: int


def may_be_kept(name: str) -> bool:
    """Whether PostgreSQL hands over files of such names."""
    return _KEPT.fullmatch(name) is not None


def segment(name: str, size: int) -> Segment | None:
    """What a name says; None for a history file and the like. `size` is a log file's in bytes."""
    if not _SEGMENT.fullmatch(name):
        return None
    per_half = 0x100000000 // size
    return Segment(int(name[:8], 16), int(name[8:16], 16) * per_half + int(name[16:], 16))


def name_of(found: Segment, size: int) -> str:
    """The name of a log file."""
    high, low = divmod(found.number, 0x100000000 // size)
    return f"{found.timeline:08X}{high:08X}{low:08X}"


def history_timeline(name: str) -> int | None:
    """The timeline that a history file speaks of; None for any other name."""
    match = _HISTORY.fullmatch(name)
    return int(match[1], 16) if match else None


def left_at(history: str, size: int) -> dict[int, int]:
    """For each earlier timeline the number of the log file in which it was left."""
    return {
        int(timeline): ((int(high, 16) << 32) + int(low, 16)) // size
        for timeline, high, low in _LINE.findall(history)
    }


def missing(
    first: Segment, kept: Iterable[Segment], histories: Mapping[int, Mapping[int, int]]
) -> Segment | None:
    """The first log file that a restore from `first` to the end of what is kept would lack.

    `histories` are the timelines that have a history file, with where each left the ones before.
    None where all are there in a row. That the end itself was cut off nobody can see from here.
    """
    have = set(kept)
    newest = max([first.timeline, *histories])
    ends = histories.get(newest, {})
    timeline, number = first.timeline, first.number
    following = sorted(each for each in ends if each >= timeline) + [newest]
    last = max((each.number for each in have if each.timeline == newest), default=number - 1)
    for each in dict.fromkeys(following):
        until = ends[each] if each in ends else last + 1
        while number < until:
            if Segment(each, number) not in have:
                return Segment(each, number)
            number += 1
    return None
