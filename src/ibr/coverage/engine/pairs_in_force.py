"""What programmes that exclude or complete each other come to in a month: O6 and O7."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from ibr.coverage.engine.homes import homes_in
from ibr.coverage.engine.members import Members, bitmap, numbers_in, together
from ibr.coverage.figures.model import Cell, breakdown_of, month_period, share_cell
from ibr.periods import Month

SUSPECTED: Final = "suspected"
CONFIRMED: Final = "confirmed"
LONG_PERIOD: Final = 12
"""Months within which both give, where a pair does not ask for the same month."""

Confirmed = Mapping[tuple[int, int], Collection[int]]
"""People of cases that confirmed an overlap in the month, by the numbers of the two programmes,
the smaller one first."""
Found = dict[tuple[str, str], list[Cell]]

_ASKED: Final = {"min_age", "max_age", "sex", "is_disabled"}
_PAIRS: Final = """
    select pair_no, first_programme, second_programme, relation, unit, same_period,
           coalesce(tolerance_days, 0), cap_minor, currency, coalesce(conditions, '{}'),
           valid_from, valid_to
    from pair where relation in ('incompatible', 'complementary') order by pair_no
"""
_ACTIVE: Final = """
    create or replace temp table active_side as
    select w.person_no, s.record_id, s.programme_id, s.first_day, s.last_day
    from span s join fact_record w using (record_id)
    where s.active and s.programme_id in (
        select unnest([first_programme, second_programme]) from pair
        where relation = 'incompatible'
    )
"""
# Payments after the end of an enrolment are arrears, and days of transition are lawful.
_LASTING: Final = """
    with active as (
        select * replace (least(coalesce(last_day, $last), $last) as last_day)
        from active_side where first_day <= $last
    ),
    beside as (
        select m.pair_no, m.one, m.two, any_value(p.cap_minor) as cap_minor,
               any_value(p.currency) as currency, any_value(p.first_programme) as first,
               any_value(p.second_programme) as second
        from (select distinct * from met) m join pair p using (pair_no)
            join active x on x.person_no = m.one and x.programme_id = p.first_programme
            join active y on y.person_no = m.two and y.programme_id = p.second_programme
        where greatest(x.first_day, y.first_day) <= least(x.last_day, y.last_day)
        group by m.pair_no, m.one, m.two, x.record_id, y.record_id
        having sum(least(x.last_day, y.last_day) - greatest(x.first_day, y.first_day) + 1)
                > any_value(coalesce(p.tolerance_days, 0))
            and (not any_value(p.same_period)
                 or max(least(x.last_day, y.last_day)) >= $first)
    ),
    once as (select distinct * from beside),
    given as (
        select b.programme_id, w.person_no, coalesce(b.currency, g.currency) as currency,
               sum(b.value_minor) as minor
        from benefit b join fact_record w using (record_id)
            join programme g on g.programme_id = b.programme_id
        where b.month = $first and exists (select 1 from once where cap_minor is not null)
        group by all
    )
    select o.pair_no, o.one, o.two
    from once o
        left join given x on x.person_no = o.one and x.programme_id = o.first
            and x.currency = o.currency
        left join given y on y.person_no = o.two and y.programme_id = o.second
            and y.currency = o.currency
    where o.cap_minor is null or coalesce(x.minor, 0) + coalesce(y.minor, 0) > o.cap_minor
