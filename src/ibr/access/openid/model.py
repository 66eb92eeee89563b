"""Where a sign-in service is, what it says of itself, and a way to it that was begun."""

from __future__ import annotations

from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is set up with those who run the service.

    `back` is where it sends people back to, `home` where it sends them after signing out there.
    `second` are values of acr and amr that stand for a second factor, as ("acr", value). `acr` are
    the levels of assurance that are asked for. A proof there may be `longest_proof` seconds old
    before people are asked again.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str | None
    back: str
    home: str
    second: frozenset[tuple[str, str]] = frozenset()
    plain_local: bool = False
    scope: str = "openid email"
    acr: tuple[str, ...] = ()
    longest_proof: int = 8 * 3600


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider publishes of itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: list[str] = []
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(
        default_factory=lambda: ["client_secret_basic"]
    )
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A way to the service that was begun; it lives in a sealed cookie until the way back."""

    state: str
    nonce: str
    verifier: str
    after: str
    again: bool


class Answered(msgspec.Struct, frozen=True):
    """What the token endpoint answered: a token about the person, and one to ask more with."""

    id_token: str
    access_token: str | None = None


Claims = dict[str, Any]
