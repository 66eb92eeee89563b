"""What an extract may hold, and one as it stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

Form = Literal["csv", "parquet"]
FORMS: Final = ("csv", "parquet")
FEWEST_ALIKE: Final = 5
"""So many records at least are alike in everything that could tell who somebody is."""
LONGEST_DAYS: Final = 90
MOST_MONTHS: Final = 60
MOST_RECORDS: Final = 500_000

COLUMNS: Final = {
    "unit": "Person, household or family",
    "sex": "Sex of the person or head",
    "birth_year": "Year of birth",
    "area": "District, or something larger",
    "disability": "Whether a disability was reported",
    "household_size": "Members of the household, 8 for 8 and more",
    "status": "Status of the enrolment",
    "enrolled_year": "Year of the enrolment",
    "paid": "What was paid in each month, by currency",
}
"""What can be asked for; the programme always stands there."""
COULD_TELL: Final = (
    "programme",
    "unit",
    "sex",
    "birth_year",
    "area",
    "disability",
    "household_size",
    "status",
    "enrolled_year",
)
"""What together could tell who somebody is: quasi-identifiers."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An extract as somebody wants it, and as the second person approves it."""

    columns: tuple[str, ...]
    programmes: tuple[str, ...]
    first_month: date
    last_month: date
    form: Form
    purpose: str
    legal_basis: str
    days: int


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """One extract, as the page shows it."""

    extract_no: int
    asked_by: int
    asked_by_name: str
    approved_by_name: str
    approved_at: datetime
    wanted: Wanted
    form: Form
    expires_at: datetime
    state: str
    made_at: datetime | None
    rows: int | None
    left_out: int | None
    coarsened: int | None
    protected_left_out: int | None
    size: int | None
    digest: bytes | None
    taken_at: datetime | None
    reason: str | None


class Person(msgspec.Struct, kw_only=True):
    """What of one record goes out, before and after it was made coarser. Values are words."""

    pseudonym: str
    values: dict[str, str]
    region: str = ""
    """The area that its district lies in."""
    paid: list[tuple[str, str, int]] = []
    """Month, currency and sum in minor units."""
