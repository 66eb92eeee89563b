"""Programme pairs and programmes' rules as they are entered, and what is wrong with a row."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec

Relation = Literal["incompatible", "allowed", "complementary"]
Unit = Literal["person", "household"]
RELATIONS: Final[tuple[Relation, ...]] = ("incompatible", "allowed", "complementary")
UNITS: Final[tuple[Unit, ...]] = ("person", "household")


class Conditions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For whom a pair holds. `entitled_to` is the code of the programme that somebody in the other
    one has a right to; empty where either leads to the other."""

    min_age: int | None = None
    max_age: int | None = None
    sex: int | None = None
    is_disabled: bool | None = None
    entitled_to: str | None = None


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What holds between two programmes, by their codes; `first` and `second` in any order."""

    first: str
    second: str
    relation: Relation
    unit: Unit = "person"
    same_period: bool = True
    tolerance_days: int = 0
    cap_minor: int | None = None
    currency: str | None = None
    keeps: str | None = None
    conditions: Conditions = Conditions()
    legal_reference: str
    note: str | None = None
    valid_from: date
    valid_to: date | None = None


class KeptPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair as it is kept: with its number, and who entered and replaced it when."""

    pair_no: int
    pair: Pair
    known_at: datetime
    replaced_at: datetime | None
    changed_by: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of one programme that checks need, by its kind (snapshot/tables.py, RULE_KINDS)."""

    programme: str
    kind: str
    value: dict[str, Any]
    legal_reference: str
    valid_from: date
    valid_to: date | None = None


class KeptRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is kept."""

    rule_no: int
    rule: Rule
    known_at: datetime
    replaced_at: datetime | None
    changed_by: str


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a row of a file: its number as a spreadsheet counts, the column, and a
    sentence that says how to mend it; never the value."""

    row: int
    column: str
    reason: str


class Imported(msgspec.Struct, frozen=True):
    """What a file held, and what came of it: nothing at all where there are problems."""

    rows: int = 0
    new: int = 0
    unchanged: int = 0
    dry_run: bool = False
    problems: list[Problem] = []


class Interval(msgspec.Struct, frozen=True, order=True):
    """Days from the first to the last, both within; without a last day it goes on."""

    first: date
    last: date | None = None
