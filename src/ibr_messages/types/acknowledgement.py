"""What is answered at once: the Ack, refusals on each layer, tokens and keys."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.words import (
    AckStatus,
    CorrelationId,
    ErrorCode,
    Message,
    Moment,
    ReasonMessage,
)


class Error(Message, kw_only=True):
    """Why something was not accepted."""

    code: ErrorCode
    message: ReasonMessage


class AckMessage(Message, kw_only=True):
    """The content of an Ack; error only where ack_status is ERR."""

    ack_status: AckStatus
    timestamp: Moment
    correlation_id: CorrelationId
    error: Error | UnsetType = UNSET


class Ack(Message, kw_only=True):
    """The answer to a message that is dealt with later: neither signed nor in an envelope."""

    message: AckMessage


class HttpErrorResponse(Message, kw_only=True):
    """A refusal by HTTP status; each reader finds its own shape in it."""

    errors: Annotated[list[Error], Meta(min_length=1)]
    message: AckMessage | UnsetType = UNSET


class TokenRequest(Message, kw_only=True):
    """The form that asks for a token (RFC 6749, client credentials)."""

    grant_type: Literal["client_credentials"] = "client_credentials"
    client_id: str
    client_secret: Annotated[str, Meta(extra_json_schema={"format": "password"})]
    scope: (
        Annotated[str, Meta(description="Scopes with spaces between; all of them where absent.")]
        | UnsetType
    ) = UNSET


class TokenResponse(Message, kw_only=True):
    """A bearer token."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token, not a secret
    expires_in: Annotated[int, Meta(description="Seconds.")]
    scope: str | UnsetType = UNSET


class TokenErrorResponse(Message, kw_only=True):
    """Why no token was given: RFC 6749's words beside the standard's."""

    error: str
    error_description: str
    errors: Annotated[list[Error], Meta(min_length=1)]


class JsonWebKey(Message, kw_only=True):
    """One public key (RFC 7517); which members it has depends on its kind."""

    kty: str
    kid: Annotated[str, Meta(description="RFC 7638 thumbprint of the key.")]
    use: Literal["sig", "enc"]
    alg: str
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET
    n: str | UnsetType = UNSET
    e: str | UnsetType = UNSET


class JsonWebKeySet(Message, kw_only=True):
    """The public keys of a system."""

    keys: list[JsonWebKey]
