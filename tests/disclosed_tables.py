"""Tables for publication, made from the finest figures: every margin is worked out from them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from ibr.disclosure.attack import Breach, breaches
from ibr.disclosure.model import Cell, Dimension, Earlier, Group, Key, Release, Rule, Shown, Table
from ibr.disclosure.model import by_key as cells_of_release
from ibr.disclosure.protect import Protected
from ibr.disclosure.published import View

Codes = tuple[str, ...]
Receipts = tuple[int, ...]


def dimension(name: str, *parts: str, **below: tuple[str, ...]) -> Dimension:
    """A dimension with its parts, and the parts of some of these."""
    groups = (Group("all", parts), *(Group(code, inner) for code, inner in below.items()))
    return Dimension(name, "all", groups)


def upwards(of: Dimension, code: str) -> list[str]:
    """A code and every total that it counts towards."""
    found = [code]
    for each in found:
        found += [g.total for g in of.groups if each in g.parts and g.total not in found]
    return found


def table(
    name: str,
    dimensions: tuple[Dimension, ...],
    leaves: Mapping[Codes, int | Receipts],
    bases: Mapping[Codes, int] | None = None,
) -> Table:
    """A table with all margins, of counts or of what each person received."""
    counts: dict[Codes, int] = {}
    receipts: dict[Codes, list[int]] = {}
    money = any(isinstance(each, tuple) for each in leaves.values())
    for codes, leaf in leaves.items():
        lines = [upwards(of, code) for of, code in zip(dimensions, codes, strict=True)]
        for at in product(*lines):
            counts[at] = counts.get(at, 0) + (leaf if isinstance(leaf, int) else len(leaf))
            receipts.setdefault(at, []).extend(() if isinstance(leaf, int) else leaf)
    cells = tuple(
        Cell(
            at,
            count,
            sum(receipts[at]) if money else None,
            tuple(sorted(receipts[at], reverse=True)[:2]),
            (bases or {}).get(at),
        )
        for at, count in counts.items()
    )
    return Table(name, tuple(each.name for each in dimensions), cells)


def release(
    dimensions: tuple[Dimension, ...],
    leaves: Mapping[Codes, int | Receipts],
    bases: Mapping[Codes, int] | None = None,
) -> Release:
    """One table, published."""
    return Release(dimensions, (table("persons", dimensions, leaves, bases),))


def grid(rows: dict[str, tuple[int, ...]], columns: str) -> Release:
    """Areas down, ages across."""
    dimensions = (dimension("area", *rows), dimension("age", *columns))
    leaves = {(r, c): line[i] for r, line in rows.items() for i, c in enumerate(columns)}
    return release(dimensions, leaves)


def at(**codes: str) -> Key:
    """A cell by what it is of."""
    return tuple(sorted(codes.items()))


def view(of: Release, rule: Rule, hidden: set[Key], earlier: tuple[Earlier, ...] = ()) -> View:
    """What a reader would see with just these cells hidden."""
    shown = {
        key: Shown(cell.count, cell.amount)
        for key, cell in cells_of_release(of).items()
        if key not in hidden and not cell.withheld
    }
    return View(of, rule, shown, (), earlier)


def broken(
    of: Release, rule: Rule, hidden: set[Key], earlier: tuple[Earlier, ...] = ()
) -> list[Breach]:
    """What the attack finds with just these cells hidden."""
    return breaches(view(of, rule, hidden, earlier))


def attacked(
    of: Release, rule: Rule, done: Protected, earlier: tuple[Earlier, ...] = ()
) -> list[Breach]:
    """What the attack finds in what was protected."""
    ratios = tuple(
        (each.numerator, each.denominator, value, 0.5 * 10**-each.decimals)
        for each, value in done.ratios
    )
    return breaches(View(of, rule, done.shown, ratios, earlier))


def too_small(of: Release, rule: Rule) -> set[Key]:
    """Only the small cells: what was hidden before anybody thought of subtraction."""
    return {
        key
        for key, cell in cells_of_release(of).items()
        if cell.count < rule.minimum and (cell.count or not rule.zeros_shown)
    }
