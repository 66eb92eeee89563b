"""Who came to programmes, who left them, and who went from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from markupsafe import Markup

from ibr.coverage.figures.model import Cell
from ibr.periods import read_month
from ibr.web.charts.bars import Passage, both_ways, in_and_out
from ibr.web.charts.flows import REST, Move, Words, among_the_small, flows
from ibr.web.sheet import Sheet

NOWHERE: Final = frozenset({"none", "left", "new"})
_TO: Final = "programme*to"


class Change(msgspec.Struct, frozen=True):
    """What became of one programme since the month before."""

    code: str
    stock: int | None
    new: Cell | None
    left: Cell | None
    net: Cell | None
    bar: Markup


class MonthOf(msgspec.Struct, frozen=True):
    """One month of the picture, as its table has it."""

    period: str
    new: Cell | None
    left: Cell | None
    net: Cell | None


class Movements(msgspec.Struct, frozen=True):
    """Everything that the part on movements shows."""

    picture: Markup | None
    not_drawn: int
    moves: list[Cell]
    nowhere: list[Cell]
    reasons: list[Cell]
    months: list[MonthOf]
    over_time: Markup | None
    changes: list[Change]


def movements_of(sheet: Sheet) -> Movements:
    """Between the month before and the one that is shown; with the months behind it."""
    cells = [
        each
        for each in sheet.seen.cells("D4", _TO)
        if each.numerator and (not sheet.programme or sheet.programme in each.key)
    ]
    ordered = sorted(cells, key=lambda each: (-(each.numerator or 0), each.key))
    between = [each for each in ordered if not NOWHERE & set(each.key)]
    months = _months(sheet)
    return Movements(
        _picture(sheet, between),
        among_the_small(_moves(between)),
        between,
        [each for each in ordered if NOWHERE & set(each.key)],
        _reasons(sheet),
        months,
        _over_time(sheet, months),
        _changes(sheet),
    )


def _reasons(sheet: Sheet) -> list[Cell]:
    """Why people left: of the chosen programme, or of all by where they went; most first."""
    cells = sheet.seen.cells("D4", "programme*part" if sheet.programme else "to*part")
    own = [each for each in cells if not sheet.programme or each.key[0] == sheet.programme]
    return sorted(own, key=lambda each: (-(each.numerator or 0), each.key))


def node_name(sheet: Sheet, code: str) -> str:
    """A programme, or where people are who are in none."""
    say = sheet.visit.say
    special = {
        REST: say("All other programmes"),
        "none": say("No programme"),
        "new": say("No programme before"),
        "left": say("Nowhere new, but still in another"),
    }
    return special.get(code) or sheet.programme_name(code)


def _moves(between: Sequence[Cell]) -> list[Move]:
    return [Move(each.key[0], each.key[1], each.numerator or 0) for each in between]


def _picture(sheet: Sheet, between: Sequence[Cell]) -> Markup | None:
    if not between:
        return None
    say, w = sheet.visit.say, sheet.w
    before = sheet.month.plus(-1)
    words = Words(
        name=lambda code: node_name(sheet, code),
        told=lambda one, two, count: (
            f"{node_name(sheet, one)} → {node_name(sheet, two)}: {w.count(count)}"
        ),
        short=w.short,
        before=w.short_month(before),
        after=w.short_month(sheet.month),
    )
    return flows(
        "flows",
        _moves(between),
        say("Who moved from which programme to which"),
        say(
            "Bands from the programme that people left to the one they came to, as thick as they "
            "are many. The table holds the same numbers."
        ),
        words=words,
        mirrored=w.language.mirrored,
    )


def _months(sheet: Sheet) -> list[MonthOf]:
    seen = sheet.seen
    breakdown, key = ("programme*part", (sheet.programme,)) if sheet.programme else ("part", ())
    return [
        MonthOf(
            period,
            *(
                seen.cell("D1", breakdown, *key, part, period=period)
                for part in ("new", "left", "net")
            ),
        )
        for period in seen.last()
    ]


def _over_time(sheet: Sheet, months: Sequence[MonthOf]) -> Markup | None:
    passages = [
        Passage(read_month(each.period), _count(each.new), _count(each.left)) for each in months
    ]
    if all(each.came is None for each in passages):
        return None
    say = sheet.visit.say
    return in_and_out(
        "in-and-out",
        passages,
        say("Who came and who left, month by month"),
        say(
            "Above the line who came, below it who left; the short line is the difference. "
            "The table holds the same numbers."
        ),
        came=say("Came"),
        went=say("Left"),
        written=sheet.w,
    )


def _count(cell: Cell | None) -> float | None:
    return None if cell is None or cell.numerator is None else float(cell.numerator)


def _changes(sheet: Sheet) -> list[Change]:
    """Each programme's change, the largest movement first."""
    table = sheet.seen.table("D1", "programme*part")
    if table is None:
        return []
    codes = sorted({cell.key[0] for cell in table.cells})
    largest = max((_count(cell) or 0 for cell in table.cells if cell.key[1] != "net"), default=0)
    found = []
    for code in codes:
        new, left, net = (table.by_key.get((code, part)) for part in ("new", "left", "net"))
        stock = next((cell.denominator for cell in (new, left, net) if cell), None)
        bar = both_ways(_count(left) or 0, _count(new) or 0, largest)
        found.append(Change(code, stock, new, left, net, bar))
    own = [each for each in found if not sheet.programme or each.code == sheet.programme]
    return sorted(own, key=lambda each: -((_count(each.new) or 0) + (_count(each.left) or 0)))
