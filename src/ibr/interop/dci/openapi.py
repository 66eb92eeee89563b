"""The published description of the standard's addresses: one OpenAPI 3.1 document.

The messages come from their types (openapi_schemas.py). The addresses are written down and not
gathered from a framework, because they are answered before any framework (routes.py). tests/docs
holds both against the routes and against real answers.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ibr import __version__
from ibr.interop.dci.openapi_parts import Document, content, error_responses, errors
from ibr.interop.dci.openapi_paths import (
    TAGS,
    asking_paths,
    callbacks,
    later_paths,
    receiving_paths,
    reporting_paths,
)
from ibr.interop.dci.openapi_schemas import refer, schemas

TITLE: Final = "Integrated Beneficiary Registry"
_ABOUT: Final = (
    "The addresses of the DCI Integrated Beneficiary Registry standard that this registry serves, "
    "and what it sends itself. Every message is an envelope of signature, header and message; the "
    "message may be encrypted, and on some addresses it may come as a file. A message that cannot "
    "be read or accepted is answered with HTTP 200 and ack_status ERR, unless the deployment says "
    "400; an HTTP error is for the connection itself: the token, a right, the size, the rate."
)
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
                "content": content(
                    refer("TokenRequest"), {"form": form}, "application/x-www-form-urlencoded"
                ),
            },
            "responses": {
                "200": {
                    "description": "A token.",
                    "content": content(refer("TokenResponse"), {"token": answer}),
                },
                "400": {
                    "description": "The form cannot be read, or asks for no scope of yours.",
                    "content": content(
                        refer("TokenErrorResponse"),
                        {"error": {**_TOKEN_ERROR, "error": "invalid_scope"}},
                    ),
                },
                "401": {
                    "description": "Client id or secret is wrong.",
                    "content": content(refer("TokenErrorResponse"), {"error": _TOKEN_ERROR}),
                },
                **errors("405", "413", "429", "500", "503"),
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
                    "content": content(refer("JsonWebKeySet"), {"keys": {"keys": [key]}}),
                },
                **errors("405", "500", "503"),
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
        "tags": [{"name": name, "description": text} for name, text in TAGS],
        "paths": {
            "/oauth2/client/token": _token(),
            "/.well-known/jwks.json": _keys(),
            **reporting_paths(),
            **asking_paths(),
            **later_paths(),
            **receiving_paths(),
        },
        "webhooks": {"notify": {"$ref": "#/components/pathItems/notify"}},
        "components": {
            "schemas": schemas(),
            "responses": error_responses(),
            "pathItems": callbacks(),
            "securitySchemes": {
                # Not oauth2: its tokenUrl must be absolute, and a registry has many names.
                "partner": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token from /oauth2/client/token. Each operation names the "
                    "scope that the token must carry.",
                },
                "client": {"type": "http", "scheme": "basic"},
            },
        },
    }
