"""The published description of the standard's addresses: one OpenAPI 3.1 document.

Written here and not gathered from a framework, because these addresses are answered before any
framework (routes.py). tests/docs holds it against the routes and against real answers.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ibr import __version__
from ibr.access import scopes
from ibr.access.scopes import SCOPES
from ibr.interop.dci import openapi_examples as examples
from ibr.interop.dci.openapi_schemas import refer, schemas

Document = dict[str, Any]

TITLE: Final = "Integrated Beneficiary Registry"
_ABOUT: Final = (
    "The addresses of the DCI Integrated Beneficiary Registry standard that this registry serves. "
    "Every message is an envelope of signature, header and message. A message that cannot be "
    "read or accepted is answered with HTTP 200 and ack_status ERR, unless the deployment says "
    "400; an HTTP error is for the connection itself: the token, a right, the size, the rate."
)
# HTTP errors: the standard's code, when, and whether Retry-After says how long to wait.
_HTTP: Final = {
    "401": ("err.request.unauthorized", "No bearer token, or one that does not hold.", False),
    "403": ("err.request.forbidden", "The token lacks the right to this.", False),
    "405": ("err.request.bad", "Another method than this address takes.", False),
    "413": ("err.request.bad", "The message is too large.", False),
    "415": ("err.request.bad", "The body is not application/json, or is compressed.", False),
    "429": ("err.request.too_many_requests", "Too many requests; Retry-After says when.", True),
    "500": ("err.service.unavailable", "The registry failed; nothing was stored.", False),
    "503": ("err.service.unavailable", "Not possible now; Retry-After says when.", True),
}


def _errors(*statuses: str) -> Document:
    return {status: {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def _error_responses() -> Document:
    found: Document = {}
    for status, (code, when, waits) in _HTTP.items():
        response: Document = {
            "description": when,
            "content": {
                "application/json": {
                    "schema": refer("HttpError"),
                    "examples": {"error": {"value": examples.http_error(code, when)}},
                }
            },
        }
        if waits:
            response["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            }
        found[f"Error{status}"] = response
    return found


def _content(schema: Document, shown: dict[str, Any], kind: str = "application/json") -> Document:
    values = {name: {"value": value} for name, value in shown.items()}
    return {kind: {"schema": schema, "examples": values}}


def _operation(
    *,
    name: str,
    title: str,
    about: str,
    scope: str,
    asks: str,
    answers: str,
    refusal: str,
    shown: dict[str, Any],
    answered: Document,
    refused: Document,
) -> Document:
    """One signed operation: the same errors and the same refusal for all of them."""
    refusal_content = _content(refer(f"Signed{refusal}"), {"refused": refused})
    return {
        "post": {
            "operationId": name,
            "summary": title,
            "description": f"{about} Needs the scope `{scope}`: {SCOPES[scope]}.",
            "tags": ["registry"],
            "security": [{"partner": [scope]}],
            "requestBody": {
                "required": True,
                "content": _content(refer(f"Signed{asks}"), shown),
            },
            "responses": {
                "200": {
                    "description": "The signed answer; or ack_status ERR where it was refused.",
                    "content": _content(
                        {"oneOf": [refer(f"Signed{answers}"), refer(f"Signed{refusal}")]},
                        {"answer": answered, "refused": refused},
                    ),
                },
                "400": {
                    "description": "A refusal, where the deployment sets IBR_ERROR_HTTP_STATUS.",
                    "content": refusal_content,
                },
                **_errors("401", "403", "405", "413", "415", "429", "500", "503"),
            },
        }
    }


def _registry_paths() -> Document:
    return {
        "/registry/sync/enrollment/updates": _operation(
            name="enrollment_updates",
            title="Report enrolments and benefits",
            about=(
                "A programme's system tells who was enrolled and what was given. Every record "
                "gets an outcome of its own: good ones are stored, each bad one says which field "
                "is at fault and how to mend it. Actions read: notify, register, "
                "enrollment-updates. The same message again gets the same answer."
            ),
            scope=scopes.UPDATES,
            asks="UpdatesRequest",
            answers="UpdatesAnswer",
            refusal="RefusedList",
            shown={"update": examples.UPDATES},
            answered=examples.UPDATES_ANSWER,
            refused=examples.refused("on-notify", enrolled_response=[]),
        ),
        "/registry/sync/enrolled": _operation(
            name="enrolled",
            title="Ask whether somebody is enrolled in one programme",
            about=(
                "Yes or no for each person or group asked about, and nothing more. One question "
                "names one programme. Somebody unknown is no, like somebody not enrolled."
            ),
            scope=scopes.ENROLLED,
            asks="EnrolledRequest",
            answers="EnrolledAnswer",
            refusal="RefusedList",
            shown={"question": examples.ENROLLED},
            answered=examples.ENROLLED_ANSWER,
            refused=examples.refused("on-search", enrolled_response=[]),
        ),
    }


def _search_paths() -> Document:
    return {
        "/registry/sync/search": _operation(
            name="search",
            title="Search records",
            about=(
                "Records of the programmes that the partner may report for or ask about, and of "
                "no others. A fault of one search is said in its item."
            ),
            scope=scopes.SEARCH,
            asks="SearchRequest",
            answers="SearchAnswer",
            refusal="RefusedSearch",
            shown=dict(examples.SEARCHES),
            answered=examples.SEARCH_ANSWER,
            refused=examples.refused("on-search", correlation_id="corr-0009", search_response=[]),
        ),
        "/registry/sync/txn/status": _operation(
            name="txn_status",
            title="Ask what became of an earlier message",
            about=(
                "The outcomes of the partner's own searches and updates, as they were answered. "
                "Asking about a search needs the right to search as well."
            ),
            scope=scopes.STATUS,
            asks="StatusRequest",
            answers="StatusAnswer",
            refusal="RefusedStatus",
            shown={"question": examples.STATUS},
            answered=examples.STATUS_ANSWER,
            refused=examples.refused(
                "txn-on-status",
                txnstatus_response={
                    "txn_type": "search",
                    "txn_status": {
                        "transaction_id": "",
                        "correlation_id": "corr-0009",
                        "search_response": [],
                    },
                },
            ),
        ),
    }


_TOKEN_ERROR: Final = {
    "error": "invalid_client",
    "error_description": "client_id or client_secret is wrong.",
    "errors": [
        {
            "code": "err.request.unauthorized",
            "message": "client_id or client_secret is wrong.",
        }
    ],
}


def _token() -> Document:
    answer = {
        "access_token": "eyJ…",
        "token_type": "bearer",
        "expires_in": 900,
        "scope": "registry.enrolled registry.enrollment.updates",
    }
    form = {
        "grant_type": "client_credentials",
        "client_id": "ibr-0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "client_secret": "…",
    }
    return {
        "post": {
            "operationId": "token",
            "summary": "Get a bearer token",
            "description": (
                "Client credentials (RFC 6749, 4.4). Client id and secret come in the form, or by "
                "HTTP Basic. Without a scope the token carries every scope the partner holds."
            ),
            "tags": ["access"],
            "security": [{}, {"client": []}],
            "requestBody": {
                "required": True,
                "content": _content(
                    refer("TokenForm"), {"form": form}, "application/x-www-form-urlencoded"
                ),
            },
            "responses": {
                "200": {
                    "description": "A token.",
                    "content": _content(refer("Token"), {"token": answer}),
                },
                "400": {
                    "description": "The form cannot be read, or asks for no scope of yours.",
                    "content": _content(
                        refer("TokenError"), {"error": {**_TOKEN_ERROR, "error": "invalid_scope"}}
                    ),
                },
                "401": {
                    "description": "Client id or secret is wrong.",
                    "content": _content(refer("TokenError"), {"error": _TOKEN_ERROR}),
                },
                **_errors("405", "413", "429", "500", "503"),
            },
        }
    }


def _keys() -> Document:
    key = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
        "kid": "thumbprint",
        "use": "sig",
        "alg": "EdDSA",
    }
    return {
        "servers": [{"url": "/"}],
        "get": {
            "operationId": "keys",
            "summary": "The registry's public keys",
            "description": (
                "The keys that the registry signs with, lately signed with or will sign with "
                "(RFC 7517). No token is needed."
            ),
            "tags": ["access"],
            "security": [],
            "responses": {
                "200": {
                    "description": "The keys.",
                    "content": _content(refer("Keys"), {"keys": {"keys": [key]}}),
                },
                **_errors("405", "500", "503"),
            },
        },
    }


@cache
def document() -> Document:
    """The whole document; callers do not change it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "/"},
            {
                "url": "/{namespace}/v1.0.0",
                "description": "The same addresses under a name of the deployment's choice.",
                "variables": {"namespace": {"default": "ibr"}},
            },
        ],
        "tags": [
            {"name": "access", "description": "Tokens and keys."},
            {"name": "registry", "description": "Signed messages."},
        ],
        "paths": {
            "/oauth2/client/token": _token(),
            "/.well-known/jwks.json": _keys(),
            **_registry_paths(),
            **_search_paths(),
        },
        "components": {
            "schemas": schemas(),
            "responses": _error_responses(),
            "securitySchemes": {
                "partner": {
                    "type": "oauth2",
                    "description": "A bearer token of a partner.",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": "/oauth2/client/token",
                            "scopes": dict(SCOPES),
                        }
                    },
                },
                "client": {"type": "http", "scheme": "basic"},
            },
        },
    }