"""


class PairInForce(msgspec.Struct, frozen=True):
    """A row of `pair` as overlaps need it."""

    pair_no: int
    first: int
    second: int
    relation: str
    unit: str
    same_period: bool
    tolerance_days: int
    cap_minor: int | None
    currency: str | None
    conditions: dict[str, Any]
    valid_from: date
    valid_to: date | None

    def holds(self, first: date, last: date) -> bool:
        return self.valid_from <= last and (self.valid_to is None or self.valid_to >= first)

    @property
    def of_households(self) -> bool:
        return self.unit == "household"


def all_pairs(members: Members) -> list[PairInForce]:
    def read() -> list[PairInForce]:
        cursor = members.connection.execute(_PAIRS)
        names = PairInForce.__struct_fields__
        rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
        return [PairInForce(**row | {"conditions": json.loads(row["conditions"])}) for row in rows]

    return members.once(("pairs",), read)


def count_pairs(members: Members, month: Month, confirmed: Confirmed | None) -> Found:
    """O6 and O7 of a month; empty where no pair is in force."""
    last = month_period(month).last_day
    known = [
        each
        for each in all_pairs(members)
        if each.first in members.by_id and each.second in members.by_id
    ]
    excluding = [p for p in known if p.relation == "incompatible" and p.holds(month.first, last)]
    completing = [p for p in known if p.relation == "complementary" and p.holds(last, last)]
    found: Found = {}
    if excluding:
        found |= _unintended(members, month, excluding, confirmed)
    if completing:
        found["O7", breakdown_of("programme", "with")] = _completed(members, month, completing)
    return found


def _unintended(
    members: Members, month: Month, pairs: Collection[PairInForce], confirmed: Confirmed | None
) -> Found:
    suspected: dict[tuple[int, int], BitMap] = {}
    lasting = _lasting(members, month, pairs)
    for pair in pairs:
        both = (pair.first, pair.second)
        suspected[both] = suspected.get(both, BitMap()) | lasting[pair.pair_no]
    either = {
        both: members.direct(both[0], month) | members.direct(both[1], month) for both in suspected
    }
    parts: dict[str, Mapping[tuple[int, int], BitMap | frozenset[int]]] = {SUSPECTED: suspected}
    if confirmed is not None:
        parts[CONFIRMED] = {both: frozenset(confirmed.get(both, ())) for both in suspected}
    in_any = len(together(either.values()))
    whole, cells = [], []
    for part, people in parts.items():
        everybody = len(set().union(*people.values()))
        whole.append(share_cell((part,), everybody, in_any))
        for both, own in people.items():
            one, two = sorted(members.by_id[number].code for number in both)
            cells.append(share_cell((one, two, part), len(own), len(either[both])))
    return {("O6", "part"): whole, ("O6", breakdown_of("programme", "with", "part")): cells}


def _lasting(members: Members, month: Month, pairs: Collection[PairInForce]) -> dict[int, BitMap]:
    """Whom two programmes reach against each pair, beyond what the pair allows."""
    members.once(("active",), lambda: members.connection.execute(_ACTIVE) and None)
    rows: list[tuple[int, Any, Any]] = [
        (pair.pair_no, *_met(members, month, pair, *sides))
        for pair in pairs
        for sides in _sides(members, month, pair)
    ]
    met = pa.table(
        {
            "pair_no": np.concatenate([np.full(len(one), number) for number, one, _ in rows]),
            "one": np.concatenate([one for _, one, _ in rows]).astype(np.int64),
            "two": np.concatenate([two for _, _, two in rows]).astype(np.int64),
        }
    )
    connection = members.connection
    connection.register("met", met)
    days = {"first": month.first, "last": month_period(month).last_day}
    kept = connection.execute(_LASTING, days).fetchnumpy()
    connection.unregister("met")
    found = {}
    numbers = np.ma.getdata(kept["pair_no"])
    for pair in pairs:
        own = numbers == pair.pair_no
        people = np.concatenate([np.ma.getdata(kept[side])[own] for side in ("one", "two")])
        found[pair.pair_no] = bitmap(np.unique(people)) & fitting(members, pair.conditions, month)
    return found


def _sides(members: Members, month: Month, pair: PairInForce) -> Iterable[tuple[BitMap, BitMap]]:
    """Who received from the one and who from the other, in the same month or near it."""
    one, two = members.direct(pair.first, month), members.direct(pair.second, month)
    if pair.same_period:
        yield one, two
        return
    for first, second in ((0, LONG_PERIOD), (LONG_PERIOD, 0)):
        yield (
            _within(members, pair.first, month, first),
            _within(members, pair.second, month, second),
        )


def _within(members: Members, programme: int, month: Month, months: int) -> BitMap:
    return together(members.direct(programme, month.plus(-ago)) for ago in range(max(months, 1)))


def _met(
    members: Members, month: Month, pair: PairInForce, one: BitMap, two: BitMap
) -> tuple[Any, Any]:
    """A person with themselves, or with whom they live."""
    if pair.of_households:
        return homes_in(members, month).together(_flags(members, one), _flags(members, two))
    both = numbers_in(one & two)
    return both, both


def _flags(members: Members, people: BitMap) -> Any:
    found = np.zeros(len(members.people.there), dtype=np.bool_)
    found[numbers_in(people)] = True
    return found


def fitting(members: Members, conditions: Mapping[str, Any], month: Month) -> BitMap:
    """Who surely meets the conditions of a pair at the end of a month."""
    people = members.people
    if not conditions.keys() & _ASKED:
        return BitMap(range(len(people.there)))
    meets = people.there.copy()
    youngest, oldest = conditions.get("min_age"), conditions.get("max_age")
    if youngest is not None or oldest is not None:
        ages = people.ages(slice(None), month_period(month).last_day)
        meets &= (ages >= (youngest or 0)) & (ages <= (999 if oldest is None else oldest))
    if conditions.get("sex") is not None:
        meets &= people.sex == conditions["sex"]
    if conditions.get("is_disabled") is not None:
        meets &= (people.disability == 1) == conditions["is_disabled"]
    return bitmap(np.flatnonzero(meets))


def _completed(members: Members, month: Month, pairs: Collection[PairInForce]) -> list[Cell]:
    """Of those in the one who may have the other as well, the share who do."""
    due: dict[tuple[int, int], BitMap] = {}
    both: dict[tuple[int, int], BitMap] = {}
    for pair in pairs:
        wanted = pair.conditions.get("entitled_to", members.by_id[pair.second].code)
        offered = pair.first if members.by_id[pair.first].code == wanted else pair.second
        having = pair.second if offered == pair.first else pair.first
        fit, reached = fitting(members, pair.conditions, month), members.direct(offered, month)
        if pair.of_households:
            homes = homes_in(members, month)
            fit, reached = (
                bitmap(np.flatnonzero(homes.with_any_of(_flags(members, each))))
                for each in (fit, reached)
            )
        key = (having, offered)
        entitled = members.direct(having, month) & fit
        due[key] = due.get(key, BitMap()) | entitled
        both[key] = both.get(key, BitMap()) | (entitled & reached)
    return [
        share_cell(
            (members.by_id[having].code, members.by_id[offered].code),
            len(both[having, offered]),
            len(people),
        )
        for (having, offered), people in due.items()
        if people
    ]
