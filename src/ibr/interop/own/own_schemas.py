"""The shapes of what is asked and answered under /api/v1, as JSON schemas."""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec

from ibr.identity.applicants.model import Likelihood
from ibr.interop.dci.openapi_schemas import refer
from ibr.overlaps.cases.desk.by_partner import AskedList, AskedStep
from ibr.overlaps.cases.model import OUTCOMES, STATES, Action
from ibr.questions.own_deliveries import AskedDeliveries, OwnDeliveries
from ibr.subject.requests.by_partner import AnsweredRequest, AskedRequests
from ibr.subject.requests.model import REASONS
from ibr.subject.requests.model import VIEWS as REQUEST_VIEWS

Schema = dict[str, Any]

VIEWS: Final = ("open", "overdue", "due", "unassigned", "on_hold", "closed")
"""Views of cases that are not one officer's."""
_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_REQUEST_STATE: Final[Schema] = {
    "type": "string",
    "enum": ["open", "late", "awaited", "refused", "done"],
}
_REQUEST_REASON: Final[Schema] = {
    "type": "string",
    "enum": [each for some in REASONS.values() for each in some],
}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _told(schema: Schema, about: str) -> Schema:
    return {**schema, "description": about}


def _object(about: str, needed: tuple[str, ...] | None = (), **members: Schema) -> Schema:
    """An object; None: every member is always there."""
    required = list(members) if needed is None else list(needed)
    found: Schema = {"type": "object", "description": about, "properties": members}
    return found | ({"required": required} if required else {})


def _applicants() -> dict[str, Schema]:
    return {
        "ApplicantName": _object(
            "The name as in the standard.", given_name=_TEXT, second_name=_TEXT, surname=_TEXT
        ),
        "ApplicantAddress": _object(
            "The address as in the standard.",
            region_code=_TEXT,
            sub_region_code=_TEXT,
            locality=_told(_TEXT, "Village or quarter."),
        ),
        "OwnIdentifier": _object(
            "A number with its type, as in the standard.",
            None,
            identifier_type=_TEXT,
            identifier_value=_TEXT,
        ),
        "PossibleDuplicatesQuestion": _object(
            "The applicant. Every field may be left out; no other field is read.",
            name=refer("ApplicantName"),
            birth_date=_told(_TEXT, "A day, a month or a year: 1990-04-05, 1990-04, 1990."),
            sex=_TEXT,
            address=refer("ApplicantAddress"),
            phone_number=_list(_TEXT),
            identifier=_list(refer("OwnIdentifier")),
        ),
        "PossibleDuplicate": _object(
            "One person whom the registry may know already.",
            None,
            likelihood=_told(
                {"type": "string", "enum": list(get_args(Likelihood))},
                "`likely`: the registry would link the two by itself; `possible`: a person would "
                "look.",
            ),
            reference=_told(_TEXT, "Stands for the person, always the same; says nothing of them."),
            programmes=_told(_list(_TEXT), "Codes of the programmes that you may ask about."),
        ),
        "PossibleDuplicatesAnswer": _object(
            "Whom the registry may know already. It decides nothing.",
            None,
            possible_duplicates=_list(refer("PossibleDuplicate")),
            known_in_another_programme=_told(
                {"type": "boolean"}, "Somebody likely the same is known out of your reach."
            ),
        ),
    }


def _cases() -> dict[str, Schema]:
    return {
        "CasesQuestion": _asked(AskedList, view={"type": "string", "enum": list(VIEWS)}),
        "CaseOfAProgramme": _object(
            "A case as the programme's own system sees it.",
            None,
            case=_NUMBER,
            step=_told(_NUMBER, "Say it when you report a step: the one that you last saw."),
            programme=_TEXT,
            checks=_told(_list(_TEXT), "Codes of the checks that found something."),
            severity=_NUMBER,
            state={"type": "string", "enum": list(STATES)},
            outcome=_or_none({"type": "string", "enum": list(OUTCOMES)}),
            due=_or_none({"type": "string", "format": "date-time"}),
            hold_until=_told(
                _or_none({"type": "string", "format": "date-time"}),
                "Until when payment is asked to wait; the registry stops none itself.",
            ),
            identifier=_told(
                _list(refer("OwnIdentifier")), "Whom it is about, as the programme reported."
            ),
            possible=_told(_list(_action()), "Steps that may be taken now."),
        ),
        "CasesAnswer": _object(
            "A page of cases.",
            None,
            cases=_list(refer("CaseOfAProgramme")),
            page=_NUMBER,
            pages=_NUMBER,
            total=_NUMBER,
        ),
        "CaseStep": _asked(AskedStep),
        "CaseStepAnswer": _object(
            "The case after the step.",
            None,
            case=_NUMBER,
            state={"type": "string", "enum": list(STATES)},
            step=_NUMBER,
        ),
    }


