"""What the operations of the published description have in common: bodies, errors, operations."""

from __future__ import annotations

from typing import Any, Final

from ibr.access.scopes import SCOPES
from ibr.interop.dci import openapi_examples as examples
from ibr.interop.dci.openapi_later import ACK, ACK_ERR
from ibr.interop.dci.openapi_schemas import refer, with_action

Document = dict[str, Any]

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
# HTTP errors: the standard's code, when, and whether Retry-After says how long to wait.
_HTTP: Final = {
    "401": ("err.request.unauthorized", "No bearer token, or one that does not hold.", False),
    "403": ("err.request.forbidden", "The token lacks the right to this.", False),
    "405": ("err.request.bad", "Another method than this address takes.", False),
    "413": ("err.request.bad", "The message is too large.", False),
    "415": ("err.request.bad", "The body is of another media type, or compressed.", False),
    "429": ("err.request.too_many_requests", "Too many requests; Retry-After says when.", True),
    "500": ("err.service.unavailable", "The registry failed; nothing was stored.", False),
    "503": ("err.service.unavailable", "Not possible now; Retry-After says when.", True),
}
# The HTTP errors that every signed message may meet.
SIGNED_ERRORS: Final = ("401", "403", "405", "413", "415", "429", "500", "503")
_REFUSAL_400: Final = "A refusal, where the deployment sets IBR_ERROR_HTTP_STATUS."


def errors(*statuses: str) -> Document:
    return {status: {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def error_responses() -> Document:
    """The component of each HTTP error."""
    found: Document = {}
    for status, (code, when, waits) in _HTTP.items():
        response: Document = {
            "description": when,
            "content": content(
                refer("HttpErrorResponse"), {"error": examples.http_error(code, when)}
            ),
        }
        if waits:
            response["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            }
        found[f"Error{status}"] = response
    return found


def content(schema: Document, shown: dict[str, Any], kind: str = JSON) -> Document:
    values = {name: {"value": value} for name, value in shown.items()}
    return {kind: {"schema": schema, "examples": values}}


def _form(shown: dict[str, Any], *actions: str) -> Document:
    """The same message as a file; only where the standard allows it (digest.md 1)."""
    form = content(with_action(refer("FileInfo"), *actions), shown, FORM)
    form[FORM]["encoding"] = {"fileName": {"contentType": "application/json, text/csv"}}
    return form


def request(
    name: str, shown: dict[str, Any], files: dict[str, Any] | None = None, *actions: str
) -> Document:
    """The body of a signed request; with `files` it may come as a form as well."""
    bodies = content(refer(f"Signed{name}"), shown)
    return {"required": True, "content": bodies | (_form(files, *actions) if files else {})}


def acknowledged() -> Document:
    """What is answered at once where the answer proper comes later."""
    both = content(refer("Ack"), {"accepted": ACK, "refused": ACK_ERR})
    return {
        "200": {
            "description": "ACK: kept, and answered by a callback. ERR: refused, nothing follows.",
            "content": both,
        },
        "400": {"description": _REFUSAL_400, "content": content(refer("Ack"), {"err": ACK_ERR})},
        **errors(*SIGNED_ERRORS),
    }


def answered(name: str, refusal: str, answer: Any, refused: Any) -> Document:
    """What is answered at once where the answer is the result."""
    return {
        "200": {
            "description": "The signed answer; or ack_status ERR where it was refused.",
            "content": content(
                {"anyOf": [refer(f"Signed{name}"), refer(f"Signed{refusal}")]},
                {"answer": answer, "refused": refused},
            ),
        },
        "400": {
            "description": _REFUSAL_400,
            "content": content(refer(f"Signed{refusal}"), {"refused": refused}),
        },
        **errors(*SIGNED_ERRORS),
    }


def operation(
    *,
    name: str,
    title: str,
    about: str,
    scope: str,
    tag: str,
    body: Document,
    responses: Document,
    callbacks: Document | None = None,
) -> Document:
    """One signed operation of the registry."""
    post: Document = {
        "operationId": name,
        "summary": title,
        "description": f"{about} Needs the scope `{scope}`: {SCOPES[scope]}.",
        "tags": [tag],
        "security": [{"partner": [scope]}],
        "requestBody": body,
        "responses": responses,
    }
    if callbacks:
        post["callbacks"] = callbacks
    return {"post": post}


def called_back(name: str, title: str, about: str, message: str, shown: Any) -> Document:
    """One message that the registry sends to the address that a partner registered."""
    return {
        "post": {
            "operationId": name,
            "summary": title,
            "description": about,
            "tags": ["callbacks"],
            "requestBody": {
                "required": True,
                "content": content(refer(f"Signed{message}"), {"message": shown}),
            },
            "responses": {
                "200": {
                    "description": "An Ack. ACK, NACK and ERR alike end the tries; anything else "
                    "is tried again for three days.",
                    "content": content(refer("Ack"), {"accepted": ACK}),
                }
            },
        }
    }
