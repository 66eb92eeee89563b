"""Why people left a programme, as far as the registry was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
from pyroaring import BitMap

from ibr.codelists.enrolment_status import DECEASED, GRADUATED, INACTIVE, SUSPENDED
from ibr.coverage.engine.members import Members, bitmap, by_number, numbers_in
from ibr.coverage.facts.model import FactProgramme
from ibr.coverage.figures.model import month_period
from ibr.overlaps.checks.sql_parts import DEAD
from ibr.periods import Month

DEATH: Final = "death"
AGED_OUT: Final = "aged_out"
UNKNOWN_REASON: Final = "unknown"
BY_STATUS: Final = {GRADUATED: "graduated", SUSPENDED: "suspended", INACTIVE: "inactive"}
REASONS: Final = (DEATH, AGED_OUT, *BY_STATUS.values(), UNKNOWN_REASON)
"""The first that holds is the reason. Whoever is too old stands as graduated too, since the
standard has one status for every regular end."""

_DEAD: Final = f"""
    with {DEAD}
    select person_no from dead join people using (person_id) where died_on <= ? order by 1
"""
_STATUS: Final = """
    select distinct r.programme_id * 8 + s.status as stands, r.person_no
    from span s join fact_record r using (record_id)
    where s.first_day <= ? and (s.last_day is null or s.last_day >= ?) and s.status between 2 and 5
    order by 1, 2
"""
_ABOUT: Final = ("person", "head")


def why_left(
    members: Members, programme: int, month: Month, left: BitMap
) -> Iterator[tuple[str, BitMap]]:
    """Those who left a programme in a month by the reason; each stands under one."""
    rest = left.copy()
    last = month_period(month).last_day
    status = members.once(("status", month), lambda: _statuses(members, last))
    dead = members.once(("dead", month), lambda: _dead(members, last))
    dead = dead | status.get(programme * 8 + DECEASED, BitMap())
    for reason, people in (
        (DEATH, dead),
        (AGED_OUT, _too_old(members, members.by_id[programme], rest, last)),
        *((name, status.get(programme * 8 + code, BitMap())) for code, name in BY_STATUS.items()),
    ):
        if found := rest & people:
            yield reason, found
            rest -= found
    if rest:
        yield UNKNOWN_REASON, rest


def _dead(members: Members, last: date) -> BitMap:
    rows = members.connection.execute(_DEAD, [last]).fetchnumpy()
    return bitmap(np.ma.getdata(rows["person_no"]))


def _statuses(members: Members, last: date) -> dict[int, BitMap]:
    """Who stands in which status on a day, by eight times the programme and the status."""
    numbers, people = members.connection.execute(_STATUS, [last, last]).fetchnumpy().values()
    return by_number(numbers, people)


def _too_old(members: Members, programme: FactProgramme, left: BitMap, last: date) -> BitMap:
    oldest = [
        int(rule.value["years"])
        for rule in programme.rules
        if rule.kind == "age_to"
        and rule.holds_on(last)
        and rule.value.get("of", "person") in _ABOUT
    ]
    if not oldest or not left:
        return BitMap()
    numbers = numbers_in(left)
    return bitmap(numbers[members.people.ages(numbers, last) > min(oldest)])
