"""What a change does to who receives what: one function for each kind of change."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from pyroaring import BitMap

from ibr.coverage.engine.ground import Given, Ground, GroundProgramme, Limits
from ibr.coverage.engine.members import bitmap, numbers_in
from ibr.coverage.what_if.model import (
    HOUSEHOLD,
    SMALLER,
    WHOLE,
    ChangeAge,
    Close,
    Counted,
    Exclude,
    Open,
    Step,
)
from ibr.errors import NotUnderstood

Programmes = dict[str, GroundProgramme]
_OLDEST: Final = 200
_SPREAD: Final = np.uint32(2654435761)
"""An odd number near 2^32 over the golden ratio: it spreads numbers in a row evenly."""


def changed(ground: Ground, now: Programmes, step: Step) -> tuple[Programmes, Counted]:
    """The programmes after one change, and what it met with."""
    match step:
        case Close():
            return _closed(now, step)
        case Open():
            return _opened(ground, now, step)
        case ChangeAge():
            return _other_ages(ground, now, step)
        case Exclude():
            return _excluded(ground, now, step)


def known(now: Programmes, code: str) -> GroundProgramme:
    """A programme by its code; NotUnderstood where there is none."""
    found = now.get(code)
    if found is None:
        raise NotUnderstood(
            "what_if.programme",
            "One of the programmes is not known. See: ibr programmes list",
            field="programme",
        )
    return found


def _closed(now: Programmes, step: Close) -> tuple[Programmes, Counted]:
    gone = [known(now, code) for code in step.programmes]
    left = BitMap.union(*(each.people for each in gone)) if gone else BitMap()
    after = now | {each.code: without(each, each.people) for each in gone}
    return after, Counted(leave=len(left))


def _opened(ground: Ground, now: Programmes, step: Open) -> tuple[Programmes, Counted]:
    if step.code in now:
        raise NotUnderstood(
            "what_if.code", "There is a programme with this code already.", field="code"
        )
    fits, unknown = _within(ground, step.age_from, step.age_to)
    other = _sex_and_disability(ground, step.sex, disability=step.disability)
    if step.areas:
        wanted = [place for place, code in enumerate(ground.areas) if code in step.areas]
        if len(wanted) < len(set(step.areas)):
            raise NotUnderstood(
                "what_if.area", "One of the areas has nobody recorded.", field="area"
            )
        other &= np.isin(ground.area1, wanted)
    entitled, asked = bitmap(np.flatnonzero(fits & other)), bitmap(np.flatnonzero(unknown & other))
    if step.also_in:
        among = BitMap.union(*(known(now, code).people for code in step.also_in))
        entitled, asked = entitled & among, asked & among
    for code in step.not_in:
        entitled, asked = entitled - known(now, code).people, asked - known(now, code).people
    taken = some_of(entitled, step.take_up)
    limits = Limits(step.age_from, step.age_to, step.sex, step.disability)
    new = GroundProgramme(
        code=step.code, currency=step.currency or None, limits=limits, people=BitMap(), given={}
    )
    counted = Counted(entitled=len(entitled), enter=len(taken), age_unknown=len(asked))
    return now | {step.code: with_more(new, taken, step.currency, step.amount_minor)}, counted


def _other_ages(ground: Ground, now: Programmes, step: ChangeAge) -> tuple[Programmes, Counted]:
    programme = known(now, step.programme)
    limits = programme.limits
    inside, unknown = _within(ground, step.age_from, step.age_to)
    before, _ = _within(ground, limits.age_from, limits.age_to)
    outside = ~inside & ~unknown
    leave = programme.people & bitmap(np.flatnonzero(outside & before))
    already = programme.people & bitmap(np.flatnonzero(outside & ~before))
    may = inside & ~before & ~unknown
    may &= _sex_and_disability(ground, limits.sex, disability=limits.disability)
    entitled = bitmap(np.flatnonzero(may)) - programme.people
    taken = some_of(entitled, step.take_up)
    currency, average = _average(programme)
    after = with_more(without(programme, leave), taken, currency, average)
    new_limits = msgspec.structs.replace(limits, age_from=step.age_from, age_to=step.age_to)
    return now | {step.programme: msgspec.structs.replace(after, limits=new_limits)}, Counted(
        entitled=len(entitled),
        enter=len(taken),
        leave=len(leave),
        age_unknown=len(programme.people & bitmap(np.flatnonzero(unknown))),
        outside_already=len(already),
        no_limit=limits.age_from is None and limits.age_to is None,
        of_others=limits.others,
        average_minor=average,
        currency=currency,
    )


def _average(programme: GroundProgramme) -> tuple[str, int]:
    """What a person received on average, in the currency of most of the money."""
    sums = {currency: given.total for currency, given in programme.given.items()}
    currency = max(sums, key=lambda each: (sums[each], each), default=programme.currency or "")
    people = len(programme.people)
    return currency, round(sums.get(currency, 0) / people) if people else 0


def _excluded(ground: Ground, now: Programmes, step: Exclude) -> tuple[Programmes, Counted]:
    one, two = known(now, step.first), known(now, step.second)
    if one.code == two.code:
        raise NotUnderstood("what_if.same", "Choose two different programmes.", field="second")
    if step.loses not in (one.code, two.code, SMALLER):
        raise NotUnderstood(
            "what_if.loses", "Choose which of the two programmes gives way.", field="loses"
        )
    if step.unit == HOUSEHOLD:
        if step.loses == SMALLER:
            raise NotUnderstood(
                "what_if.household",
                "In households the smaller benefit cannot be told. Choose the programme that "
                "gives way.",
                field="loses",
            )
        gives_way, stays = (one, two) if step.loses == one.code else (two, one)
        near = np.isin(ground.home, np.unique(ground.home[numbers_in(stays.people)]))
        leave = gives_way.people & bitmap(np.flatnonzero(near))
        return now | {gives_way.code: without(gives_way, leave)}, Counted(leave=len(leave))
    both = one.people & two.people
    if step.loses != SMALLER:
        gives_way = one if step.loses == one.code else two
        return now | {gives_way.code: without(gives_way, both)}, Counted(leave=len(both))
    from_one, from_two, unclear = _smaller(ground, one, two, both)
    after = {one.code: without(one, from_one), two.code: without(two, from_two)}
    return now | after, Counted(leave=len(both), without_amount=unclear)


def _smaller(
    ground: Ground, one: GroundProgramme, two: GroundProgramme, both: BitMap
) -> tuple[BitMap, BitMap, int]:
    """Those for whom the first gave less, and all others of both; of how many that is not clear.

    Amounts are compared in one currency, that of the first programme's money.
    """
    currency, _ = _average(one)
    amounts = []
    for each in (one, two):
        own = np.full(ground.recorded, -1, dtype=np.int64)
        given = each.given.get(currency)
        if given is not None:
            own[given.person] = given.minor
        amounts.append(own)
    numbers = numbers_in(both)
    first, second = amounts[0][numbers], amounts[1][numbers]
    clear = (first >= 0) & (second >= 0) & (first != second)
    less = bitmap(numbers[clear & (first < second)])
    return less, both - less, int((~clear).sum())


def _within(ground: Ground, youngest: int | None, oldest: int | None) -> tuple[Any, Any]:
    """Whose age lies between the limits, and of whom it is not known where it is asked for."""
    if youngest is None and oldest is None:
        everybody = np.ones(ground.recorded, dtype=np.bool_)
        return everybody, ~everybody
    top = _OLDEST if oldest is None else oldest
    return (ground.age >= (youngest or 0)) & (ground.age <= top), ground.age < 0


def _sex_and_disability(ground: Ground, sex: int | None, *, disability: bool) -> Any:
    fits = np.ones(ground.recorded, dtype=np.bool_)
    if sex is not None:
        fits &= ground.sex == sex
    if disability:
        fits &= ground.disability == 1
    return fits


def some_of(people: BitMap, percent: int) -> BitMap:
    """A share of people, to the nearest one: always the same, and of every area about alike.

    Numbers of people follow areas; multiplied so, any stretch of them is spread evenly.
    """
    wanted = (len(people) * percent + WHOLE // 2) // WHOLE
    if wanted >= len(people):
        return people.copy()
    numbers = numbers_in(people)
    return bitmap(np.sort(numbers[np.argsort(numbers * _SPREAD)[:wanted]]))


def without(programme: GroundProgramme, people: BitMap) -> GroundProgramme:
    """A programme that these people have left, with all they were given."""
    gone = people & programme.people
    if not gone:
        return programme
    rest = programme.people - gone
    flags = np.zeros(programme.people.max() + 1, dtype=np.bool_)
    flags[numbers_in(rest)] = True
    given = {
        currency: Given(own.person[flags[own.person]], own.minor[flags[own.person]])
        for currency, own in programme.given.items()
    }
    return msgspec.structs.replace(programme, people=rest, given=given)


def with_more(
    programme: GroundProgramme, people: BitMap, currency: str, minor: int
) -> GroundProgramme:
    """A programme that these people have come to, each with the same amount."""
    new = people - programme.people
    given = dict(programme.given)
    if new and currency and minor:
        nothing = Given(np.empty(0, np.uint32), np.empty(0, np.int64))
        own = given.get(currency, nothing)
        given[currency] = Given(
            np.concatenate((own.person, numbers_in(new))),
            np.concatenate((own.minor, np.full(len(new), minor, dtype=np.int64))),
        )
    return msgspec.structs.replace(programme, people=programme.people | new, given=given)
