"""Decides what of a month is shown: by one rule, or by both where two audiences read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ibr.disclosure.attack import breaches
from ibr.disclosure.model import Earlier, Release, Rule, Shown, by_key
from ibr.disclosure.model import Key as Place
from ibr.disclosure.protect import protect
from ibr.disclosure.published import View
from ibr.disclosure.rules import Doubt
from ibr.errors import Conflict, NotUnderstood
from ibr.publish.releases.model import ReleasedTable
from ibr.publish.releases.places import MONEY, SYSTEM_OF, place_of

Systems = Mapping[str, Release]
Hidden = dict[str, dict[Place, str]]
"""By system, the places that are hidden and why."""


class Past(msgspec.Struct, frozen=True):
    """What some readers had of the same month before: systems, and which places were hidden."""

    systems: dict[str, Release]
    hidden: dict[str, frozenset[Place]]

    def of(self, system: str) -> Earlier | None:
        found = self.systems.get(system)
        return None if found is None else Earlier(found, self.hidden.get(system, frozenset()))


class Readers(msgspec.Struct, frozen=True):
    """Who reads: the rule that protects from them, and what they had before, the oldest last."""

    rule: Rule
    past: tuple[Past, ...] = ()

    def earlier(self, system: str) -> tuple[Earlier, ...]:
        return tuple(found for each in self.past if (found := each.of(system)) is not None)


class Decided(msgspec.Struct, frozen=True):
    """What is hidden, and what is known already and cannot be hidden any more, in words."""

    hidden: Hidden
    known_before: tuple[str, ...]


def decide(systems: Systems, everybody: Sequence[Readers]) -> Decided:
    """What must be hidden so that none of the readers learns too much.

    For each kind of readers a choice is made; what either hides is hidden. To hide more never
    tells anybody more: whatever fitted what is shown still fits.
    """
    hidden: Hidden = {}
    known: list[str] = []
    for name, release in sorted(systems.items()):
        here = hidden.setdefault(name, {})
        for readers in everybody:
            try:
                done = protect(release, readers.rule, readers.earlier(name))
            except NotUnderstood as wrong:
                raise Conflict(
                    "release.contradiction",
                    f"The counts of {name} contradict each other ({wrong.code}). Work the month's "
                    "figures out again; if programmes have other functions now, leave figures by "
                    "function out.",
                ) from None
            for place, why in done.hidden.items():
                here.setdefault(place, why)
            known += [f"{name}: {in_words(each)}" for each in done.known_before]
    return Decided(hidden, tuple(dict.fromkeys(known)))


def in_words(doubt: Doubt) -> str:
    """A figure that nothing can hide any more, by its codes; never its value."""
    places = [
        ", ".join(f"{name} {code}" for name, code in place) or "total"
        for (_, place), _ in doubt.form
    ]
    return f"{' against '.join(places)} ({doubt.reason})"


def found_out(
    systems: Systems, hidden: Mapping[str, Iterable[Place]], readers: Readers
) -> list[str]:
    """What the attack knows better than the rule allows, in words; nothing where all is well."""
    told = []
    for name, release in sorted(systems.items()):
        gone = set(hidden.get(name, ()))
        shown = {
            place: Shown(cell.count, cell.amount)
            for place, cell in by_key(release).items()
            if place not in gone and not cell.withheld
        }
        view = View(release, readers.rule, shown, (), readers.earlier(name))
        told += [f"{name}: {in_words(each.doubt)}" for each in breaches(view)]
    return told


def hidden_places(tables: Iterable[ReleasedTable]) -> dict[str, frozenset[Place]]:
    """By system, where the figures stand that published tables keep from their readers."""
    found: dict[str, set[Place]] = {}
    for each in tables:
        indicator, breakdown = each.name
        system = SYSTEM_OF.get(indicator)
        for key in each.hidden_keys:
            place = place_of(indicator, breakdown, key)
            if system is not None:
                found.setdefault(system, set()).add(place)
            elif indicator == "N5":
                currency = key[each.table.dimensions.index("currency")]
                found.setdefault(f"{MONEY}:{currency}", set()).add(place)
    return {name: frozenset(places) for name, places in found.items()}
