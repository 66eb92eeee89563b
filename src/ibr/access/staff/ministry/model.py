"""Where the ministry's sign-in is, what it says of itself, and what it says of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is set up with the ministry's identity team.

    `back` is where the ministry sends people back to, `home` where it sends them after signing out
    there. `second` are values of acr and amr that stand for a second factor, as ("acr", value).
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str | None
    back: str
    home: str
    second: frozenset[tuple[str, str]] = frozenset()
    plain_local: bool = False


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
    """A way to the ministry that was begun; it lives in a sealed cookie until the way back."""

    state: str
    nonce: str
    verifier: str
    after: str
    again: bool


class Answered(msgspec.Struct, frozen=True):
    """What the token endpoint answered: a token about the person, and one to ask more with."""

    id_token: str
    access_token: str | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who the ministry says it is, proven. `email` only where the ministry has verified it;
    `proved_at` is when the person last proved who they are there, None where it does not say."""

    subject: str
    email: str | None
    acr: str | None
    amr: tuple[str, ...]
    proved_at: datetime | None

    def has_second(self, accepted: frozenset[tuple[str, str]]) -> bool:
        """Whether the ministry asked for what stands for a second factor."""
        told = {("amr", each) for each in self.amr}
        if self.acr is not None:
            told.add(("acr", self.acr))
        return not told.isdisjoint(accepted)


Claims = dict[str, Any]
