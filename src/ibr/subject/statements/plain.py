"""A statement as JSON: a copy that other programs can read, in words that stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ibr.subject.requests.model import PersonRequest
from ibr.subject.view.model import OwnRecord, OwnView

VERSION: Final = 1
_encoder: Final = msgspec.json.Encoder(order="deterministic")


def as_json(view: OwnView, requests: Sequence[PersonRequest], number: str) -> bytes:
    """The whole of the own view; amounts are whole minor units of their currency."""
    kind, value = view.number
    said: dict[str, Any] = {
        "statement": {"version": VERSION, "check_number": number, "as_known_at": view.at},
        "person": {
            "name": view.name,
            "birth_date": view.birth_date,
            "identifier": {"identifier_type": kind, "identifier_value": value},
        },
        "complete": view.whole,
        "total_minor": view.money,
        "records": [_record(each) for each in view.records],
        "who_asked": [
            {
                "at": each.at,
                "partner": each.partner,
                "self": each.by_self,
                "officer": {"role": each.role, "office": list(each.office)} if each.role else None,
                "programme": each.programme,
                "question": each.question,
                "purpose": each.purpose,
                "answer": each.answer or None,
            }
            for each in view.asked
        ],
        "decisions": [
            {
                "programme": each.programme,
                "kind": each.kind,
                "told_at": each.made_at,
                "letter": {"title": each.letter.title, "paragraphs": each.letter.paragraphs},
            }
            for each in view.decisions
        ],
        "requests": [
            {
                "request": each.request_no,
                "programme": each.programme,
                "kind": each.kind,
                "about": each.about,
                "state": each.state(view.at),
                "due": each.due_at,
                "asked_through": "own_sign_in" if each.by_self else "help_desk",
                "reason": each.reason_code,
            }
            for each in requests
        ],
    }
    return _encoder.encode(said) + b"\n"


def _record(record: OwnRecord) -> dict[str, Any]:
    return {
        "programme": record.programme,
        "as_member_of_a_household": record.as_member,
        "status": record.status,
        "status_since": record.status_at,
        "enrolled_at": record.enrolled_at,
        "reported_at": record.reported_at,
        "known_at": record.known_at,
        "data": [
            {"field": each.code, "value": each.value, "since": each.since} for each in record.fields
        ],
        "total_minor": record.money,
        "months": [
            {
                "month": each.month.isoformat()[:7],
                "benefits": each.benefits,
                "minor": each.money,
                "things": each.things,
            }
            for each in record.months
        ],
    }
