"""What may be asked, and what is watched to see whether it was done; pure."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Final

from ibr.codelists.people import SEX
from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_value
from ibr.subject.content import BIRTH, NUMBER
from ibr.subject.content import SEX as SEX_FIELD
from ibr.subject.requests.model import LONGEST_WISH, OBJECTIONS, REASONS, Answer, Wish

MISSING: Final = "missing"
"""Stands for a record that a programme no longer reports, or that no longer leads to the person."""


def check_wish(wish: Wish, fields: dict[str, str], at: datetime) -> str:
    """What is wished for in its written form; NotUnderstood, with its field, for what may not be
    asked. `fields` is what the record says of the person."""
    if wish.kind == "objection":
        if wish.about not in OBJECTIONS:
            raise NotUnderstood("person_request.about", "Choose what it is about.", field="about")
        return ""
    if wish.kind != "correction" or wish.about not in fields:
        raise NotUnderstood(
            "person_request.about", "Choose one of the fields of the record.", field="about"
        )
    value = unicodedata.normalize("NFC", " ".join(wish.value.split()))
    if not value or len(value) > LONGEST_WISH or not value.isprintable():
        raise NotUnderstood(
            "person_request.value", "Write in up to 120 characters what is right.", field="value"
        )
    value = _written(wish.about, value, at)
    if same(value, fields[wish.about]):
        raise NotUnderstood(
            "person_request.same", "This is what stands there already.", field="value"
        )
    return value


def _written(about: str, value: str, at: datetime) -> str:
    try:
        if about == BIRTH:
            if date.fromisoformat(value) > at.date():
                raise ValueError
            return value
        if about == SEX_FIELD:
            if value.casefold() not in SEX.labels:
                raise ValueError
            return value.casefold()
        return canonical_value(value) if about.startswith(NUMBER) else value
    except (ValueError, NotUnderstood):
        raise NotUnderstood(
            "person_request.value",
            "Write a date as 1950-01-31, a sex as female, male or other, a number with letters "
            "A to Z, digits and . / _ : + - only.",
            field="value",
        ) from None


def same(one: str, other: str) -> bool:
    """Whether two values are the same but for spaces and capitals."""
    return canonical(one) == canonical(other)


def canonical(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).casefold().split())


def check_answer(answer: str, reason: str) -> Answer:
    """NotUnderstood, with its field, for an answer or a reason that is none."""
    for each, reasons in REASONS.items():
        if answer == each:
            if reason not in reasons:
                raise NotUnderstood(
                    "person_request.reason",
                    f"The reason for {each} is one of {', '.join(reasons)}.",
                    field="reason",
                )
            return each
    raise NotUnderstood(
        "person_request.answer", "The answer is accepted or refused.", field="answer"
    )


def watched(kind: str, about: str, fields: dict[str, str], status: str, *, theirs: bool) -> str:
    """What must change for a request to be done: the field, the enrolment's status, or that the
    record leads to the person at all."""
    if kind == "correction":
        return canonical(fields.get(about, MISSING))
    if about == "not_mine":
        return "theirs" if theirs else MISSING
    return status
