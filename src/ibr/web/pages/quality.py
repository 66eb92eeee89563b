"""Data quality: who reports, how soon, how well, and what was stated anew."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from litestar import Response
from markupsafe import Markup

from ibr.coverage.engine.operations.reports.model import Late
from ibr.coverage.figures.model import Cell, FigureTable, Restated
from ibr.periods import read_month
from ibr.questions.frozen_figures import TREND_MONTHS, Wanted
from ibr.questions.late_reports import late_reports
from ibr.web.answers import page
from ibr.web.case_codes import CHECK
from ibr.web.charts.matrix import Head, Shown, heat_table
from ibr.web.exact import of_value
from ibr.web.figure_codes import FIELD_NAME
from ibr.web.sheet import Sheet, opened
from ibr.web.visit import Visit

MOST_RESTATED: Final = 40
MONTHS_NAMED: Final = 6
WANTED: Final = (
    Wanted(("R1", "R2"), ("", "programme"), TREND_MONTHS),
    Wanted(("R3",), ("part", "programme*part")),
    Wanted(("R4",), ("", "programme", "field", "programme*field")),
    Wanted(("R5",), ("field", "programme*field")),
    Wanted(("R6", "R7"), ("", "programme")),
    Wanted(("Q1", "Q4"), ("part", "programme*part")),
    Wanted(("Q2", "Q3"), ("", "programme")),
)
State = Literal["on_time", "late", "partly", "missing", "open", "not_due"]
SIGNS: Final[dict[State, str]] = {
    "on_time": "●",
    "late": "◐",
    "partly": "◔",
    "missing": "○",
    "open": "◌",
    "not_due": "·",
}
# Empty fields and refused records are rare where all is well, so the shades begin low.
MISSING: Final = (0.02, 0.1, 0.3)


class Reported(msgspec.Struct, frozen=True):
    """A programme's months, each with what became of its report."""

    code: str
    states: list[tuple[str, State]]


class Timely(msgspec.Struct, frozen=True):
    """How soon and how well a programme reports in the month."""

    code: str
    received: Cell | None
    on_time: Cell | None
    half: Cell | None
    nine: Cell | None
    accepted: Cell | None
    agrees: Cell | None
    restated: Cell | None


class Missing(msgspec.Struct, frozen=True):
    """The reports that a programme owes today: for which cycles, and the one owed for longest."""

    code: str
    count: int
    cycles: list[tuple[str, str]]
    oldest: Late


class Identity(msgspec.Struct, frozen=True):
    """One figure on who is who."""

    code: str
    name: str
    cell: Cell


