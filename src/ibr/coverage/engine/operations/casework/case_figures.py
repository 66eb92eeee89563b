"""K1 to K5, S1 and Q4 by check: cases, what came of them, whom they hit, what they saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from asyncpg import Record

from ibr.coverage.engine.operations.casework import store
from ibr.coverage.engine.operations.casework.store import Span
from ibr.coverage.engine.operations.cells import Tables, value_cell
from ibr.coverage.figures.model import AGE_BANDS, Cell, count_cell, share_cell
from ibr.db.pool import Connection
from ibr.periods import Month
from ibr.reported.values import minor_digits

RATE_DECIMALS: Final = 6
"""Few of many thousands have a case; four places would show nothing of it."""
COUNTED: Final = ("opened", "decided", "open", "past_due")
AGES: Final = ("age_p50", "age_p90")
Counts = dict[str, int]


def spans(months: Iterable[Month], at: datetime) -> list[Span]:
    """The months as far as they have gone by at a moment; none that has not begun."""
    return [
        Span(str(month), month.start, min(month.plus(1).start, at))
        for month in months
        if month.start < at
    ]


async def add_cases(
    connection: Connection,
    into: Mapping[Month, Tables],
    codes: Mapping[int, str],
    at: datetime,
) -> None:
    """K1 to K5, S1 and Q4 by check, of each month."""
    months = spans(into, at)
    tables = {str(month): each for month, each in into.items()}
    counted = await store.begun_and_open(connection, months, codes.keys())
    overdue = await store.past_due(connection, months, codes.keys())
    ended = await store.outcomes(connection, months, codes.keys())
    held = await store.held(connection, months, codes.keys(), at)
    groups = await store.by_group(connection, months, codes.keys())
    people = await store.enrolled(connection, codes.keys())
    saved = await store.saved(connection, months, codes.keys())
    checked = await store.by_check(connection, months, codes.keys())
    for month in months:
        here = tables[month.period]
        _add_counts(here, _of(counted, month), _of(overdue, month), codes)
        _add_outcomes(here, _of(ended, month), codes)
        _add_appeals(here, _of(ended, month), codes)
        _add_held(here, _of(held, month), codes)
        _add_fairness(here, _of(groups, month), people, codes, month)
        _add_saved(here, _of(saved, month), codes)
        here.add(
            "Q4",
            ["part"],
            [
                share_cell((row["check_code"],), row["confirmed"], row["decided"])
                for row in _of(checked, month)
            ],
        )


def _of(rows: Sequence[Record], month: Span) -> list[Record]:
    return [row for row in rows if row["period"] == month.period]


def _where(programme: int | None, codes: Mapping[int, str]) -> tuple[list[str], tuple[str, ...]]:
    """The dimensions and key of a row of one programme, or of all under an empty one."""
    return ([], ()) if programme is None else (["programme"], (codes[programme],))


def _add_counts(
    tables: Tables, counted: Sequence[Record], overdue: Sequence[Record], codes: Mapping[int, str]
) -> None:
    late = {row["programme_id"]: row["past_due"] for row in overdue}
    for row in counted:
        dimensions, key = _where(row["programme_id"], codes)
        values = {name: row[name] for name in COUNTED[:3]}
        values["past_due"] = late.get(row["programme_id"], 0)
        cells = [count_cell((*key, name), values[name]) for name in COUNTED if values[name]]
        # Old cases that are closed by now bring an empty row.
        cells += [
            value_cell((*key, name), row[name], row["open"])
            for name in AGES
            if row[name] is not None
        ]
        tables.add("K1", [*dimensions, "part"], cells)


def _add_outcomes(tables: Tables, ended: Sequence[Record], codes: Mapping[int, str]) -> None:
    for programme in (None, *sorted({row["programme_id"] for row in ended})):
        dimensions, key = _where(programme, codes)
        parts: Counts = {}
        for row in ended:
            if programme in (None, row["programme_id"]):
                parts[row["part"]] = parts.get(row["part"], 0) + row["cases"]
        whole = sum(parts.values())
        tables.add(
            "K2",
            [*dimensions, "part"],
            [share_cell((*key, part), count, whole) for part, count in parts.items()],
        )


def _add_appeals(tables: Tables, ended: Sequence[Record], codes: Mapping[int, str]) -> None:
    for programme in (None, *sorted({row["programme_id"] for row in ended})):
        dimensions, key = _where(programme, codes)
        rows = [row for row in ended if programme in (None, row["programme_id"])]
        names = ("adverse", "appealed", "settled", "upheld")
        sums = {name: sum(row[name] for row in rows) for name in names}
        cells = []
        if sums["adverse"]:
            cells.append(share_cell((*key, "appealed"), sums["appealed"], sums["adverse"]))
        if sums["settled"]:
            cells.append(share_cell((*key, "overturned"), sums["upheld"], sums["settled"]))
        tables.add("K3", [*dimensions, "part"], cells)


def _add_held(tables: Tables, held: Sequence[Record], codes: Mapping[int, str]) -> None:
    for row in held:
        dimensions, key = _where(row["programme_id"], codes)
        parts = {
            "persons": row["persons"],
            "person_days": row["days"],
            "wrongly_held": row["wrongly"],
        }
        tables.add(
            "K4",
            [*dimensions, "part"],
            [count_cell((*key, part), count) for part, count in parts.items() if count],
        )


def _add_fairness(
    tables: Tables,
    groups: Sequence[Record],
    people: Sequence[Record],
    codes: Mapping[int, str],
    month: Span,
) -> None:
    """Rates of groups, and how each stands to the rate of all together."""
    counts = _by_group(groups, people, month)
    # Everybody has exactly one sex, known or not, so these add up to all.
    whole: Counts = {}
    for name in ("opened", "decided", "unconfirmed", "persons"):
        whole[name] = sum(each.get(name, 0) for each in counts.get("sex", {}).values())
    tables.add("K5", ["part"], _rates((), whole, None))
    for what, dimension in (("sex", "sex"), ("age", "age"), ("region", "area1")):
        for which, each in counts.get(what, {}).items():
            tables.add("K5", [dimension, "part"], _rates((which,), each, whole))
    for which, each in counts.get("programme", {}).items():
        key = (codes[int(which)],)
        tables.add("K5", ["programme", "part"], _rates(key, each, whole))


def _by_group(
    groups: Sequence[Record], people: Sequence[Record], month: Span
) -> dict[str, dict[str, Counts]]:
    found: dict[str, dict[str, Counts]] = {}

    def add(what: str, which: str, name: str, count: int) -> None:
        if what == "birth_year":
            what, which = "age", _band(which, month.first.year)
        counts = found.setdefault(what, {}).setdefault(which, {})
        counts[name] = counts.get(name, 0) + count

    for row in groups:
        for name in ("opened", "decided", "unconfirmed"):
            add(row["what"], row["which"], name, row[name])
    for row in people:
        add(row["what"], row["which"], "persons", row["persons"])
        if row["what"] == "sex":
            add("programme", str(row["programme_id"]), "persons", row["persons"])
    return found


def _band(year: str, of: int) -> str:
    """Five years of the age that is reached in a year; empty where the year of birth is not
    known."""
    if not year:
        return ""
    return AGE_BANDS[min(max(of - int(year), 0) // 5, len(AGE_BANDS) - 1)]


def _rates(key: tuple[str, ...], counts: Counts, whole: Counts | None) -> list[Cell]:
    cells = []
    for part, of_part, of in (
        ("flagged", "opened", "persons"),
        ("unconfirmed", "unconfirmed", "decided"),
    ):
        number, base = counts.get(of_part, 0), counts.get(of, 0)
        if not base:
            continue
        cells.append(share_cell((*key, part), number, base, decimals=RATE_DECIMALS))
        if whole is not None and whole[of_part] and whole[of]:
            ratio = share_cell(
                (*key, f"{part}_ratio"),
                number * whole[of],
                base * whole[of_part],
                decimals=RATE_DECIMALS,
            )
            # Twice as often as others is what is looked for, and no fault of the figure.
            cells.append(Cell(ratio.key, ratio.numerator, ratio.denominator, ratio.value))
    return cells


def _add_saved(tables: Tables, saved: Sequence[Record], codes: Mapping[int, str]) -> None:
    sums: Counts = {}
    for row in saved:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
    tables.add("S1", ["currency"], [_money((each,), sums[each], each) for each in sums])
    tables.add(
        "S1",
        ["programme", "currency"],
        [
            _money((codes[row["programme_id"]], row["currency"]), row["amount"], row["currency"])
            for row in saved
        ],
    )


def _money(key: tuple[str, ...], minor: int, currency: str) -> Cell:
    """A sum in units of its currency, with as many digits as it has."""
    value = Decimal(minor).scaleb(-(minor_digits(currency) or 0))
    return Cell(key, minor, None, format(value, "f"))
