"""What may be published, what is by default, and which counts each figure gives away.

A figure that is not in this table is not published: how it hangs together with the others was not
thought through. Choosing a table chooses its totals too, since readers add up.

People are in several programmes. Programmes by place tell how many at most are in two of them in
each place; functions and overlaps tell how many are in the country. A patient reader who has both
can join them, and disclosure control does not follow that far; so a month has one or the other
(`must_not_couple`), and programmes by one kind of place only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from ibr.coverage.figures.model import breakdown_of, dimensions_of
from ibr.errors import NotUnderstood
from ibr.publish.releases.model import Name

PERSONS: Final = (
    "", "programme", "function", "area1", "area2", "sex", "age", "disability", "programme*area1",
    "programme*area2", "programme*sex", "programme*age", "programme*disability", "area1*sex",
    "area1*age", "area1*disability", "area2*sex", "sex*age", "area1*sex*age", "programme*sex*age",
)  # fmt: skip
MONEY: Final = (
    "currency", "programme*currency", "function*currency", "area1*currency",
    "programme*area1*currency", "programme*sex*currency",
)  # fmt: skip
AVERAGES: Final = (
    "currency",
    "programme*currency",
    "programme*area1*currency",
    "programme*sex*currency",
)
PUBLISHABLE: Final[dict[str, tuple[str, ...]]] = {
    "N1": PERSONS,
    "N2": ("", "programme"),
    "N3": ("", "programme", "area1", "programme*area1"),
    "N4": ("", "programme", "area1", "programme*area1"),
    "N5": MONEY,
    "C1": (
        "programme", "programme*area1", "programme*area2", "programme*sex", "programme*age",
        "programme*sex*age",
    ),
    "C2": (
        "", "area1", "area2", "sex", "age", "sex*age", "area1*sex", "area1*age", "area1*sex*age",
        "function",
    ),
    "C3": ("", "area1"),
    "C4": ("programme", "programme*area1"),
    "C5": ("", "area1", "area2", "sex*age", "programme", "programme*area1"),
    "C6": ("programme*part",),
    "C7": ("part", "programme*part"),
    "SDG131": ("series", "series*sex"),
    "A1": AVERAGES,
    "O1": ("programme*with",),
    "O2": ("programme*with",),
    "O3": ("programme*with",),
    "O4": ("programmes",),
    "O5": ("combination",),
    "R1": ("", "programme"),
    "R2": ("", "programme"),
    "R3": ("part", "programme*part"),
    "R6": ("programme",),
    "K1": ("part",),
    "K2": ("part",),
}  # fmt: skip
"""Indicators with the breakdowns that may leave the ministry; only months, see `systems.py`."""

DEFAULT: Final[tuple[Name, ...]] = (
    ("N1", "programme*area1"), ("N1", "area1*sex*age"), ("N5", "programme*area1*currency"),
    ("C1", "programme*area1"), ("C2", "area1*sex*age"), ("C5", "area1"), ("SDG131", "series*sex"),
    ("A1", "programme*currency"), ("N4", "area1"), ("C3", "area1"),
    ("R1", "programme"), ("R2", "programme"), ("K1", "part"), ("K2", "part"),
)  # fmt: skip
NATIONAL: Final[tuple[Name, ...]] = (
    ("N1", "programme"), ("N1", "function"), ("N1", "area1*sex*age"), ("C2", "area1*sex*age"),
    ("C2", "function"), ("C5", "area1"), ("SDG131", "series*sex"), ("O1", "programme*with"),
    ("O2", "programme*with"), ("O4", "programmes"), ("N4", "area1"), ("C3", "area1"),
    ("R1", "programme"), ("R2", "programme"), ("K1", "part"), ("K2", "part"),
)  # fmt: skip
"""In place of the default: functions and overlaps of the country, and no programme by place."""
OPEN: Final = frozenset({"R1", "R2", "R3", "R6"})
"""About the reports of programmes; nobody is counted."""
COUNTS: Final = frozenset({"N1", "N2", "N3", "N4", "C1", "O1", "O4", "O5", "K1", "K2"})
"""Their numerators are counts of people, households or cases that are protected themselves."""

_PLACES: Final = {
    "area1": "area", "area2": "area", "sex": "age", "age": "age", "disability": "disability",
}  # fmt: skip


def totals_of(breakdown: str) -> list[str]:
    """A breakdown and every total of it; a district's total is its region's."""
    whole = dimensions_of(breakdown)
    found = [
        breakdown_of(*some) for size in range(len(whole) + 1) for some in combinations(whole, size)
    ]
    found += [each.replace("area2", "area1") for each in found if "area2" in each]
    return sorted(set(found), key=lambda each: (each.count("*") + bool(each), each))


def needs(indicator: str, breakdown: str) -> list[Name]:
    """The counts that a figure can be worked back to; it is shown only where they all are."""
    rest = breakdown_of(
        *(each for each in dimensions_of(breakdown) if each not in ("part", "currency"))
    )
    targeted = "programme" in dimensions_of(breakdown)
    if indicator in COUNTS or indicator in OPEN or indicator == "SDG131":
        return []
    if indicator in ("C2", "C4"):
        return [("N1", rest)]
    if indicator == "C3":
        return [("N4", rest)]
    if indicator == "C5":
        return [("C1" if targeted else "N1", rest)]
    if indicator == "C6":
        return [("C1", "programme*sex")]
    if indicator == "C7":
        return [("C1", "programme*area1") if targeted else ("N1", "area1")]
    if indicator == "N5":
        return [("N1", rest)]
    if indicator == "A1":
        return [("N5", breakdown), ("N1", rest)]
    return [("O1", "programme*with"), ("N1", "programme")]


def complete(choice: Iterable[Name]) -> tuple[Name, ...]:
    """The choice with everything that it gives away: totals, and the counts below shares."""
    wanted: list[Name] = []
    waiting = list(choice)
    for indicator, breakdown in waiting:
        if breakdown not in PUBLISHABLE.get(indicator, ()):
            raise NotUnderstood(
                "release.choice",
                "One of the chosen figures is not among those that may be published. "
                "See: ibr publish choices",
            )
    while waiting:
        indicator, breakdown = waiting.pop()
        if (indicator, breakdown) in wanted:
            continue
        wanted.append((indicator, breakdown))
        waiting += needs(indicator, breakdown)
        waiting += [
            (indicator, each)
            for each in totals_of(breakdown)
            if each in PUBLISHABLE[indicator] and set(dimensions_of(each)) <= set(_kept(breakdown))
        ]
        if indicator == "C1":
            waiting += [("N1", each) for each in totals_of(breakdown)]
        if indicator in ("O1", "O4", "O5"):
            waiting.append(("N1", "programme"))
    must_not_couple(wanted)
    return tuple(sorted(set(wanted)))


def must_not_couple(names: Iterable[Name]) -> None:
    """Refuses programmes by place beside functions or overlaps, and by two kinds of place."""
    overlapping, places = False, set()
    for indicator, breakdown in names:
        dimensions = set(dimensions_of(breakdown))
        overlapping = overlapping or indicator[0] == "O" or "function" in dimensions
        if indicator in ("N1", "C1") and "programme" in dimensions:
            places |= {_PLACES[each] for each in dimensions - {"programme"}}
    if (overlapping and places) or len(places) > 1:
        raise NotUnderstood(
            "release.coupled",
            "Programmes by area, by sex and age, and by disability, and functions or overlaps "
            "cannot be published of one month together: a reader could join them. Choose one.",
        )


def _kept(breakdown: str) -> Sequence[str]:
    """The dimensions that a total of a breakdown may have."""
    own = dimensions_of(breakdown)
    return (*own, "area1") if "area2" in own else own


def read_choice(texts: Iterable[str]) -> tuple[Name, ...]:
    """`N1:programme*area1` and the like; the default where there is none."""
    found = []
    for each in texts:
        indicator, _, breakdown = each.strip().partition(":")
        found.append((indicator.upper(), breakdown_of(*filter(None, breakdown.split("*")))))
    return complete(found or DEFAULT)


def read_family(name: str) -> tuple[Name, ...]:
    """`places` or `overlaps`: which of the two a release is about."""
    families = {"places": DEFAULT, "overlaps": NATIONAL}
    if name not in families:
        raise NotUnderstood("release.family", f"Write one of {', '.join(families)}.")
    return families[name]
