"""Who was reached by which programme in which month, as bitmaps of dense person numbers.

Read once from the narrow table of memberships and kept for a whole run: a month's overlaps need
one month, its flows need a year before it.
"""

from __future__ import annotations

import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import duckdb
import msgspec
import numpy as np
from pyroaring import BitMap

from ibr.coverage.facts.membership import make_membership
from ibr.coverage.facts.model import FactProgramme
from ibr.periods import Month, month_of

_FIRST: Final = "select min(month) from benefit"
_MONTH: Final = """
    select programme_id, person_no from membership where month = ?
    order by programme_id, person_no
"""
_PEOPLE: Final = """
    select person_no, sex, birth_date, area1,
           (case when disability then 1 when not disability then 0 else 2 end)::utinyint
               as disability
    from people order by person_no
"""
T = TypeVar("T")
UNKNOWN: Final = 2
"""Of a disability that nobody said anything about."""
NO_AGE: Final = -1
LOOK_BACK: Final = 13
"""How many months before a month its flows look back, beside the longest cycle (flows.py)."""


class People(msgspec.Struct, frozen=True):
    """What is known of each person, at the place of the person's number."""

    sex: Any
    birth: Any
    """First day on which the person may have been born, as days since 1970."""
    disability: Any
    area1: Any
    """The place of the person's area in `areas`."""
    areas: tuple[str, ...]
    there: Any
    """Whether a person has this number at all."""

    def ages(self, whose: Any, on: date) -> Any:
        """Completed years of some people on a day; NO_AGE where not known."""
        return ages(self.birth[whose], on)


def open_members(
    connection: duckdb.DuckDBPyConnection,
    programmes: Mapping[int, FactProgramme],
    months: Sequence[Month],
) -> Members:
    """Members for counting these months: makes the table of memberships of them and of the months
    before that their flows look back at. Needs make_people."""
    cycles = [max(each.cycle_months, 1) for each in programmes.values()]
    back = LOOK_BACK + max(cycles, default=1)
    month = min(months).plus(-back)
    wanted = []
    while month <= max(months):
        wanted.append(month)
        month = month.plus(1)
    make_membership(connection, wanted)
    return Members(connection, programmes)


