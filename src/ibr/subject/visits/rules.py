"""What a visit needs, and whether several records can be one person's; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.identity.features.names import name_of
from ibr.subject.visits.model import AGREED_BY, LONGEST_NOTE, PROOFS, Asked

# Six digits in a row are more likely somebody's number than a note.
_NUMBER: Final = re.compile(r"\d[\d\s./-]{4,}\d")
_KNOWN_SEX: Final = frozenset({"male", "female"})


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one record says of whoever carries the number."""

    record_id: int
    role: int
    name: dict[str, str]
    sex: str
    birth_date: date | None
    birth_precision: int


def read_day(written: str, at: datetime) -> date:
    """A birth date; NotUnderstood for what is none, or has not come yet."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = date.max
    if day > at.date() or day.year < 1880:
        raise NotUnderstood(
            "visit.birth_date", "Write the whole date of birth as 1950-01-31.", field="birth_date"
        )
    return day


def check_asked(asked: Asked) -> None:
    """NotUnderstood, with its field, where something of the proof or the consent is missing."""
    if asked.proof not in PROOFS:
        raise NotUnderstood(
            "visit.proof", "Choose how the person proved who they are.", field="proof"
        )
    if asked.agreed_by not in AGREED_BY:
        raise NotUnderstood("visit.agreed_by", "Choose who agreed.", field="agreed_by")
    if not asked.agreed:
        raise NotUnderstood(
            "visit.consent",
            "Nobody is served without their consent. Read the text to the person, and confirm "
            "that they agreed.",
            field="agreed",
        )
    if len(asked.note) > LONGEST_NOTE or _NUMBER.search(asked.note):
        raise NotUnderstood(
            "visit.note",
            "A note has at most 200 characters, without names or numbers of people.",
            field="note",
        )


def born_on(claim: Claim, day: date) -> bool:
    """Whether a record's birth date is this day, as exactly as its programme knows it."""
    born = claim.birth_date
    if born is None or not claim.birth_precision:
        return False
    parts = claim.birth_precision
    return (born.year, born.month, born.day)[:parts] == (day.year, day.month, day.day)[:parts]


def all_of_one(claims: Sequence[Claim], day: date) -> bool:
    """Whether nothing in these records says that one of them is about somebody who was not born on
    this day. A record that knows no birth date says nothing of it."""
    known = [each for each in claims if each.birth_date is not None and each.birth_precision]
    return all(born_on(each, day) for each in known) and may_be_one(claims)


def may_be_one(claims: Sequence[Claim]) -> bool:
    """Whether these records can be of one person: two who share a number, twins above all, are
    told apart by their sex or by given names that have no sound in common."""
    return not any(_differ(one, other) for one, other in combinations(claims, 2))


def _differ(one: Claim, other: Claim) -> bool:
    if {one.sex, other.sex} == _KNOWN_SEX:
        return True
    mine, theirs = name_of(one.name), name_of(other.name)
    given, others_given = set(mine.given.skeletons), set(theirs.given.skeletons)
    if not given or not others_given:
        return False
    # A given name that another programme wrote as the family name is still the same person's.
    whole = given | set(mine.family.skeletons) | set(mine.father.skeletons)
    others_whole = others_given | set(theirs.family.skeletons) | set(theirs.father.skeletons)
    return given.isdisjoint(others_whole) and others_given.isdisjoint(whole)
