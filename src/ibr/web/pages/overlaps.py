"""Overlaps between programmes: who is in which together, in how many, who moves between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.coverage.figures.model import Cell
from ibr.questions.frozen_figures import TREND_MONTHS, Wanted
from ibr.web.answers import page
from ibr.web.charts.bars import parts
from ibr.web.charts.matrix import SHARES, Head, Shown, counts_from, heat_table, legend
from ibr.web.charts.upset import Combination, Row, upset
from ibr.web.exact import of_value
from ibr.web.pages.movements import movements_of, node_name
from ibr.web.sheet import Sheet, opened
from ibr.web.visit import Visit

PAIR: Final = "programme*with"
MEASURES: Final = {"share": "O2", "persons": "O1", "jaccard": "O3"}
NUMBERS: Final = ("1", "2", "3", "4+")
MOST_COMBINATIONS: Final = 18
MOST_IN_TABLE: Final = 40
MOST_PAIRS: Final = 20
MOST_ON_PAPER: Final = 18
WANTED: Final = (
    Wanted(("O1", "O2", "O3"), (PAIR,)),
    Wanted(("O4",), ("programmes", "area1*programmes", "sex*programmes")),
    Wanted(("O5",), ("combination",)),
    Wanted(("O6", "O7"), (PAIR, "part", "programme*with*part")),
    Wanted(("N1",), ("", "programme")),
    Wanted(("D4",), ("programme*to", "programme*part", "to*part")),
    Wanted(("D2", "D3"), ("", "programme")),
    Wanted(("D1",), ("part", "programme*part"), TREND_MONTHS),
)


class Together(msgspec.Struct, frozen=True):
    """Two programmes that share people, both ways."""

    one: str
    other: str
    both: Cell
    of_one: Cell | None
    of_other: Cell | None
    jaccard: Cell | None


class Numbers(msgspec.Struct, frozen=True):
    """How many people are in one, two, three, and four or more programmes."""

    name: str
    cells: tuple[Cell | None, ...]
    whole: int
    bar: Markup


class Excluded(msgspec.Struct, frozen=True):
    """Two programmes that exclude each other, with who is in both."""

    one: str
    other: str
    suspected: Cell | None
    confirmed: Cell | None


async def show(visit: Visit) -> Response[str]:
    measure = visit.query.get("measure", "")
    state = {"measure": measure if measure in MEASURES else ""}
    title = visit.say("Overlaps between programmes")
    sheet = await opened(visit, title, WANTED, state)
    if isinstance(sheet, Response):
        return sheet
    measure = sheet.state.get("measure") or "share"
    together = _together(sheet)
    exactly = _combinations(sheet)
    return page(
        visit,
        "overlaps.html",
        sheet=sheet,
        measure=measure,
        measures=tuple(MEASURES),
        matrix=None if sheet.programme else _matrix(sheet, measure),
        columns=len(_codes(sheet)),
        most_on_paper=MOST_ON_PAPER,
        key=_key(sheet, measure),
        together=together,
        most_pairs=MOST_PAIRS,
        exactly=[(codes_of(each), each) for each in _largest(exactly, MOST_IN_TABLE)],
        all_combinations=len(exactly),
        picture=_upset(sheet, exactly),
        numbers=_numbers(sheet),
        moves=movements_of(sheet),
        node=lambda code: node_name(sheet, code),
        excluded=_excluded(sheet),
        completing=sorted(
            _of_the_programme(sheet, sheet.seen.cells("O7", PAIR)),
            key=lambda each: of_value(each) or 0.0,
        ),
        tiles=_tiles(sheet),
    )


def _of_the_programme(sheet: Sheet, cells: Sequence[Cell]) -> list[Cell]:
    """The cells of pairs that the chosen programme is in; all where none was chosen."""
    return [each for each in cells if not sheet.programme or sheet.programme in each.key[:2]]


def _tiles(sheet: Sheet) -> dict[str, object]:
    seen = sheet.seen
    several = [seen.cell("O4", "programmes", number) for number in NUMBERS]
    return {
        "reached": seen.cell("N1", ""),
        "several": several,
        "suspected": seen.cell("O6", "part", "suspected"),
        "confirmed": seen.cell("O6", "part", "confirmed"),
        "stayed": _of_programme_or_all(sheet, "D2"),
        "back": _of_programme_or_all(sheet, "D3"),
    }


def _of_programme_or_all(sheet: Sheet, indicator: str) -> Cell | None:
    if sheet.programme:
        return sheet.seen.cell(indicator, "programme", sheet.programme)
    return sheet.seen.cell(indicator, "")


def _codes(sheet: Sheet) -> list[str]:
    """The programmes that somebody is in, the largest first."""
    cells = sheet.seen.cells("N1", "programme")
    return [each.key[0] for each in sorted(cells, key=lambda each: -(each.numerator or 0))]


def _matrix(sheet: Sheet, measure: str) -> Markup:
    table = sheet.seen.table(MEASURES[measure], PAIR)
    cells = table.by_key if table else {}
    own = sheet.seen.table("N1", "programme")
    sizes = own.by_key if own else {}
    codes = _codes(sheet)
    one_way = measure != "share"

    def shown(row: str, column: str) -> Shown:
        if row == column:
            return Shown(sheet.count(sizes.get((row,))), None, "self")
        # Only the share differs by direction; the others are kept once for each pair.
        key = (row, column) if not one_way or row < column else (column, row)
        cell = cells.get(key)
        if cell is None or not cell.numerator:
            return Shown("0", None, "none")
        text = sheet.count(cell) if measure == "persons" else sheet.share(cell)
        return Shown(text, of_value(cell))

    rows = [Head(code, sheet.programme_name(code), sheet.address(programme=code)) for code in codes]
    say = sheet.visit.say
    return heat_table(
        say("Programmes and who else is in them"),
        say("Programme"),
        rows,
        rows,
        shown,
        _bounds(sheet, measure),
    )


def _bounds(sheet: Sheet, measure: str) -> Sequence[float]:
    if measure != "persons":
        return SHARES
    return counts_from(
        max((each.numerator or 0 for each in sheet.seen.cells("O1", PAIR)), default=0)
    )


def _key(sheet: Sheet, measure: str) -> list[tuple[int, str]]:
    written = sheet.w.count if measure == "persons" else sheet.w.percent
    return legend(_bounds(sheet, measure), written)


def _together(sheet: Sheet) -> list[Together]:
    """The pairs that share most people; the chosen programme is always the first of a pair."""
    seen, found = sheet.seen, []
    for both in _of_the_programme(sheet, seen.cells("O1", PAIR)):
        if not both.numerator:
            continue
        one, other = both.key
        if other == sheet.programme:
            one, other = other, one
        found.append(
            Together(
                one,
                other,
                both,
                seen.cell("O2", PAIR, one, other),
                seen.cell("O2", PAIR, other, one),
                seen.cell("O3", PAIR, *both.key),
            )
        )
    return sorted(found, key=lambda each: -(each.both.numerator or 0))


def _combinations(sheet: Sheet) -> list[Cell]:
    """Combinations, of the chosen programme where there is one; a country has many thousands."""
    cells = sheet.seen.cells("O5", "combination")
    return [each for each in cells if not sheet.programme or sheet.programme in codes_of(each)]


def codes_of(cell: Cell) -> tuple[str, ...]:
    """The programmes of a combination."""
    return tuple(cell.key[0].split("+"))


def _largest(cells: Iterable[Cell], most: int) -> list[Cell]:
    """The most frequent combinations, the largest first; of as many the first by their codes."""
    return nsmallest(most, cells, key=lambda each: (-(each.numerator or 0), each.key))


def _upset(sheet: Sheet, cells: Sequence[Cell]) -> Markup | None:
    """People in several programmes; whoever is in one alone would hide them."""
    drawn = _largest((each for each in cells if "+" in each.key[0]), MOST_COMBINATIONS)
    if not drawn:
        return None
    times = Counter(code for each in drawn for code in codes_of(each))
    rows = [
        Row(code, sheet.programme_name(code))
        for code in sorted(times, key=lambda code: (-times[code], code))
    ]
    say = sheet.visit.say
    return upset(
        "upset",
        rows,
        [_combination(sheet, each) for each in drawn],
        say("People by the exact combination of their programmes"),
        say(
            "A bar for each combination, and dots for the programmes in it. "
            "The table holds the same numbers."
        ),
        short=sheet.w.short,
        mirrored=sheet.w.language.mirrored,
    )


def _combination(sheet: Sheet, cell: Cell) -> Combination:
    codes = codes_of(cell)
    names = " + ".join(sheet.programme_name(code) for code in codes)
    return Combination(codes, float(cell.numerator or 0), f"{names}: {sheet.count(cell)}")


def _numbers(sheet: Sheet) -> list[Numbers]:
    """How many programmes people have: all of them, by sex, and by area."""
    say, seen = sheet.visit.say, sheet.seen
    found = [_numbers_of(say("Everybody"), [seen.cell("O4", "programmes", n) for n in NUMBERS])]
    for breakdown, name in (
        ("sex*programmes", sheet.sex_name),
        ("area1*programmes", sheet.area_name),
    ):
        table = seen.table("O4", breakdown)
        if table is None:
            continue
        codes = sorted({cell.key[0] for cell in table.cells}, key=lambda code: (code == "", code))
        found += [
            _numbers_of(name(code), [table.by_key.get((code, n)) for n in NUMBERS])
            for code in codes
        ]
    return found


def _numbers_of(name: str, cells: Sequence[Cell | None]) -> Numbers:
    counts = [float(cell.numerator or 0) if cell else 0.0 for cell in cells]
    return Numbers(name, tuple(cells), int(sum(counts)), parts(counts, sum(counts)))


def _excluded(sheet: Sheet) -> list[Excluded]:
    """Pairs that exclude each other, those with most people in both first."""
    table = sheet.seen.table("O6", "programme*with*part")
    if table is None:
        return []
    pairs = {each.key[:2]: None for each in _of_the_programme(sheet, table.cells)}
    found = [
        Excluded(
            one,
            other,
            table.by_key.get((one, other, "suspected")),
            table.by_key.get((one, other, "confirmed")),
        )
        for one, other in pairs
    ]
    return sorted(
        found, key=lambda each: -((each.suspected.numerator or 0) if each.suspected else 0)
    )
