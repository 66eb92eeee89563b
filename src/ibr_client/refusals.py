"""A refusal in any of its shapes, as one error with the registry's own code and sentence."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from ibr_client.failures import (
    AnswerNotUnderstood,
    ClientError,
    NotPermitted,
    Refused,
    RegistryBusy,
)
from ibr_client.steps import Response, retry_after

T = TypeVar("T")

_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_LONGEST: Final = 999
_OAUTH: Final = {"invalid_client": "err.request.unauthorized"}


class _Loose(msgspec.Struct):
    """The places where refusals say why; a gateway in between may have others."""

    errors: Any = None
    message: msgspec.Raw = msgspec.Raw()
    error: Any = None
    error_description: Any = None


class _Ack(msgspec.Struct):
    ack_status: Any = None
    error: Any = None
    correlation_id: Any = None


def refusal(response: Response, now: float) -> ClientError:
    """The error that an answer without result stands for."""
    code, sentence = _said(response.body)
    if response.status in _BUSY:
        return RegistryBusy(
            code or "err.service.unavailable",
            sentence or f"The registry answered with HTTP status {response.status}. Try later.",
            retry_after(response, now),
        )
    if 300 <= response.status < 400:
        return AnswerNotUnderstood(
            "answer.redirect",
            "The address answers with a redirect, which is not followed. Use the registry's own "
            "address.",
        )
    kind = NotPermitted if response.status in (401, 403) else Refused
    return kind(
        code or f"http.{response.status}",
        sentence or f"The registry answered with HTTP status {response.status}.",
        http_status=response.status,
    )


def refused_by_ack(message: bytes) -> Refused | None:
    """The refusal in a message that says ERR, or NACK where an answer was to follow."""
    ack = _read(message, _Ack)
    if ack is None or ack.ack_status not in ("ERR", "NACK"):
        return None
    if ack.ack_status == "NACK":
        return Refused(
            "ack.nack", "The registry took the message and says that no answer will follow."
        )
    code, sentence = _code_of(ack.error)
    return Refused(
        code or "err.request.bad",
        sentence or "The message was refused.",
        correlation_id=_text(ack.correlation_id),
    )


def message_in(body: bytes) -> bytes:
    """The message of an answer that is no signed envelope."""
    loose = _read(body, _Loose)
    return bytes(loose.message) if loose else b""


def _read(written: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(written, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _said(body: bytes) -> tuple[str | None, str | None]:
    """Code and sentence, wherever in the body they stand."""
    loose = _read(body, _Loose)
    if loose is None:
        return None, None
    ack = _read(bytes(loose.message), _Ack) or _Ack()
    for error in (ack.error, *(loose.errors if isinstance(loose.errors, list) else [])):
        code, sentence = _code_of(error)
        if code:
            return code, sentence
    oauth = _text(loose.error)
    return _OAUTH.get(oauth or "", oauth), _text(loose.error_description)


def _code_of(error: object) -> tuple[str | None, str | None]:
    if not isinstance(error, dict):
        return None, None
    return _text(error.get("code")), _text(error.get("message"))


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None
