"""Frozen figures of one month as systems of counts: what adds up, and what is part of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ibr.coverage.figures.model import Cell as Figure
from ibr.coverage.figures.model import FigureTable, breakdown_of, dimensions_of
from ibr.disclosure.model import Cell, Dimension, Group, Release, Table
from ibr.errors import Conflict
from ibr.publish.releases.chosen import totals_of
from ibr.publish.releases.model import Key, Name, Shape
from ibr.publish.releases.places import (
    DIRECT,
    MONEY,
    NAMES,
    SYSTEM_OF,
    WHOLE,
    codes_of,
)

Receipts = Mapping[tuple[str, Key], tuple[int, ...]]
"""The largest receipts of a figure of money, by breakdown and key."""
Tables = Mapping[Name, FigureTable]
_Codes = tuple[tuple[str, str], ...]
UNKNOWN: Final = "?:"
"""Begins the code of the people of a region whose district is not known."""


class _Found(msgspec.Struct):
    """The cells of one system, by the dimensions of their table and their codes in them."""

    tables: dict[tuple[str, ...], dict[tuple[str, ...], Cell]] = {}

    def add(self, names: Iterable[str], codes: Mapping[str, str], cell: Cell) -> None:
        order = tuple(each for each in NAMES if each in set(names))
        at = tuple(codes.get(each, WHOLE) for each in order)
        here = self.tables.setdefault(order, {})
        before = here.get(at)
        # What is published in one way and only known in another is published.
        if before is None or before.withheld:
            here[at] = msgspec.structs.replace(cell, codes=at)

    def release(self, shape: Shape, *, money: bool = False) -> Release:
        used = {each for order in self.tables for each in order}
        codes = {
            name: sorted(
                {
                    at[order.index(name)]
                    for order, cells in self.tables.items()
                    if name in order
                    for at in cells
                }
                - {WHOLE}
            )
            for name in NAMES
            if name in used
        }
        return Release(
            tuple(_dimension(name, found, shape, money) for name, found in codes.items()),
            tuple(
                Table("*".join(order) or "total", order, tuple(cells.values()))
                for order, cells in self.tables.items()
            ),
        )


def systems(
    tables: Tables, choice: Iterable[Name], shape: Shape, receipts: Receipts
) -> dict[str, Release]:
    """The systems of a month by name, each to be protected as one."""
    chosen = set(choice)
    bases = _bases(tables)
    found: dict[str, _Found] = {}
    for name in sorted(chosen):
        system = SYSTEM_OF.get(name[0])
        if system is not None:
            _add_counts(found.setdefault(system, _Found({})), name, tables, chosen, bases, shape)
    if DIRECT in found:
        _add_parts(found[DIRECT], tables, chosen)
    made = {name: each.release(shape) for name, each in found.items()}
    for currency in _currencies(tables, chosen):
        made[f"{MONEY}:{currency}"] = _money(tables, chosen, shape, receipts, currency)
    return made


def _add_counts(
    found: _Found,
    name: Name,
    tables: Tables,
    chosen: set[Name],
    bases: Mapping[_Codes, int],
    shape: Shape,
) -> None:
    """A table and its totals; a total that nobody chose is withheld and still adds up."""
    indicator, breakdown = name
    names = set(codes_of(indicator, breakdown, _blank(breakdown)))
    wholes = (
        totals_of(breakdown) if indicator not in ("O1", "O4", "O5", "K1", "K2") else [breakdown]
    )
    for each in wholes:
        table = tables.get((indicator, each))
        if table is None:
            continue
        for figure in table.cells:
            codes = codes_of(indicator, each, figure.key)
            found.add(
                names | set(codes),
                codes,
                _cell(figure, bases, codes, withheld=(indicator, each) not in chosen),
            )
        if "area2" in each:
            _add_unknown_districts(found, names, indicator, each, tables, shape)
    if indicator == "K2":
        _add_whole_of_cases(found, tables[name])
    _add_wholes(found, name, names, tables, chosen, bases)


def _add_whole_of_cases(found: _Found, table: FigureTable) -> None:
    """All decided cases, of which the outcomes are parts: it stands below every share."""
    wholes = {each.denominator for each in table.cells}
    counts = sum(each.numerator or 0 for each in table.cells)
    if wholes != {counts}:
        raise Conflict(
            "release.cases",
            "The outcomes of cases do not add up to the decided cases. Leave K2 out.",
        )
    found.add(("part",), {"part": "K2:*"}, Cell((), counts))


def _add_unknown_districts(
    found: _Found, names: set[str], indicator: str, breakdown: str, tables: Tables, shape: Shape
) -> None:
    """Of each region, the people whose district nobody knows: what its districts leave over."""
    at = dimensions_of(breakdown).index("area2")
    above = breakdown_of(
        *("area1" if each == "area2" else each for each in dimensions_of(breakdown))
    )
    regions = tables.get((indicator, above))
    if regions is None:
        return
    left = {each.key: each.numerator or 0 for each in regions.cells}
    order = dimensions_of(above).index("area1")
    for figure in tables[indicator, breakdown].cells:
        if not figure.key[at]:
            continue
        rest = [code for place, code in enumerate(figure.key) if place != at]
        rest.insert(order, shape.parents.get(figure.key[at], ""))
        left[tuple(rest)] = left.get(tuple(rest), 0) - (figure.numerator or 0)
    for key, count in left.items():
        codes = codes_of(indicator, above, key)
        _rest(found, names, codes | {"area": UNKNOWN + key[order]}, count)


def _add_wholes(
    found: _Found,
    name: Name,
    names: set[str],
    tables: Tables,
    chosen: set[Name],
    bases: Mapping[_Codes, int],
) -> None:
    """Of a part of the direct beneficiaries, what the whole is and what the rest of it."""
    indicator, breakdown = name
    if indicator != "C1":
        return
    for each in totals_of(breakdown):
        own, whole = tables.get(("C1", each)), tables.get(("N1", each))
        if own is None or whole is None:
            continue
        for figure in whole.cells:
            codes = codes_of("N1", each, figure.key)
            withheld = ("N1", each) not in chosen
            found.add(names, codes, _cell(figure, bases, codes, withheld=withheld))
            inside = own.by_key.get(figure.key)
            count = (figure.numerator or 0) - ((inside.numerator or 0) if inside else 0)
            _rest(found, names, codes | {"kind": "outside"}, count)
        if any(figure.numerator and figure.key not in whole.by_key for figure in own.cells):
            raise Conflict("release.contradiction", _CONTRADICTION)


def _rest(found: _Found, names: Iterable[str], codes: Mapping[str, str], count: int) -> None:
    if count < 0:
        raise Conflict("release.contradiction", _CONTRADICTION)
    if count:
        found.add(names, codes, Cell((), count, withheld=True))


_CONTRADICTION = (
    "Two figures of one month contradict each other: a part is larger than its whole. Work the "
    "month's figures out again, then build the release."
)


def _add_parts(found: _Found, tables: Tables, chosen: set[Name]) -> None:
    """Exact sets of programmes, of which programmes, pairs and numbers are sums."""
    if not {"O1", "O4", "O5"} & {code for code, _ in chosen} and ("N1", "function") not in chosen:
        return
    sets = tables.get(("O5", "combination"))
    total, alone = tables.get(("N1", "")), tables.get(("N1", "programme"))
    if sets is None or total is None or alone is None:
        raise Conflict("release.sets", _NO_SETS)
    people = {each.key[0]: each.numerator or 0 for each in sets.cells}
    sums: dict[str, int] = {}
    for code, count in people.items():
        for each in code.split("+"):
            sums[each] = sums.get(each, 0) + count
    whole = sum(each.numerator or 0 for each in total.cells)
    if sum(people.values()) != whole or sums != {c.key[0]: c.numerator for c in alone.cells}:
        raise Conflict("release.sets", _NO_SETS)
    shown = ("O5", "combination") in chosen
    for code, count in people.items():
        found.add(("programme",), {"programme": "s:" + code}, Cell((), count, withheld=not shown))
    both = tables.get(("O1", "programme*with"))
    if both is None or ("O1", "programme*with") not in chosen:
        return
    for figure in both.cells:
        if figure.numerator:
            for one, other in (figure.key, figure.key[::-1]):
                code = f"x:{one}-{other}"
                _rest(found, ("programme",), {"programme": code}, sums[one] - figure.numerator)


_NO_SETS = (
    "Overlaps and functions cannot be published: the exact sets of programmes are not frozen, or "
    "do not add up to the beneficiaries. Leave O1 to O5 and functions out of the release."
)


def _cell(
    figure: Figure, bases: Mapping[_Codes, int], codes: Mapping[str, str], *, withheld: bool
) -> Cell:
    count = figure.numerator or 0
    base = bases.get(tuple(sorted(codes.items())))
    # More than everybody is a mistake of the denominator, which then says nothing of anybody.
    return Cell(
        (), count, base=base if base is not None and base >= count else None, withheld=withheld
    )


def _bases(tables: Tables) -> dict[_Codes, int]:
    """Denominators that everybody knows: how many people there are in a cell."""
    found: dict[_Codes, int] = {}
    for (indicator, breakdown), table in tables.items():
        as_counts = {"C1": "C1", "C2": "N1", "C3": "N4"}.get(indicator)
        if as_counts is None or "function" in breakdown:
            continue
        for figure in table.cells:
            if figure.denominator:
                codes = codes_of(as_counts, breakdown, figure.key)
                found[tuple(sorted(codes.items()))] = figure.denominator
    return found


def _currencies(tables: Tables, chosen: set[Name]) -> list[str]:
    return sorted(
        {
            figure.key[table.dimensions.index("currency")]
            for name, table in tables.items()
            if name in chosen and name[0] == "N5"
            for figure in table.cells
        }
    )


def _money(
    tables: Tables, chosen: set[Name], shape: Shape, receipts: Receipts, currency: str
) -> Release:
    """The money of one currency, with how many people stand under each sum."""
    found = _Found({})
    for indicator, breakdown in sorted(chosen):
        if indicator != "N5":
            continue
        plain = "*".join(each for each in dimensions_of(breakdown) if each != "currency")
        names = set(codes_of("N1", plain, _blank(plain)))
        for rest in totals_of(plain):
            counts = tables.get(("N1", rest))
            priced = "*".join((*dimensions_of(rest), "currency"))
            sums = tables.get(("N5", priced))
            if counts is None:
                continue
            for figure in counts.cells:
                key = (*figure.key, currency)
                amount = None if sums is None else _amount(sums, key)
                found.add(
                    names,
                    codes_of("N1", rest, figure.key),
                    Cell(
                        (),
                        figure.numerator or 0,
                        amount,
                        receipts.get((priced, key), ()),
                        withheld=("N5", priced) not in chosen,
                    ),
                )
    return found.release(shape, money=True)


def _amount(sums: FigureTable, key: Key) -> int:
    figure = sums.by_key.get(key)
    return (figure.numerator or 0) if figure else 0


def _blank(breakdown: str) -> Key:
    return tuple("" for _ in dimensions_of(breakdown))


def _dimension(name: str, codes: list[str], shape: Shape, money: bool) -> Dimension:
    groups: tuple[Group, ...]
    if name == "programme":
        groups = _programmes(codes, shape, money)
    elif name == "area":
        groups = _areas(codes, shape)
    elif name == "kind":
        groups = (Group(WHOLE, ("target", "outside")),)
    elif name == "part":
        groups = (Group("K2:*", tuple(c for c in codes if c != "K2:*" and c[:3] == "K2:")),)
    else:
        groups = (Group(WHOLE, tuple(codes)),)
    return Dimension(name, WHOLE, groups, additive=name != "programme")


def _areas(codes: list[str], shape: Shape) -> tuple[Group, ...]:
    regions = [each for each in codes if each.startswith("1:")]
    inside: dict[str, list[str]] = {}
    for each in codes:
        if each.startswith("2:") and each != "2:":
            inside.setdefault("1:" + shape.parents.get(each[2:], ""), []).append(each)
        if each.startswith(UNKNOWN):
            inside.setdefault("1:" + each[2:], []).append(each)
    return (
        Group(WHOLE, tuple(regions)),
        Group("2:", tuple(each for each in codes if each.startswith(UNKNOWN))),
        *(Group(region, tuple(parts)) for region, parts in sorted(inside.items())),
    )


def _programmes(codes: list[str], shape: Shape, money: bool) -> tuple[Group, ...]:
    """Programmes under functions and in all; sets of programmes under everything, added up."""
    programmes = [each for each in codes if each.startswith("p:")]
    functions = [each for each in codes if each.startswith("f:")]
    sets = [each for each in codes if each.startswith("s:")]
    groups = [Group(WHOLE, tuple(programmes))] if programmes else []
    under = {
        each: tuple(p for p in programmes if each[2:] in shape.functions.get(p[2:], ()))
        for each in functions
    }
    groups += [Group(each, parts) for each, parts in under.items() if parts]
    # A programme of two functions gives its money twice over functions.
    if functions and not money:
        groups.append(Group(WHOLE, tuple(functions)))
    if not sets:
        return tuple(groups)
    members = {each: frozenset(each[2:].split("+")) for each in sets}
    groups.append(Group(WHOLE, tuple(sets), additive=True))
    for code in codes:
        parts = tuple(each for each in sets if _holds(code, members[each], shape))
        if parts:
            groups.append(Group(code, parts, additive=True))
    return tuple(groups)


def _holds(code: str, members: frozenset[str], shape: Shape) -> bool:
    """Whether everybody with exactly these programmes counts under a code."""
    kind, name = code[:2], code[2:]
    if kind == "p:":
        return name in members
    if kind == "f:":
        return any(name in shape.functions.get(each, ()) for each in members)
    if kind == "n:":
        return len(members) >= 4 if name == "4+" else str(len(members)) == name
    if kind == "w:":
        return set(name.split("+")) <= members
    if kind == "x:":
        one, other = name.split("-", 1)
        return one in members and other not in members
    return False
