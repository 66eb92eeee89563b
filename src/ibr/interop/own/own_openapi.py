"""The published description of everything that partners may call: the standard's addresses, and
the registry's own under /api/v1 beside them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ibr.access.scopes import CASES, POSSIBLE_DUPLICATES, REQUESTS, SCOPES, UPDATES
from ibr.interop.dci.openapi import document as of_the_standard
from ibr.interop.dci.openapi_parts import content
from ibr.interop.dci.openapi_schemas import refer
from ibr.interop.own.own_openapi_figures import figure_paths, figure_schemas
from ibr.interop.own.own_openapi_files import file_paths, file_schemas
from ibr.interop.own.own_schemas import own_schemas

Document = dict[str, Any]

TAG: Final = "the registry's own"
_ABOUT_TAG: Final = (
    "What the standard has no words for: plain JSON with a bearer token, neither signed nor "
    "encrypted beyond the connection."
)
_ERRORS: Final = {
    "400": ("Something in what was sent has to be mended.", "applicant.json"),
    "401": ("No bearer token, or one that does not hold.", "token.invalid"),
    "403": ("The token lacks the right to this.", "scope.missing"),
    "404": ("There is nothing of that name among what you may see.", "programme.unknown"),
    "409": ("Things have changed since; read again.", "case.changed"),
    "413": ("The body is too large.", "too_large"),
    "429": ("Too many questions; Retry-After says when.", "too_many"),
    "500": ("The registry failed; nothing was stored.", "service.unavailable"),
    "503": ("Not possible now; try again.", "database.busy"),
}
_NUMBER: Final = {"identifier_type": "UIN", "identifier_value": "2907461835"}
_APPLICANT: Final = {
    "name": {"given_name": "Amina", "second_name": "Yusuf", "surname": "Haddad"},
    "birth_date": "1987-04-05",
    "sex": "female",
    "address": {"region_code": "R1", "sub_region_code": "R1D1", "locality": "Bir Zeit"},
    "phone_number": ["+254 700 123 456"],
    "identifier": [_NUMBER],
}
_FOUND: Final = {
    "possible_duplicates": [
        {"likelihood": "likely", "reference": "5XKQ2M7PLW3A", "programmes": ["DCI001"]}
    ],
    "known_in_another_programme": False,
}
_CASES: Final = {
    "cases": [
        {
            "case": 57,
            "step": 4,
            "programme": "DCI001",
            "checks": ["K01"],
            "severity": 2,
            "state": "information",
            "outcome": None,
            "due": "2026-03-31T22:00:00Z",
            "hold_until": None,
            "identifier": [_NUMBER],
            "possible": ["note", "information_received", "propose"],
        }
    ],
    "page": 1,
    "pages": 1,
    "total": 1,
}
_STEP: Final = {"case": 57, "step": 4, "action": "information_received", "reason": "answered"}
_DELIVERIES: Final = {
    "deliveries": [
        {
            "delivery": 412,
            "cycle": "2026-03",
            "sequence": 1,
            "mode": "delta",
            "state": "held",
            "received_at": "2026-04-02T08:15:00Z",
            "done_at": None,
            "records": 4871,
            "refused": 0,
            "people": 4871,
            "replaces": None,
            "held_for": ["It holds 4871 records, but its sender says 5000."],
            "noted": [],
            "reason": None,
        }
    ],
    "page": 1,
    "pages": 1,
    "total": 1,
}
_REQUESTS: Final = {
    "requests": [
        {
            "request": 31,
            "programme": "DCI001",
            "kind": "correction",
            "what": "birth_date",
            "state": "open",
            "opened": "2026-03-02T09:12:00Z",
            "due": "2026-04-01T09:12:00Z",
            "asked_through": "own_sign_in",
            "reason": None,
            "person": {
                "identifier": [_NUMBER],
                "stands": "1987-04-05",
                "wished": "1978-04-05",
            },
        }
    ],
    "page": 1,
    "pages": 1,
    "total": 1,
}
_ANSWER: Final = {"request": 31, "answer": "accepted", "reason": "will_be_corrected"}
# Address: name, title, about, scope, schema of the question and of the answer, both as examples.
_PATHS: Final = {
    "/api/v1/possible-duplicates": (
        "possible_duplicates",
        "Ask whether an applicant may be known already",
        "Before enrolling somebody. The answer is a hint for whoever enrols and decides nothing; "
        "what was sent is compared and forgotten.",
        POSSIBLE_DUPLICATES,
        ("PossibleDuplicatesQuestion", _APPLICANT),
        ("PossibleDuplicatesAnswer", _FOUND),
    ),
    "/api/v1/cases": (
        "cases",
        "List the cases of one's own programmes",
        "Those of the programmes that the partner reports for, and of no others.",
        CASES,
        ("CasesQuestion", {"view": "open"}),
        ("CasesAnswer", _CASES),
    ),
    "/api/v1/deliveries": (
        "deliveries",
        "List one's own deliveries",
        "What each says of itself, what it adds up to, and why one waits for a look or was not "
        "taken in. Counts and words, and nothing of anybody.",
        UPDATES,
        ("DeliveriesQuestion", {"state": "held"}),
        ("DeliveriesAnswer", _DELIVERIES),
    ),
    "/api/v1/cases/steps": (
        "case_step",
        "Report a step of a case",
        "What came of a question, a visit or a decision. Holds, approvals and letters are people's "
        "and are refused here. 409 where somebody has worked on the case since.",
        CASES,
        ("CaseStep", _STEP),
        ("CaseStepAnswer", {"case": 57, "state": "information", "step": 5}),
    ),
    "/api/v1/requests": (
        "requests",
        "List what people ask about their data in one's own programmes",
        "Corrections and objections that people made at a help desk, those due first. Whoever "
        "is asked about is named by the numbers that the programme reported itself.",
        REQUESTS,
        ("RequestsQuestion", {"view": "open"}),
        ("RequestsAnswer", _REQUESTS),
    ),
    "/api/v1/requests/answers": (
        "request_answer",
        "Answer a request",
        "Accepted or refused, with a reason. The registry changes no record: an accepted request "
        "is done when a delivery carries the change. 409 where it has been answered.",
        REQUESTS,
        ("RequestAnswer", _ANSWER),
        ("RequestAnswered", {"request": 31, "state": "awaited"}),
    ),
}


def _paths() -> Document:
    faults = {status: {"$ref": f"#/components/responses/OwnError{status}"} for status in _ERRORS}
    return {
        path: {
            "post": {
                "operationId": name,
                "summary": title,
                "description": f"{about} Needs the scope `{scope}`: {SCOPES[scope]}.",
                "tags": [TAG],
                "security": [{"partner": [scope]}],
                "requestBody": {
                    "required": True,
                    "content": content(refer(asked[0]), {"question": asked[1]}),
                },
                "responses": {
                    "200": {
                        "description": "Done.",
                        "content": content(refer(said[0]), {"answer": said[1]}),
                    },
                    **faults,
                },
            }
        }
        for path, (name, title, about, scope, asked, said) in _PATHS.items()
    }


def _responses() -> Document:
    found: Document = {}
    for status, (when, code) in _ERRORS.items():
        shown = {"errors": [{"code": code, "message": when}]}
        found[f"OwnError{status}"] = {
            "description": when,
            "content": content(refer("OwnErrors"), {"error": shown}),
        }
    for status in ("429", "503"):
        found[f"OwnError{status}"]["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return found


def _schemas() -> Document:
    return own_schemas() | figure_schemas() | file_schemas()


@cache
def published() -> Document:
    """The whole document; callers do not change it."""
    whole = of_the_standard()
    parts = whole["components"]
    # The registry's own addresses stand under no other name than theirs.
    ours = {**_paths(), **figure_paths(TAG, _ERRORS), **file_paths(TAG, _ERRORS)}
    own = {path: {"servers": [{"url": "/"}], **item} for path, item in ours.items()}
    return {
        **whole,
        "tags": [*whole["tags"], {"name": TAG, "description": _ABOUT_TAG}],
        "paths": {**whole["paths"], **own},
        "components": {
            **parts,
            "schemas": dict(sorted((parts["schemas"] | _schemas()).items())),
            "responses": {**parts["responses"], **_responses()},
        },
    }
