"""Lists as offices keep them, with the mess of real life, and the truth of every row of them.

What is planted: titles and merged cells above the heading, blank rows, a line of totals, dates as
text and as dates, words for codes in the office's language, thousands separators, identity numbers
that a table program took for numbers, dates that never were, the same row twice.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
import xlsxwriter

from ibr.demo.country import Country
from ibr.demo.enrolments import Enrolment
from ibr.demo.mistakes import Written, written_by
from ibr.demo.timeline import MONTHS, month_at

Fault = Literal["", "digits_lost", "no_such_date", "unknown_word", "negative", "no_number"]
_FAULTS: Final[tuple[Fault, ...]] = (
    "digits_lost",
    "no_such_date",
    "unknown_word",
    "negative",
    "no_number",
)
_EVERY: Final = 9
_STATUS: Final = {
    "en": {"1": "Active", "2": "Deceased", "3": "Exited", "4": "Suspended", "6": "Reinstated"},
    "fr": {"1": "Actif", "2": "Décédé", "3": "Sorti", "4": "Suspendu", "6": "Réintégré"},
}
_SEX: Final = {"en": {"male": "Male", "female": "Female"}, "fr": {"male": "H", "female": "F"}}
_TITLES: Final = {
    "en": ("No", "Beneficiary No.", "National ID No.", "Surname", "First name", "Sex")
    + ("Date of birth", "Status", "Payment date", "Amount", "Remarks"),
    "fr": ("N°", "Matricule", "Numéro CNI", "Nom", "Prénom", "Sexe")
    + ("Date de naissance", "Statut", "Date de paiement", "Montant", "Observations"),
}
_AMOUNT: Final = 1_250_50


class RowTruth(msgspec.Struct, frozen=True):
    """What should become of one row: the number of the record it is about, or why it is refused.

    `repeated` rows say the same as one before; they are taken and count once.
    """

    row: int
    number: str
    fault: Fault = ""
    repeated: bool = False


class MessyFile(msgspec.Struct, frozen=True, kw_only=True):
    """One list of one programme for one month."""

    name: str
    programme: str
    cycle: str
    content: bytes
    rows: list[RowTruth]
    not_records: list[int]
    """Rows of the heading, blank ones and the line of totals."""

    @property
    def taken(self) -> set[str]:
        """The numbers of the records that should be there afterwards."""
        return {each.number for each in self.rows if not each.fault}


class _Line(msgspec.Struct):
    """One row before it is written: dates are still dates."""

    cells: list[str | date]
    truth: RowTruth


def messy_files(country: Country, programme: str, most: int = 200) -> list[MessyFile]:
    """The list of a programme for the last month: as a French CSV from an old Excel, and as an
    English workbook with merged headings."""
    month = MONTHS - 1
    enrolled = [
        each for each in country.enrolments[programme] if each.status(month) in _STATUS["en"]
    ][:most]
    made = []
    for name, language, write, first in (
        ("liste.csv", "fr", _as_csv, 5),
        ("payroll.xlsx", "en", _as_xlsx, 6),
    ):
        chance = random.Random(f"{country.seed}:{programme}:{name}")
        lines = _lines(country, enrolled, month, language, first, chance)
        content, others = write(lines, language)
        made.append(
            MessyFile(
                name=name,
                programme=programme,
                cycle=str(month_at(month)),
                content=content,
                rows=[line.truth for line in lines],
                not_records=others,
            )
        )
    return made


def _lines(
    country: Country,
    enrolled: Sequence[Enrolment],
    month: int,
    language: str,
    first: int,
    chance: random.Random,
) -> list[_Line]:
    lines: list[_Line] = []
    row = first
    for place, enrolment in enumerate(enrolled):
        about = written_by(
            country.seed, enrolment, enrolment.person, month, country.districts, faultless=True
        )
        fault: Fault = chance.choice(_FAULTS) if place % _EVERY == _EVERY - 1 else ""
        cells = _cells(enrolment, about, month, language, fault, place)
        lines.append(_Line(cells, RowTruth(row, enrolment.number, fault)))
        # A blank row now and then, as whoever made the list left it.
        row += 2 if place % 20 == 19 else 1
    for line in chance.sample(
        [each for each in lines if not each.truth.fault], k=min(3, len(lines))
    ):
        again = RowTruth(row, line.truth.number, repeated=True)
        lines.append(_Line(list(line.cells), again))
        row += 1
    return lines


def _cells(
    enrolment: Enrolment, about: Written, month: int, language: str, fault: Fault, place: int
) -> list[str | date]:
    status = enrolment.status(month) or "1"
    day = month_at(month).first
    paid = day.replace(day=14 + place % 14)
    number = about.ids.get("UIN", "")
    # A whole number that a table program shows with an exponent and all of its digits.
    if number.isdigit() and place % 7 == 3 and len(number) < 15:
        number = f"{number[0]}.{number[1:]}E+{len(number) - 1}"
    amount = f"{_AMOUNT // 100:,}.{_AMOUNT % 100:02d}"
    if language == "fr":
        amount = amount.replace(",", "\u00a0").replace(".", ",")
    cells: list[str | date] = [
        str(place + 1),
        enrolment.number,
        number,
        about.family,
        about.given,
        _SEX[language].get(about.sex, ""),
        _birth(about.birth),
        _STATUS[language][status],
        paid,
        amount,
        "",
    ]
    return _spoilt(cells, fault)


def _birth(written: str | None) -> str | date:
    if written and len(written) == 10:
        return date.fromisoformat(written)
    return written or ""


def _spoilt(cells: list[str | date], fault: Fault) -> list[str | date]:
    if fault == "digits_lost":
        cells[1] = "4.1E+11"
    elif fault == "no_such_date":
        cells[8] = "31/11/2026"
    elif fault == "unknown_word":
        cells[7] = "Zz"
    elif fault == "negative":
        cells[9] = f"-{cells[9]}"
    elif fault == "no_number":
        # Neither a number nor a name: nobody can say who that is.
        cells[1] = cells[2] = cells[3] = cells[4] = cells[6] = ""
    return cells


def _day(value: str | date) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value


def _as_csv(lines: Sequence[_Line], language: str) -> tuple[bytes, list[int]]:
    """Semicolons and Windows-1252, the day before the month."""
    rows: dict[int, list[str]] = {
        1: ["MINISTÈRE DES AFFAIRES SOCIALES"],
        2: ["Liste de paiement"],
        4: list(_TITLES[language]),
    }
    for line in lines:
        rows[line.truth.row] = [_day(cell) for cell in line.cells]
    last = max(rows) + 2
    rows[last] = ["TOTAL", *[""] * 8, f"{len(lines) * _AMOUNT // 100}"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    records = {line.truth.row for line in lines}
    for number in range(1, last + 1):
        writer.writerow(rows.get(number, [""] * len(_TITLES[language])))
    return (
        text.getvalue().encode("cp1252", "replace"),
        [number for number in range(1, last + 1) if number not in records],
    )


def _as_xlsx(lines: Sequence[_Line], language: str) -> tuple[bytes, list[int]]:
    """A merged heading, half of the dates as dates and half as text, a sum at the end."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(
        made, {"strings_to_formulas": False, "strings_to_numbers": False, "in_memory": True}
    )
    # The same list gives the same bytes.
    book.set_properties({"created": datetime(2026, 10, 31), "author": ""})
    sheet = book.add_worksheet("Payroll")
    bold = book.add_format({"bold": True, "align": "center"})
    dated = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.merge_range(0, 0, 0, 10, "Department of Social Welfare", bold)
    sheet.merge_range(1, 0, 1, 10, "Payroll", bold)
    sheet.merge_range(3, 1, 3, 6, "Beneficiary", bold)
    sheet.merge_range(3, 8, 3, 9, "Payment", bold)
    for place, title in enumerate(_TITLES[language]):
        sheet.write_string(4, place, title, bold)
    for step, line in enumerate(lines):
        for place, cell in enumerate(line.cells):
            _write(sheet, line.truth.row - 1, place, cell, dated, as_date=step % 2 == 0)
    last = max(line.truth.row for line in lines) + 1
    sheet.write_string(last, 0, "TOTAL")
    sheet.write_formula(last, 9, f"=SUM(J6:J{last})", None, len(lines) * _AMOUNT / 100)
    book.close()
    records = {line.truth.row for line in lines}
    return made.getvalue(), [each for each in range(1, last + 2) if each not in records]


def _write(
    sheet: Any, row: int, place: int, cell: str | date, dated: Any, *, as_date: bool
) -> None:
    if isinstance(cell, date) and as_date:
        sheet.write_datetime(row, place, datetime(cell.year, cell.month, cell.day), dated)
    elif isinstance(cell, date):
        sheet.write_string(row, place, _day(cell))
    elif cell:
        sheet.write_string(row, place, cell)