def _deliveries() -> dict[str, Schema]:
    _, made = msgspec.json.schema_components(
        [OwnDeliveries], ref_template="#/components/schemas/{name}"
    )
    named = {"OwnDeliveries": "DeliveriesAnswer", "OwnDelivery": "OwnDelivery"}
    return {
        "DeliveriesQuestion": _asked(AskedDeliveries),
        **{named[name]: _told(made[name], _in_one_line(made[name])) for name in named},
    }


def _requests() -> dict[str, Schema]:
    return {
        "RequestsQuestion": _asked(
            AskedRequests, view={"type": "string", "enum": list(REQUEST_VIEWS)}
        ),
        "RequestOfAPerson": _object(
            "What a person asks about their data in a programme.",
            None,
            request=_NUMBER,
            programme=_TEXT,
            kind={"type": "string", "enum": ["correction", "objection"]},
            what=_told(
                _TEXT,
                "The field to correct, of a number `identifier:` with its type; for an objection "
                "`processing` or `not_mine`.",
            ),
            state=_REQUEST_STATE,
            opened=_MOMENT,
            due=_told(_MOMENT, "By when it must be answered."),
            asked_through={"type": "string", "enum": ["own_sign_in", "help_desk"]},
            reason=_or_none(_REQUEST_REASON),
            person=_told(
                _or_none(refer("WhoseRequest")),
                "Null where the record is hidden to protect somebody, or is no longer there.",
            ),
        ),
        **_whose_request(),
        "RequestsAnswer": _object(
            "A page of requests.",
            None,
            requests=_list(refer("RequestOfAPerson")),
            page=_NUMBER,
            pages=_NUMBER,
            total=_NUMBER,
        ),
        "RequestAnswer": _asked(
            AnsweredRequest,
            answer={"type": "string", "enum": list(REASONS)},
            reason=_told(_REQUEST_REASON, "One of those that go with the answer."),
        ),
        "RequestAnswered": _object(
            "The request after the answer.",
            None,
            request=_NUMBER,
            state=_REQUEST_STATE,
        ),
    }


def _whose_request() -> dict[str, Schema]:
    return {
        "WhoseRequest": _object(
            "Whose request it is, as the programme reported, and what the person says is right.",
            None,
            identifier=_list(refer("OwnIdentifier")),
            stands=_told(_or_none(_TEXT), "What the programme reports now."),
            wished=_told(_or_none(_TEXT), "What is right, as the person says."),
        ),
    }


def _in_one_line(schema: Schema) -> str:
    return " ".join(str(schema["description"]).split())


def _asked(kind: type[msgspec.Struct], **narrowed: Schema) -> Schema:
    """What is read, from the very type that reads it."""
    _, components = msgspec.json.schema_components([kind])
    found = components[kind.__name__]
    members = {
        name: {key: value for key, value in each.items() if key != "default"}
        for name, each in found["properties"].items()
    }
    return {
        "type": "object",
        "description": " ".join(found["description"].split()),
        "properties": {**members, **narrowed},
        **({"required": found["required"]} if found["required"] else {}),
        "additionalProperties": False,
    }


def _action() -> Schema:
    return {"type": "string", "enum": list(get_args(Action))}


def own_schemas() -> dict[str, Schema]:
    """Every schema by its name; none of them is a name of the standard's."""
    refused = _object(
        "Why something was not done.",
        ("code", "message"),
        code=_told(_TEXT, "Always the same for the same reason."),
        message=_told(_TEXT, "In words, with what to do; it never repeats what was sent."),
        field=_told(_TEXT, "The field at fault, where there is one."),
    )
    return {
        **_applicants(),
        **_cases(),
        **_deliveries(),
        **_requests(),
        "OwnError": refused,
        "OwnErrors": _object("A refusal.", None, errors=_list(refer("OwnError"))),
    }