class Members:
    """Direct beneficiaries by month and programme, and what is known of them.

    The connection has the snapshot's views and the tables of people and memberships that facts
    made of it.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, programmes: Mapping[int, FactProgramme]
    ) -> None:
        self.connection = connection
        self.programmes = sorted(programmes.values(), key=lambda each: each.code)
        self.by_id = programmes
        row = connection.execute(_FIRST).fetchone()
        self.first: Month | None = month_of(row[0]) if row and row[0] else None
        """The first month in which anybody was given anything."""
        self._months: dict[Month, dict[int, BitMap]] = {}
        self._stocks: dict[tuple[int, Month], BitMap] = {}
        self._kept: dict[tuple[Any, ...], Any] = {}

    def of(self, month: Month) -> dict[int, BitMap]:
        """Who received from each programme in a month; programmes that gave nothing are not in."""
        if month not in self._months:
            rows = self.connection.execute(_MONTH, [month.first]).fetchnumpy()
            self._months[month] = by_number(rows["programme_id"], rows["person_no"])
        return self._months[month]

    def direct(self, programme_id: int, month: Month) -> BitMap:
        return self.of(month).get(programme_id, BitMap())

    def stock(self, programme_id: int, month: Month) -> BitMap:
        """Who received from a programme in its cycle that ends with the month.

        A programme that pays every second month loses nobody in the month between.
        """
        key = (programme_id, month)
        if key not in self._stocks:
            cycle = max(self.by_id[programme_id].cycle_months, 1)
            self._stocks[key] = together(
                self.direct(programme_id, month.plus(-back)) for back in range(cycle)
            )
        return self._stocks[key]

    def stock_of_all(self, programmes: Iterable[int], month: Month) -> BitMap:
        return together(self.stock(number, month) for number in programmes)

    def known_stocks(self, month: Month) -> list[int]:
        """Programmes whose whole cycle that ends with the month lies within what was reported."""
        if self.first is None:
            return []
        return [
            each.programme_id
            for each in self.programmes
            if month.plus(1 - max(each.cycle_months, 1)) >= self.first
        ]

    def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What was made for a key, made at the first time."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def turn_to(self, month: Month) -> None:
        """Lets go of what was made for other months and is large; it is made anew if need be."""
        oldest = month.plus(-LOOK_BACK)
        self._stocks = {key: found for key, found in self._stocks.items() if key[1] >= oldest}
        self._kept = {
            key: found for key, found in self._kept.items() if len(key) == 1 or key[1] == month
        }

    @cached_property
    def people(self) -> People:
        rows = self.connection.execute(_PEOPLE).fetchnumpy()
        numbers = rows["person_no"].astype(np.int64)
        size = int(numbers.max()) + 1 if len(numbers) else 0
        areas, places = np.unique(rows["area1"].astype(str), return_inverse=True)

        def placed(values: Any, nothing: int, kind: Any) -> Any:
            whole = np.full(size, nothing, dtype=kind)
            whole[numbers] = values
            return whole

        return People(
            sex=placed(rows["sex"], 0, np.uint8),
            birth=placed(days(rows["birth_date"]), NO_DAY, np.int32),
            disability=placed(rows["disability"], UNKNOWN, np.uint8),
            area1=placed(places, 0, np.int32),
            areas=tuple(str(each) for each in areas),
            there=placed(1, 0, np.bool_),
        )


NO_DAY: Final = np.iinfo(np.int32).min


def days(dates: Any) -> Any:
    """Days since 1970 of a column of dates, NO_DAY where there is none."""
    missing = np.ma.getmaskarray(dates)
    plain = np.ma.getdata(dates).astype("datetime64[D]")
    found = plain.astype(np.int64)
    return np.where(missing | np.isnat(plain), NO_DAY, found).astype(np.int32)


def ages(birth: Any, on: date) -> Any:
    """Completed years on a day of births given as days since 1970."""
    born = birth.astype("datetime64[D]")
    year = born.astype("datetime64[Y]")
    month = born.astype("datetime64[M]")
    month_no = (month - year).astype(np.int64) + 1
    day_no = (born - month).astype(np.int64) + 1
    later = month_no * 100 + day_no > on.month * 100 + on.day
    whole = on.year - (year.astype(np.int64) + 1970) - later
    return np.where((birth == NO_DAY) | (whole < 0), NO_AGE, whole)


def bitmap(numbers: Any) -> BitMap:
    """Numbers of people as a bitmap, without going through them one by one."""
    plain = array.array("I")
    plain.frombytes(np.ascontiguousarray(numbers, dtype=np.uint32).tobytes())
    return BitMap(plain)


def numbers_in(people: BitMap) -> Any:
    """The same back: numbers in order."""
    return np.frombuffer(people.to_array(), dtype=np.uint32) if people else _NOBODY


_NOBODY: Final = np.empty(0, dtype=np.uint32)


def by_number(keys: Any, people: Any) -> dict[int, BitMap]:
    """A bitmap for each key; the rows are sorted by key."""
    plain = np.ma.getdata(keys)
    if not len(plain):
        return {}
    found, begins = np.unique(plain, return_index=True)
    ends = [*begins[1:], len(plain)]
    values = np.ma.getdata(people)
    return {
        int(key): bitmap(values[begin:end])
        for key, begin, end in zip(found, begins, ends, strict=True)
    }


def together(sets: Iterable[BitMap]) -> BitMap:
    """Everybody who is in any of them."""
    several = list(sets)
    return BitMap.union(*several) if len(several) > 1 else several[0] if several else BitMap()
