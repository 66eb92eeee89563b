"""What may be shown of a release: the one function that every way out of the registry calls."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec import Struct

from ibr.disclosure.alternatives import Aim, aims_of
from ibr.disclosure.cover import Cover
from ibr.disclosure.least_hidden import least_hidden
from ibr.disclosure.linear import Flags, Unknowns
from ibr.disclosure.model import Earlier, Key, Ratio, Release, Rule, Shown, by_key, check
from ibr.disclosure.rounding import round_figure
from ibr.disclosure.rules import Doubt, Reason, doubts
from ibr.errors import NotUnderstood

# How many figures a large table tries to do without hiding; small ones are solved exactly.
TRIES = 60
# Above this many figures that may be hidden, what was hidden too much is not looked for one by one.
LARGE = 4000

ORDER: tuple[Reason, ...] = (
    "small",
    "blocked",
    "dominance",
    "complement",
    "differencing",
    "complementary",
)


class Protected(Struct, frozen=True):
    """What readers see, and for those entitled to know, why the rest is hidden.

    Readers see every hidden cell as hidden and nothing else: which ones are small is the secret.
    `known_before` names the doubts that nothing can restore, because earlier releases, public
    denominators or the zeros themselves tell as much already; a release with any needs a person.
    """

    shown: dict[Key, Shown]
    hidden: dict[Key, Reason]
    ratios: tuple[tuple[Ratio, float], ...]
    known_before: tuple[Doubt, ...]
    exact: bool


def protect(
    release: Release, rule: Rule, earlier: Iterable[Earlier] = (), *, key: bytes | None = None
) -> Protected:
    """Hides what is too small, and what else must be hidden so that it cannot be worked out."""
    before = tuple(earlier)
    if rule.rounding is not None and key is None:
        raise NotUnderstood("disclosure.rounding_key", "Rounding needs a secret key. Hand one in.")
    for each in (Earlier(release), *before):
        check(each.release)
    unknowns = Unknowns(release, rule, before)
    found = doubts(release, rule, before)
    reasons = _reasons(found)
    first = unknowns.hidden.copy()
    for name in reasons:
        number = unknowns.at[0, name]
        first[number] = unknowns.free[number]
    aims = aims_of(unknowns, found)
    hidden, unmet, exact = _choose(unknowns, first, aims)
    told = _told(unknowns, hidden, reasons)
    shown = _shown(release, rule, told, key)
    cells = by_key(release)
    ratios = tuple(
        (each, round(cells[each.numerator].count / cells[each.denominator].count, each.decimals))
        for each in release.ratios
        if each.numerator in shown
        and each.denominator in shown
        and cells[each.denominator].count
        and rule.rounding is None
    )
    return Protected(shown, told, ratios, tuple(dict.fromkeys(a.doubt for a in unmet)), exact)


def _reasons(found: list[Doubt]) -> dict[Key, Reason]:
    """Each cell that cannot be shown for its own sake, with the first of its reasons."""
    reasons: dict[Key, Reason] = {}
    for doubt in sorted(found, key=lambda each: ORDER.index(each.reason)):
        for name in doubt.hide:
            reasons.setdefault(name, doubt.reason)
    return reasons


def _choose(unknowns: Unknowns, first: Flags, aims: list[Aim]) -> tuple[Flags, list[Aim], bool]:
    """The cheaper of the quick choice and, where it can be had, the exact one."""
    cover = Cover(unknowns, first)
    cover.all_of(aims)
    large = int(unknowns.free.sum()) > LARGE
    cover.give_back(aims, 0 if large else TRIES)
    best = least_hidden(
        unknowns, first, [aim for aim in aims if aim not in cover.unmet], cover.hidden
    )
    if best is None:
        return cover.hidden, cover.unmet, False
    # In whole persons a table may be known better than in pieces of them: what the exact choice
    # lacks for that is added, and the cheaper of the two choices stands.
    exact = Cover(unknowns, best)
    exact.all_of(aims)
    cost = [float(np.sum(unknowns.cost[each.hidden & ~first])) for each in (exact, cover)]
    whole = bool(np.array_equal(exact.hidden, best))
    if cost[0] <= cost[1]:
        return exact.hidden, exact.unmet, whole and not exact.unmet
    return cover.hidden, cover.unmet, False


def _told(unknowns: Unknowns, hidden: Flags, reasons: dict[Key, Reason]) -> dict[Key, Reason]:
    """Every cell of the new release that is hidden, with its reason."""
    told: dict[Key, Reason] = {}
    for name, cell in by_key(unknowns.release).items():
        number = unknowns.at[0, name]
        if hidden[number] and not cell.withheld:
            told[name] = reasons.get(name, "complementary")
        elif name in reasons and not cell.withheld:
            told[name] = reasons[name]
    return told


def _shown(
    release: Release, rule: Rule, told: dict[Key, Reason], key: bytes | None
) -> dict[Key, Shown]:
    shown = {}
    for name, cell in by_key(release).items():
        if name in told or cell.withheld:
            continue
        if rule.rounding is None or key is None:
            shown[name] = Shown(cell.count, cell.amount)
        else:
            count = round_figure(cell.count, rule.rounding, key, name)
            shown[name] = Shown(count, cell.amount, rule.rounding - 1)
    return shown
