"""What every check is made of; the rules themselves stand in one file each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, Literal

import msgspec

Severity = Literal[1, 2, 3]
Fact = str | int | bool | None | list[str] | list[int]
Facts = dict[str, Fact]
Row = dict[str, Any]
Tables = dict[str, list[Row]]
Say = Callable[[str], str]

INFORM: Final = 1
SOON: Final = 2
NOW: Final = 3


class Period(msgspec.Struct, frozen=True):
    """First and last day looked at, both within."""

    first: date
    last: date


EXAMPLE_PERIOD: Final = Period(date(2026, 7, 1), date(2026, 9, 30))
"""The period of every example in the manual."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers that a country may set; each field says its unit and its limits."""


class Found(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One finding of a check, before it is kept.

    `subject` says what it is about, in numbers of the registry, and is what makes it the same
    finding again: it holds no date that moves with the run. `facts` are what the explanation is
    made of; dates as text, amounts in minor units, programmes by code; never a name or a number
    of a person.
    """

    subject: str
    severity: Severity
    programme_id: int | None = None
    other_programme: int | None = None
    person_id: int | None = None
    record_id: int | None = None
    other_record: int | None = None
    area_code: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    money_minor: int | None = None
    currency: str | None = None
    facts: Facts = {}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check: what it looks for, by which rule, on which tables, and how it says so.

    `sql` gives one DuckDB statement over the snapshot's tables whose columns are among those of
    Found (`facts` as a struct), one row for each subject; `plain` must find exactly the same in
    readable Python. `explain` makes one sentence of a finding, with a translator for its words.
    """

    code: str
    version: int
    title: str
    about: str
    """What it looks for and why, in two or three sentences for whoever reads the manual."""
    rule: str
    """When it finds something, in words: the statement for those who do not read SQL."""
    safeguards: str
    """Who may be hit wrongly, and what must be asked first."""
    tables: tuple[str, ...]
    parameters: type[Parameters]
    sql: Callable[[Any, Period], str]
    plain: Callable[[Tables, Any, Period], list[Found]]
    explain: Callable[[Facts, Say], str]
    examples: Sequence[Example] = ()
    helps: bool = False
    """Whether it speaks for the person: somebody who may be missing out."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A small table of people, and what the check must find among them; part of the manual."""

    title: str
    tables: Tables
    finds: list[str]
    """The sentences that the check must say; none where it must stay silent."""
