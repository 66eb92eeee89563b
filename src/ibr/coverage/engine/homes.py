"""Who lives with whom in a month, as the records of households say that were in force."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from ibr.coverage.engine.members import Members
from ibr.coverage.figures.model import month_period
from ibr.periods import Month

_HOMES: Final = """
    select record_id, person_no from fact_named where record_id in (
        select record_id from fact_span
        where of_group and first_day <= ? and (last_day is null or last_day >= ?)
    )
    order by 1, 2
"""


class Homes(msgspec.Struct, frozen=True):
    """Households and their people, one row for each person in each."""

    household: Any
    person: Any
    households: int

    def with_any_of(self, people: Any) -> Any:
        """Everybody in whose household somebody is among these, and they themselves."""
        here = np.zeros(self.households, dtype=np.bool_)
        here[self.household[people[self.person]]] = True
        found = people.copy()
        found[self.person[here[self.household]]] = True
        return found

    def together(self, one: Any, two: Any) -> tuple[Any, Any]:
        """Everybody of the one with everybody of the other who lives with them; each also with
        themselves, where they are in both."""
        both = np.flatnonzero(one & two)
        first, second = np.flatnonzero(one[self.person]), np.flatnonzero(two[self.person])
        counts = np.bincount(self.household[second], minlength=self.households)
        begins = np.concatenate(([0], np.cumsum(counts)))
        of_each = counts[self.household[first]]
        # Rows are sorted by household, so the other's people of one household stand in a row.
        places = np.arange(int(of_each.sum())) - np.repeat(np.cumsum(of_each) - of_each, of_each)
        others = second[np.repeat(begins[self.household[first]], of_each) + places]
        a, b = np.repeat(self.person[first], of_each), self.person[others]
        return np.concatenate((both, a)), np.concatenate((both, b))


def homes_in(members: Members, month: Month) -> Homes:
    """The households of a month; read once for it."""

    def read() -> Homes:
        period = month_period(month)
        rows = members.connection.execute(_HOMES, [period.last_day, month.first]).fetchnumpy()
        found, household = np.unique(np.ma.getdata(rows["record_id"]), return_inverse=True)
        person = np.ma.getdata(rows["person_no"]).astype(np.int64)
        return Homes(household.astype(np.int64), person, len(found))

    return members.once(("homes", month), read)
