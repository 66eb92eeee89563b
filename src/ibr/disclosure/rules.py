"""What must stay in doubt: which figures are too telling, and how wide the doubt must be."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import Literal

from msgspec import Struct

from ibr.disclosure.model import (
    Blocked,
    Cell,
    Earlier,
    Group,
    Key,
    Measure,
    Place,
    Release,
    Rule,
    by_key,
    coordinates,
)

Reason = Literal["small", "dominance", "blocked", "complement", "differencing", "complementary"]


class Doubt(Struct, frozen=True):
    """A sum of figures, plus or minus, that must stay possible from `low` to `high`.

    `value` is what it is. One figure is the plain case; a change is what is shown now less what
    was shown before. `hide` names the figures of the new release that cannot be shown for it.
    """

    measure: Measure
    form: tuple[tuple[Place, int], ...]
    constant: int
    value: int
    low: float
    high: float
    reason: Reason
    hide: tuple[Key, ...] = ()


def is_small(count: int, rule: Rule) -> bool:
    """Whether a number of persons is too small to show."""
    return (count > 0 or not rule.zeros_shown) and count < rule.minimum


def is_blocked(key: Key, blocked: Iterable[Blocked]) -> bool:
    """Whether a cell crosses a rare status with a place."""
    codes = dict(key)
    return any(
        codes.get(each.status) in each.codes
        and each.place in codes
        and codes[each.place] not in each.allowed
        for each in blocked
    )


def known_least(key: Key, cell: Cell, rule: Rule) -> int:
    """What a reader who knows the rule knows of any hidden cell: zeros are shown, so it is none.

    Blocked cells are hidden even where they are empty, and withheld ones were never decided on.
    """
    if not rule.zeros_shown or cell.withheld or is_blocked(key, rule.blocked):
        return 0
    return 1 if cell.count else 0


def resolve(release: Release, earlier: tuple[Earlier, ...]) -> dict[Place, tuple[Place, Cell]]:
    """Where each cell of each release stands; an unchanged figure is one and the same place."""
    places: dict[Place, tuple[Place, Cell]] = {}
    seen: dict[tuple[Key, int, int | None], Place] = {}
    for wave, each in enumerate((Earlier(release), *earlier)):
        for key, cell in by_key(each.release).items():
            place = (wave, key)
            if each.relation == "same":
                place = seen.setdefault((key, cell.count, cell.amount), place)
            places[wave, key] = (place, cell)
    return places


def _count_doubts(place: Place, cell: Cell, rule: Rule, least: int) -> list[Doubt]:
    """Too few persons, a rare status by place, and too few left out of a public denominator."""
    key = place[1]
    hide = (key,) if place[0] == 0 else ()
    far = rule.far if cell.base is None else min(rule.far, cell.base)
    found = []
    low = max(1 if rule.zeros_shown else 0, least)
    if is_blocked(key, rule.blocked):
        low = max(low, cell.count - rule.far) if cell.count >= rule.minimum else min(low, 1)
        high = max(far, cell.count + rule.far)
        found.append(_plain(place, cell.count, low, high, "blocked", hide))
    elif is_small(cell.count, rule):
        found.append(_plain(place, cell.count, low, far, "small", hide))
    if rule.complement and cell.base is not None and 0 < cell.base - cell.count < rule.minimum:
        left = cell.base - cell.count
        form = ((place, -1),)
        found.append(Doubt("count", form, cell.base, left, 1, far, "complement", hide))
    return found


def _plain(
    place: Place, value: int, low: float, high: float, reason: Reason, hide: tuple[Key, ...]
) -> Doubt:
    low, high = min(low, value), max(high, value)
    return Doubt("count", ((place, 1),), 0, value, low, high, reason, hide)


def short_of(cell: Cell, rule: Rule) -> float:
    """How far a cell's money must be in doubt on either side, so that the largest receipt is.

    (1, k): the total must stay possible up to where the largest receipt is only k percent of it.
    p percent: whoever received the second largest takes their own off the total; what then
    remains must leave p percent of doubt about the largest.
    """
    total, largest = cell.amount or 0, sorted(cell.largest, reverse=True)
    if not largest or not total:
        return 0
    lacking = 0.0
    if rule.dominance is not None:
        lacking = max(lacking, largest[0] * 100 / rule.dominance - total)
    if rule.estimate is not None:
        rest = total - sum(largest[:2])
        lacking = max(lacking, largest[0] * rule.estimate / 100 - rest)
    return lacking


def _amount_doubts(place: Place, cell: Cell, rule: Rule, counted: list[Doubt]) -> list[Doubt]:
    """Money follows persons: where everybody receives the same, an amount is a count."""
    if not cell.amount:
        return []
    hide = (place[1],) if place[0] == 0 else ()
    form = ((place, 1),)
    found = []
    if cell.count:
        mean = cell.amount / cell.count
        found = [
            Doubt(
                "amount",
                form,
                0,
                cell.amount,
                ceil(mean * each.low),
                floor(mean * each.high),
                each.reason,
                hide,
            )
            for each in counted
            if each.reason in {"small", "blocked"}
        ]
    lacking = short_of(cell, rule)
    if lacking > 0:
        low, high = max(0, floor(cell.amount - lacking)), ceil(cell.amount + lacking)
        found.append(Doubt("amount", form, 0, cell.amount, low, high, "dominance", hide))
    return found


def least_known(release: Release, rule: Rule) -> dict[Key, int]:
    """How many persons at least stand under a cell, as the zeros beside it alone tell."""
    cells = by_key(release)
    least = {key: known_least(key, cell, rule) for key, cell in cells.items()}
    sums = [each for each in sums_of(release) if each[2]]
    changed = True
    while changed:
        changed = False
        for total, parts, _ in sums:
            known = sum(least[part] for part in parts)
            if known > least[total]:
                least[total], changed = known, True
    return least


def sums_of(release: Release) -> list[tuple[Key, tuple[Key, ...], bool]]:
    """Each total with its parts that are there, and whether persons add up along it.

    A total of which no part was handed in is where its table ends, and adds up to nothing.
    """
    by_name = {each.name: each for each in release.dimensions}
    found = set()
    for table in release.tables:
        keys = {c.codes: coordinates(release, table.dimensions, c.codes) for c in table.cells}
        for at, name in enumerate(table.dimensions):
            groups: dict[str, list[Group]] = {}
            for group in by_name[name].groups:
                groups.setdefault(group.total, []).append(group)
            for codes, total in keys.items():
                for group in groups.get(codes[at], ()):
                    below = ((*codes[:at], part, *codes[at + 1 :]) for part in group.parts)
                    there = tuple(sorted(keys[each] for each in below if each in keys))
                    if there:
                        found.add((total, there, by_name[name].adds_up(group)))
    return sorted(found)


def doubts(release: Release, rule: Rule, earlier: tuple[Earlier, ...]) -> list[Doubt]:
    """Everything that must stay in doubt, in this release and in the earlier ones."""
    places = resolve(release, earlier)
    found: dict[tuple[object, ...], Doubt] = {}
    for wave, each in enumerate((Earlier(release), *earlier)):
        least = least_known(each.release, rule)
        for key, cell in by_key(each.release).items():
            place = places[wave, key][0]
            if place != (wave, key):
                continue
            counted = _count_doubts(place, cell, rule, least[key])
            for doubt in (*counted, *_amount_doubts(place, cell, rule, counted)):
                found[doubt.measure, doubt.form, doubt.reason] = doubt
    for doubt in (*_left_out(release, rule), *_changes(release, rule, earlier)):
        found[doubt.measure, doubt.form, doubt.reason] = doubt
    return [found[key] for key in sorted(found)]


def _left_out(release: Release, rule: Rule) -> list[Doubt]:
    """Persons of a total who are in all but one of its parts, where a person may be in several."""
    cells = by_key(release)
    if not rule.complement:
        return []
    return [
        Doubt(
            "count", (((0, part), -1), ((0, total), 1)), 0, left, 1, rule.far, "complement", (part,)
        )
        for total, parts, additive in sums_of(release)
        if not additive and len(parts) > 1
        for part in parts
        if 0 < (left := cells[total].count - cells[part].count) < rule.minimum
    ]


def _changes(release: Release, rule: Rule, earlier: tuple[Earlier, ...]) -> list[Doubt]:
    """Few people more or fewer than before: the difference of two figures is a figure."""
    places = resolve(release, earlier)
    now = by_key(release)
    found = []
    for wave, each in enumerate(earlier, start=1):
        for key, old in by_key(each.release).items():
            change = now[key].count - old.count if key in now else 0
            if not 0 < abs(change) < rule.minimum or places[wave, key][0][0] == 0:
                continue
            sign = 1 if change > 0 else -1
            form = (((0, key), sign), ((wave, key), -sign))
            hide = (key,) if key not in each.hidden else ()
            found.append(Doubt("count", form, 0, abs(change), 1, rule.far, "differencing", hide))
    return found
