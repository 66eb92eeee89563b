"""A simulation: changes one after the other, and everything counted before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from ibr.coverage.engine.ground import Ground, GroundProgramme
from ibr.coverage.engine.members import numbers_in
from ibr.coverage.engine.overlap import MANY, name_of
from ibr.coverage.figures.model import AGE_BANDS
from ibr.coverage.what_if.change import Programmes, changed
from ibr.coverage.what_if.model import (
    ChangeAge,
    Counted,
    Line,
    Outcome,
    Overlap,
    Populations,
    Reached,
    Step,
)

_LOW_BITS: Final = 24
_SEXES: Final = ("0", "1", "2", "3")


def simulate(
    ground: Ground, steps: Sequence[Step], populations: Populations | None = None
) -> Outcome:
    """What would be after these changes; the ground itself is never changed."""
    before: Programmes = dict(ground.programmes)
    after, counted = dict(before), list[Counted]()
    for step in steps:
        after, met = changed(ground, after, step)
        counted.append(met)
    had, has = _held(ground, before), _held(ground, after)
    lost, gained = _moved(ground, before, after)
    people = populations or {}
    groups = _Groups(ground, before, after, had > 0, has > 0)
    return Outcome(
        month=ground.month,
        as_known_at=ground.as_known_at,
        recorded=ground.recorded,
        steps=tuple(steps),
        counted=tuple(counted),
        whole=groups.lines("", np.zeros(ground.recorded, dtype=np.int64), ("",), people)[0],
        programmes=_by_programme(before, after, _same_target(steps, people)),
        sexes=groups.lines("sex", ground.sex, _SEXES, people),
        ages=groups.lines("age", _band(ground.age), (*AGE_BANDS, ""), people),
        areas=groups.lines("area1", ground.area1, ground.areas, people),
        by_number=_by_number(had, has),
        pairs=_pairs(before, after),
        lose_all=int(((had > 0) & (has == 0)).sum()),
        lose_some=int((lost & (has > 0)).sum()),
        reached_anew=int(((had == 0) & (has > 0)).sum()),
        gain_more=int((gained & (had > 0)).sum()),
    )


def _held(ground: Ground, programmes: Programmes) -> Any:
    """In how many programmes each person is."""
    held = np.zeros(ground.recorded, dtype=np.int16)
    for each in programmes.values():
        held[numbers_in(each.people)] += 1
    return held


def _moved(ground: Ground, before: Programmes, after: Programmes) -> tuple[Any, Any]:
    """Who left at least one programme, and who came to at least one."""
    lost, gained = (np.zeros(ground.recorded, dtype=np.bool_) for _ in range(2))
    for code in before.keys() | after.keys():
        was, now = _people(before, code), _people(after, code)
        if was is not now:
            lost[numbers_in(was - now)] = True
            gained[numbers_in(now - was)] = True
    return lost, gained


def _people(programmes: Programmes, code: str) -> BitMap:
    return programmes[code].people if code in programmes else BitMap()


def _band(age: Any) -> Any:
    """Places in AGE_BANDS, and behind the last of them where the age is not known."""
    return np.where(age < 0, len(AGE_BANDS), np.minimum(age // 5, len(AGE_BANDS) - 1))


class _Groups:
    """People and money of groups, before and after."""

    def __init__(
        self, ground: Ground, before: Programmes, after: Programmes, had: Any, has: Any
    ) -> None:
        self._ground = ground
        self._had, self._has = had, has
        self._given = [_all_given(each) for each in (before, after)]

    def lines(
        self, dimension: str, group: Any, keys: Sequence[str], populations: Populations
    ) -> list[Line]:
        """A line for each group in which anybody is, before or after."""

        def count(flags: Any) -> Any:
            return np.bincount(group[flags], minlength=len(keys))

        had, has = count(self._had), count(self._has)
        lose, gain = count(self._had & ~self._has), count(self._has & ~self._had)
        money = [_sums(group, given, len(keys)) for given in self._given]
        return [
            Line(
                key,
                Reached(int(had[place]), _at(money[0], place)),
                Reached(int(has[place]), _at(money[1], place)),
                int(lose[place]),
                int(gain[place]),
                populations.get((dimension, key)),
            )
            for place, key in enumerate(keys)
            if had[place] or has[place] or not dimension
        ]


def _all_given(programmes: Programmes) -> dict[str, tuple[Any, Any]]:
    """Who was given what, over all programmes, by currency."""
    currencies = sorted({currency for each in programmes.values() for currency in each.given})
    return {
        currency: (
            np.concatenate([given.person for given in _of(programmes, currency)]),
            np.concatenate([given.minor for given in _of(programmes, currency)]),
        )
        for currency in currencies
    }


def _of(programmes: Programmes, currency: str) -> list[Any]:
    return [each.given[currency] for each in programmes.values() if currency in each.given]


def _sums(group: Any, given: Mapping[str, tuple[Any, Any]], size: int) -> dict[str, Any]:
    """Money by group, to the last minor unit: counted in two parts, each small enough to add up
    exactly as a floating number."""
    found = {}
    for currency, (person, minor) in given.items():
        place = group[person]
        high, low = minor >> _LOW_BITS, minor & ((1 << _LOW_BITS) - 1)
        whole = [np.bincount(place, each, size).astype(np.int64) for each in (high, low)]
        found[currency] = (whole[0] << _LOW_BITS) + whole[1]
    return found


def _at(sums: Mapping[str, Any], place: int) -> dict[str, int]:
    return {currency: int(values[place]) for currency, values in sums.items() if int(values[place])}


def _same_target(steps: Sequence[Step], populations: Populations) -> Populations:
    """Populations without the target groups that a change makes others."""
    other = {("programme", each.programme) for each in steps if isinstance(each, ChangeAge)}
    return {key: people for key, people in populations.items() if key not in other}


def _by_programme(before: Programmes, after: Programmes, populations: Populations) -> list[Line]:
    return [
        Line(
            code,
            _reached(before.get(code)),
            _reached(after.get(code)),
            len(_people(before, code) - _people(after, code)),
            len(_people(after, code) - _people(before, code)),
            populations.get(("programme", code)),
        )
        for code in sorted(before.keys() | after.keys())
    ]


def _reached(programme: GroundProgramme | None) -> Reached:
    if programme is None:
        return Reached(0, {})
    sums = {currency: given.total for currency, given in programme.given.items() if given.total}
    return Reached(len(programme.people), sums)


def _by_number(had: Any, has: Any) -> list[Overlap]:
    """People by the number of their programmes; the last stands for so many and more."""
    before, after = (
        np.bincount(np.minimum(each, MANY), minlength=MANY + 1).tolist() for each in (had, has)
    )
    return [
        Overlap((name_of(number),), before[number], after[number]) for number in range(1, MANY + 1)
    ]


def _pairs(before: Programmes, after: Programmes) -> list[Overlap]:
    """Pairs of which one has other people than before, where that changes whom they share."""
    found = []
    other = {
        code
        for code in before.keys() | after.keys()
        if code not in before or code not in after or before[code].people is not after[code].people
    }
    for one, two in combinations(sorted(before.keys() | after.keys()), 2):
        if one in other or two in other:
            was = _people(before, one).intersection_cardinality(_people(before, two))
            now = _people(after, one).intersection_cardinality(_people(after, two))
            if was != now:
                found.append(Overlap((one, two), was, now))
    return found
