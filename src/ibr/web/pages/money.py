"""Money: what was given, by whom, where and when, and whether it is enough to live on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.codelists.programme_kinds import BENEFIT_TYPE, SOCIAL_PROTECTION_FUNCTION
from ibr.coverage.figures.model import Cell
from ibr.periods import read_month
from ibr.questions.frozen_figures import TREND_MONTHS, Wanted
from ibr.web.answers import page
from ibr.web.charts.bars import marked, sparkline
from ibr.web.charts.month_bars import month_bars
from ibr.web.exact import of_value
from ibr.web.figure_codes import REFERENCE
from ibr.web.sheet import Sheet, opened, say_nothing
from ibr.web.visit import Visit

ALL: Final = "currency"
BY_PROGRAMME: Final = "programme*currency"
BY_AREA: Final = "programme*area1*currency"
BY_SEX: Final = "programme*sex*currency"
WANTED: Final = (
    Wanted(("N5",), (ALL, BY_PROGRAMME), TREND_MONTHS),
    Wanted(("N5",), ("function*currency", "benefit_type*currency", "area1*currency", BY_AREA)),
    Wanted(("A1",), (ALL, BY_PROGRAMME, BY_AREA, BY_SEX)),
    Wanted(("A4",), ("programme*currency*part",)),
    Wanted(("N1",), ("", "programme")),
    Wanted(("P1", "P2", "P3"), ("programme",)),
)


class Given(msgspec.Struct, frozen=True):
    """What a programme gave: in the month, over the months, and to each person on average."""

    code: str
    money: Cell | None
    line: Markup
    average: Cell | None
    women: Cell | None
    men: Cell | None


class Line(msgspec.Struct, frozen=True):
    """Money under one heading."""

    name: str
    cell: Cell


class Enough(msgspec.Struct, frozen=True):
    """The average benefit of a programme over the amounts it is measured by."""

    code: str
    average: Cell | None
    cells: tuple[Cell | None, ...]
    bars: tuple[Markup, ...]


class Paid(msgspec.Struct, frozen=True):
    """How a programme's payments went, as far as it reports that."""

    code: str
    completed: Cell | None
    on_time: Cell | None
    failed: Cell | None


async def show(visit: Visit) -> Response[str]:
    title = visit.say("Money")
    asked = visit.query.get("currency", "")
    sheet = await opened(visit, title, WANTED, {"currency": asked})
    if isinstance(sheet, Response):
        return sheet
    currencies = _currencies(sheet)
    if asked and asked not in currencies:
        why = visit.say("Nothing was given in this currency. Choose one of the list.")
        return say_nothing(visit, title, why, 404, back="/money")
    currency = asked or _usual(sheet, currencies)
    return page(
        visit,
        "money.html",
        sheet=sheet,
        currency=currency,
        currencies=currencies,
        totals=[(each, sheet.seen.cell("N5", ALL, each)) for each in currencies],
        average=_of_programme_or_all(sheet, "A1", currency),
        given=_of_programme_or_all(sheet, "N5", currency),
        reached=sheet.seen.cell("N1", "programme", sheet.programme)
        if sheet.programme
        else sheet.seen.cell("N1", ""),
        over_time=_over_time(sheet, currency),
        picture=_picture(sheet, currency),
        programmes=_programmes(sheet, currency),
        functions=_lines(sheet, "function*currency", currency),
        kinds=_lines(sheet, "benefit_type*currency", currency),
        areas=_areas(sheet, currency),
        largest=_largest,
        enough=_enough(sheet, currency),
        paid=_paid(sheet),
    )


def _currencies(sheet: Sheet) -> list[str]:
    """Every currency of the months that are shown."""
    return sorted(
        {cell.key[0] for month in sheet.seen.last() for cell in sheet.seen.cells("N5", ALL, month)}
    )


def _usual(sheet: Sheet, currencies: Sequence[str]) -> str:
    """The currency that most programmes give in: amounts of two currencies cannot be compared."""
    cells = [
        cell
        for month in sheet.seen.last()
        for cell in sheet.seen.cells("N5", BY_PROGRAMME, month)
        if not sheet.programme or cell.key[0] == sheet.programme
    ]
    many = {each: sum(cell.key[1] == each for cell in cells) for each in currencies}
    return max(currencies, key=lambda each: (many[each], each), default="")


def _of_programme_or_all(sheet: Sheet, indicator: str, currency: str) -> Cell | None:
    if sheet.programme:
        return sheet.seen.cell(indicator, BY_PROGRAMME, sheet.programme, currency)
    return sheet.seen.cell(indicator, ALL, currency)


def _over_time(sheet: Sheet, currency: str) -> list[tuple[str, Cell | None]]:
    breakdown, key = (BY_PROGRAMME, (sheet.programme,)) if sheet.programme else (ALL, ())
    return [
        (period, sheet.seen.cell("N5", breakdown, *key, currency, period=period))
        for period in sheet.seen.last()
    ]