class Anew(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator of a period that a run stated anew: how many of its figures, and why."""

    run_no: int
    indicator: str
    period: str
    whole: Restated | None
    tables: int
    changed: int
    cells: int
    why: list[str]


async def show(visit: Visit) -> Response[str]:
    title = visit.say("Data quality")
    sheet = await opened(visit, title, WANTED, with_restated=True)
    if isinstance(sheet, Response):
        return sheet
    grid, restated = _grid(sheet), _restated(sheet)
    return page(
        visit,
        "quality.html",
        sheet=sheet,
        grid=grid,
        months=[read_month(each) for each in _columns(sheet)],
        signs=SIGNS,
        states=_state_names(sheet),
        late=await _late(visit, sheet),
        timely=_timely(sheet),
        told={code: sheet.seen.table(code, "programme") is not None for code in ("R6", "R7")},
        totals={code: sheet.seen.cell(code, "") for code in ("R1", "R2", "R4", "R6", "R7")},
        half=sheet.seen.cell("R3", "part", "p50"),
        nine=sheet.seen.cell("R3", "part", "p90"),
        fields=_fields(sheet, "R5"),
        refused=_refused(sheet),
        matrix=_empty_fields(sheet),
        identity=_identity(sheet),
        restated=restated[:MOST_RESTATED],
        all_restated=len(restated),
        period_name=lambda period: sheet.month_name(period) if "-" in period else period,
    )


def _state_names(sheet: Sheet) -> dict[State, str]:
    say = sheet.visit.say
    return {
        "on_time": say("On time"),
        "late": say("Late"),
        "partly": say("In part"),
        "missing": say("Missing"),
        "open": say("Still has time"),
        "not_due": say("Nothing due"),
    }


def state_of(received: Cell | None, on_time: Cell | None) -> State:
    """What became of the reports that a programme owed for a month.

    A report whose last day has not passed is in no cell of `on_time`: it may still come in time.
    """
    if received is None or not received.denominator:
        return "not_due"
    came, over = received.numerator or 0, on_time is not None and bool(on_time.denominator)
    if came == 0:
        return "missing" if over else "open"
    if came < received.denominator:
        return "partly"
    if on_time is not None and over and (on_time.numerator or 0) < (on_time.denominator or 0):
        return "late"
    return "on_time"


def _own(sheet: Sheet, codes: set[str]) -> list[str]:
    return [code for code in sorted(codes) if not sheet.programme or code == sheet.programme]


def _columns(sheet: Sheet) -> list[str]:
    """The newest month first: on a narrow screen it is the one that is seen."""
    return sheet.seen.last()[::-1]


def _grid(sheet: Sheet) -> list[Reported]:
    """Every programme that ever had something to report in these months."""
    seen, months = sheet.seen, _columns(sheet)
    received = {month: seen.table("R1", "programme", month) for month in months}
    in_time = {month: seen.table("R2", "programme", month) for month in months}
    codes = {cell.key[0] for table in received.values() if table for cell in table.cells}
    return [
        Reported(
            code,
            [
                (month, state_of(_at(received[month], code), _at(in_time[month], code)))
                for month in months
            ],
        )
        for code in _own(sheet, codes)
    ]


def _at(table: FigureTable | None, *key: str) -> Cell | None:
    return table.by_key.get(key) if table else None


async def _late(visit: Visit, sheet: Sheet) -> list[Missing]:
    """Programmes with missing reports, the longest overdue first; of each the newest are named."""
    owed: dict[str, list[Late]] = {}
    for each in await late_reports(visit.services.database, visit.asker(), visit.at):
        if not sheet.programme or each.code == sheet.programme:
            owed.setdefault(each.code, []).append(each)
    return [
        Missing(
            code,
            len(reports),
            [(each.first_month, each.last_month) for each in reports[::-1][:MONTHS_NAMED]],
            reports[0],
        )
        for code, reports in owed.items()
    ]


def _timely(sheet: Sheet) -> list[Timely]:
    seen = sheet.seen
    tables = {code: seen.table(code, "programme") for code in ("R1", "R2", "R4", "R6", "R7")}
    lag = seen.table("R3", "programme*part")
    codes = {cell.key[0] for table in (*tables.values(), lag) if table for cell in table.cells}
    return [
        Timely(
            code,
            _at(tables["R1"], code),
            _at(tables["R2"], code),
            _at(lag, code, "p50"),
            _at(lag, code, "p90"),
            _at(tables["R4"], code),
            _at(tables["R6"], code),
            _at(tables["R7"], code),
        )
        for code in _own(sheet, codes)
    ]


def _fields(sheet: Sheet, indicator: str) -> list[Cell]:
    """Fields by how often they are filled, the emptiest first; of one programme or of all."""
    if sheet.programme:
        cells = [
            each
            for each in sheet.seen.cells(indicator, "programme*field")
            if each.key[0] == sheet.programme
        ]
    else:
        cells = list(sheet.seen.cells(indicator, "field"))
    return sorted(cells, key=lambda each: (of_value(each) or 0.0, each.key))


def _refused(sheet: Sheet) -> list[Cell]:
    """Fields that records were refused for, the most frequent first."""
    return sorted(_fields(sheet, "R4"), key=lambda each: (-(each.numerator or 0), each.key))


def _empty_fields(sheet: Sheet) -> Markup | None:
    """Programmes against fields: the share of records in which a field is empty or wrong."""
    table = sheet.seen.table("R5", "programme*field")
    if table is None or sheet.programme:
        return None
    codes = sorted({cell.key[0] for cell in table.cells})
    fields = sorted({cell.key[1] for cell in table.cells})

    def shown(row: str, column: str) -> Shown:
        cell = table.by_key.get((row, column))
        value = of_value(cell)
        # The shade is what is missing, the number what is there: it is the same in every file.
        return Shown(sheet.share(cell), None if value is None else 1.0 - value)

    return heat_table(
        sheet.visit.say("Fields filled, by programme"),
        sheet.visit.say("Programme"),
        [Head(code, sheet.programme_name(code), sheet.address(programme=code)) for code in codes],
        [Head(each, each, words=sheet.w.code(FIELD_NAME, each)) for each in fields],
        shown,
        MISSING,
    )  # fmt: skip


def _identity(sheet: Sheet) -> list[Identity]:
    """Numbers present and verified, duplicates suspected and confirmed, finds that were right."""
    seen, say = sheet.seen, sheet.visit.say
    confirmed = say("Findings that were confirmed")
    names = {
        ("Q1", "present"): say("People with a number that identifies them"),
        ("Q1", "foundational"): say("People with the foundational number"),
        ("Q1", "verified"): say("People known to the civil register"),
        ("Q4", "matcher"): say("Links that linkage proposed and people confirmed"),
    }
    found = []
    for code in ("Q1", "Q4"):
        if sheet.programme:
            cells = [
                (c.key[1], c)
                for c in seen.cells(code, "programme*part")
                if c.key[0] == sheet.programme
            ]
        else:
            cells = [(cell.key[0], cell) for cell in seen.cells(code, "part")]
        for part, cell in cells:
            check = f"{confirmed}: {sheet.w.code(CHECK, part)}"
            found.append(Identity(code, names.get((code, part), check), cell))
    for code, name in (
        ("Q2", say("People suspected to be in the registry twice")),
        ("Q3", say("Records confirmed as second copies")),
    ):
        total = (
            seen.cell(code, "programme", sheet.programme)
            if sheet.programme
            else seen.cell(code, "")
        )
        if total:
            found.append(Identity(code, name, total))
    return sorted(found, key=lambda each: each.code)


def _restated(sheet: Sheet) -> list[Anew]:
    """What was stated anew, the newest first: the tables of an indicator and period together."""
    found: dict[tuple[int, str, str], list[Restated]] = {}
    for each in sheet.seen.restated:
        found.setdefault((each.run_no, each.period, each.indicator), []).append(each)
    return [
        Anew(
            run_no=run,
            indicator=indicator,
            period=period,
            whole=next((each for each in tables if not each.breakdown), None),
            tables=len(tables),
            changed=sum(each.cells_changed for each in tables),
            cells=sum(each.cells for each in tables),
            why=list(dict.fromkeys(why for each in tables for why in each.why)),
        )
        for (run, period, indicator), tables in sorted(found.items(), reverse=True)
    ]
