"""Whether an asker goes through numbers one after the other. Pure; nothing of it is ever kept.

The canonical values are seen at the door only, before they become blind indexes. A process
remembers the last few of each asker, and hands on no more than yes or no.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import Final

# A number stands next to another when so few numbers lie between them. Several connections at
# once mix their order, so the last few count and not the last alone.
_NEXT: Final = 4
_LAST: Final = 8
# With a check digit at the end two neighbours lie about ten apart; of them fewer are remembered,
# or a country of a few thousand people would be full of neighbours.
_LAST_CHECKED: Final = 3
_LONGEST: Final = 18
_MOST_ASKERS: Final = 4_096
_NUMBER: Final = re.compile(r"(.*?)(\d+)(\D*)\Z", re.DOTALL)


class Trails:
    """The last numbers of each asker."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], deque[tuple[str, int]]] = {}

    def follow(self, kind: str, asker: int, values: Sequence[str]) -> tuple[bool, ...]:
        """For each canonical value: whether it stands next to one asked about just before.

        A value that was asked about just before is no step, neither is the value beside itself.
        """
        last = self._last.get((kind, asker))
        if last is None:
            if len(self._last) >= _MOST_ASKERS:
                self._last.clear()
            last = self._last[(kind, asker)] = deque(maxlen=_LAST)
        return tuple(_step(last, value) for value in values)


def _step(last: deque[tuple[str, int]], value: str) -> bool:
    read = _NUMBER.match(value)
    if read is None or len(read[2]) > _LONGEST:
        return False
    head, number = read[1], int(read[2])
    here = (head, number)
    if here in last:
        return False
    near = any(then == head and abs(number - before) <= _NEXT for then, before in last)
    if not near:
        newest = list(last)[-_LAST_CHECKED:]
        near = any(
            then == head and abs(number // 10 - before // 10) <= _NEXT for then, before in newest
        )
    last.append(here)
    return near
