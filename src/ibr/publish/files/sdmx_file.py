"""SDMX-CSV 2.0: the same figures with the names and codes that statistical offices exchange.

The structure is described in docs/howto/figures-as-files.md; change both together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ibr.clock import written
from ibr.publish.files.csv_file import pieces
from ibr.publish.files.model import NOT_KNOWN, Dataset, Row
from ibr.publish.files.rows import harmless, lacking_in, rows

STRUCTURE_ID: Final = "IBR:DF_SOCIAL_PROTECTION(1.0.0)"
TOTAL: Final = "_T"
NOT_APPLICABLE: Final = "_Z"
# In the order of the structure; what a breakdown lacks is the total of people, or does not apply.
_PEOPLE: Final = {
    "programme": "PROGRAMME",
    "function": "FUNCTION",
    "benefit_type": "BENEFIT_TYPE",
    "sex": "SEX",
    "age": "AGE",
    "disability": "DISABILITY",
}
_OTHERS: Final = {
    "with": "PROGRAMME_WITH",
    "to": "PROGRAMME_TO",
    "combination": "COMBINATION",
    "programmes": "PROGRAMMES",
    "currency": "CURRENCY",
    "field": "FIELD",
    "part": "PART",
}
HEADER: Final = (
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "FREQ",
    "INDICATOR",
    "SERIES",
    "REF_AREA",
    *_PEOPLE.values(),
    *_OTHERS.values(),
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "UNIT_MEASURE",
    "UNIT_MULT",
    "DECIMALS",
    "NUMERATOR",
    "DENOMINATOR",
    "COMMENT_OBS",
    "AS_KNOWN_AT",
    "REPORTS_RECEIVED",
    "REPORTS_DUE",
    "REPORTS_MISSING",
    "RUN_NO",
    "SOURCE",
    "CONF_STATUS",
)
# The series of SDG indicator 1.3.1 as the United Nations name them.
SDG_SERIES: Final = {
    "1": "SI_COV_BENFTS",
    "2": "SI_COV_CHLD",
    "3": "SI_COV_MATNL",
    "4": "SI_COV_DISAB",
    "5": "SI_COV_UEMP",
    "6": "SI_COV_WKINJRY",
    "7": "SI_COV_PENSN",
    "8": "SI_COV_VULN",
    "9": "SI_COV_POOR",
}
_SEX: Final = {"1": "M", "2": "F", "3": "_O", "0": "_U"}
_DISABILITY: Final = {"1": "PD", "0": "PWD"}
_UNITS: Final = {
    "persons": "PS",
    "households": "HH",
    "share": "PT",
    "ratio": "RO",
    "days": "D",
    "cases": "CASES",
    "records": "RECORDS",
    "number": "PURE_NUMB",
}
_FREE: Final = re.compile(r"[^A-Za-z0-9_@$-]")
# Who may see it, by the code list CL_CONF_STATUS: free, or not for publication.
_CONFIDENTIAL: Final = {"public": "F", "partners": "N", "internal": "N"}


def sdmx_pieces(dataset: Dataset) -> Iterator[bytes]:
    """The file in pieces of some hundred rows."""
    return pieces(HEADER, (_line(dataset, row) for row in rows(dataset)))


def _line(dataset: Dataset, row: Row) -> list[str | int | None]:
    table = row.table
    complete = table.completeness
    decimals = len((row.value or "").partition(".")[2])
    return [
        "dataflow",
        STRUCTURE_ID,
        "I",
        "M" if "-" in table.period else "A",
        code_of(table.indicator),
        SDG_SERIES.get(row.codes.get("series", ""), NOT_APPLICABLE),
        _area(row),
        *(_code(row, each, TOTAL) for each in _PEOPLE),
        *(_code(row, each, NOT_APPLICABLE) for each in _OTHERS),
        table.period,
        row.value,
        _status(row),
        _unit(row),
        2 if row.unit == "share" else 0,
        decimals,
        row.numerator,
        row.denominator,
        harmless("; ".join(row.notes)),
        written(table.as_known_at) if table.as_known_at else None,
        complete.received if complete else None,
        complete.expected if complete else None,
        harmless(lacking_in(table) or ""),
        table.run_no,
        harmless("; ".join(table.sources)),
        "C" if row.status == "hidden" else _CONFIDENTIAL[dataset.audience],
    ]


def _area(row: Row) -> str:
    """Both levels of areas are one dimension: codes of areas are unique over all levels.

    People of an unknown region and of an unknown district are not the same people.
    """
    code = row.codes.get("area2")
    if code == NOT_KNOWN:
        return f"{NOT_KNOWN}2"
    code = code or row.codes.get("area1")
    return TOTAL if code is None else code_of(code)


def _code(row: Row, dimension: str, otherwise: str) -> str:
    code = row.codes.get(dimension)
    if code is None:
        return otherwise
    if code == NOT_KNOWN:
        return NOT_KNOWN
    if dimension == "sex":
        return _SEX.get(code, NOT_KNOWN)
    if dimension == "disability":
        return _DISABILITY.get(code, NOT_KNOWN)
    if dimension == "age":
        return _age(code)
    if dimension == "programmes" and code.endswith("+"):
        return f"GE{code[:-1]}"
    return code_of(code)


def _age(band: str) -> str:
    """Five years of age in the form of CL_AGE: Y0T4, Y_GE80."""
    if band.endswith("+"):
        return f"Y_GE{band[:-1]}"
    first, _, last = band.partition("-")
    return f"Y{first}T{last}"


def code_of(text: str) -> str:
    """A code as SDMX allows it: + as @, a point as $, other signs as _."""
    return _FREE.sub("_", text.replace("+", "@").replace(".", "$")) or NOT_KNOWN


def _status(row: Row) -> str:
    """By the code list CL_OBS_STATUS: normal, provisional, suppressed or missing."""
    if row.status == "hidden":
        return "Q"
    if row.status == "no_value":
        return "O"
    complete = row.table.completeness
    return "P" if complete and complete.received < complete.expected else "A"


def _unit(row: Row) -> str:
    """Shares are of 1 as everywhere; with UNIT_MULT 2 that is percent to a reader of SDMX."""
    if row.unit == "money":
        return code_of(row.codes.get("currency", "")) or NOT_KNOWN
    return _UNITS.get(row.unit, "PURE_NUMB")