def _picture(sheet: Sheet, currency: str) -> Markup | None:
    months = _over_time(sheet, currency)
    if not any(cell for _, cell in months):
        return None
    say, w = sheet.visit.say, sheet.w
    return month_bars(
        "money-by-month",
        [(read_month(period), of_value(cell) or 0.0) for period, cell in months],
        say("Money given by month"),
        say("A bar for each month. The table holds the same numbers."),
        written=w,
        short=w.short,
        full=w.amount_in(currency),
    )


def _programmes(sheet: Sheet, currency: str) -> list[Given]:
    """Programmes that gave something in this currency, the largest first."""
    seen, months = sheet.seen, sheet.seen.last()
    tables = [seen.table("N5", BY_PROGRAMME, month) for month in months]
    codes = sorted(
        {
            cell.key[0]
            for table in tables
            if table
            for cell in table.cells
            if cell.key[1] == currency
        }
    )
    found = []
    for code in codes:
        cells = [table.by_key.get((code, currency)) if table else None for table in tables]
        # A month that was counted without this programme is a month without money, not a gap.
        line = sparkline(
            [
                (of_value(cell) or 0.0) if table else None
                for cell, table in zip(cells, tables, strict=True)
            ]
        )
        found.append(
            Given(
                code,
                cells[-1],
                line,
                seen.cell("A1", BY_PROGRAMME, code, currency),
                seen.cell("A1", BY_SEX, code, "2", currency),
                seen.cell("A1", BY_SEX, code, "1", currency),
            )
        )
    own = [each for each in found if not sheet.programme or each.code == sheet.programme]
    return sorted(own, key=lambda each: -(of_value(each.money) or 0.0))


def _lines(sheet: Sheet, breakdown: str, currency: str) -> list[Line]:
    """Money by function or by type of benefit, the most first."""
    codes = SOCIAL_PROTECTION_FUNCTION if breakdown.startswith("function") else BENEFIT_TYPE
    cells = [each for each in sheet.seen.cells("N5", breakdown) if each.key[1] == currency]
    lines = [Line(sheet.w.code(codes, each.key[0]), each) for each in cells]
    return sorted(lines, key=lambda each: -(of_value(each.cell) or 0.0))


def _areas(sheet: Sheet, currency: str) -> list[Line]:
    """Money by area, of the chosen programme or of all."""
    if sheet.programme:
        cells = [
            each
            for each in sheet.seen.cells("N5", BY_AREA)
            if each.key[0] == sheet.programme and each.key[2] == currency
        ]
    else:
        cells = [
            each for each in sheet.seen.cells("N5", "area1*currency") if each.key[1] == currency
        ]
    place = 1 if sheet.programme else 0
    lines = [Line(sheet.area_name(each.key[place]), each) for each in cells]
    return sorted(lines, key=lambda each: -(of_value(each.cell) or 0.0))


def _largest(lines: Sequence[Line]) -> float:
    return max((of_value(each.cell) or 0.0 for each in lines), default=0.0)


def _enough(sheet: Sheet, currency: str) -> dict[str, object]:
    """The average benefit over each amount that it is measured by, with who set the amount."""
    table = sheet.seen.table("A4", "programme*currency*part")
    if table is None:
        return {"rows": [], "references": [], "sources": []}
    own = [
        cell
        for cell in table.cells
        if cell.key[1] == currency and (not sheet.programme or cell.key[0] == sheet.programme)
    ]
    parts = sorted({cell.key[2] for cell in own})
    top = max((of_value(cell) or 0.0 for cell in own), default=1.0)
    found = []
    for code in sorted({cell.key[0] for cell in own}):
        cells = tuple(table.by_key.get((code, currency, part)) for part in parts)
        bars = tuple(marked(of_value(cell), min(top, 2.0)) for cell in cells)
        found.append(Enough(code, sheet.seen.cell("A1", BY_PROGRAMME, code, currency), cells, bars))
    ordered = sorted(found, key=lambda each: of_value(each.cells[0]) or 0.0)
    return {
        "rows": ordered,
        "references": parts,
        "sources": [_source(sheet, each) for each in table.sources],
    }


def _source(sheet: Sheet, said: str) -> str:
    """Who set an amount, with the amount's name in the reader's language."""
    kind, _, rest = said.partition(": ")
    return f"{sheet.w.code(REFERENCE, kind)} – {rest}" if kind in REFERENCE.labels else said


def _paid(sheet: Sheet) -> list[Paid]:
    tables = {code: sheet.seen.table(code, "programme") for code in ("P1", "P2", "P3")}
    codes = sorted({cell.key[0] for table in tables.values() if table for cell in table.cells})
    return [
        Paid(code, *(table.by_key.get((code,)) if table else None for table in tables.values()))
        for code in codes
        if not sheet.programme or code == sheet.programme
    ]
