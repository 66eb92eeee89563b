"""Answers as they go out: signed envelopes, ERR answers and HTTP errors (behaviour.md)."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from ibr.access.model import Partner
from ibr.clock import written
from ibr.errors import RegistryError, TooMuch, Unavailable
from ibr.ids import new_token
from ibr.interop.dci.encryption import encrypted_for
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.reasons import reason_of, text_of
from ibr_messages.strict_json import canonical

JSON: Final = (b"content-type", b"application/json")
NO_STORE: Final = (b"cache-control", b"no-store")
# How every envelope begins that this file writes; an Ack and an HTTP error have no signature.
_ENVELOPE: Final = b'{"signature":'


class Answer(msgspec.Struct):
    """An HTTP answer: status, further headers and the body's bytes.

    A large body is handed on as it is kept, compressed, in `pieces` (interop/dci/outcomes.py).
    """

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON, NO_STORE)
    pieces: bytes | None = None


class Signs(Protocol):
    """Signs with the key of the moment: the registry's own keys (keys.py), or one alone."""

    def sign(self, canonical_bytes: bytes, now: float, /) -> str: ...

    def sign_digest(self, digest: bytes, now: float, /) -> str: ...


class Operation(msgspec.Struct, frozen=True):
    """One operation of the standard: how its answers look when they are refusals."""

    name: str
    action: str
    answer_action: str
    empty: dict[str, Any]


class Writer:
    """Writes signed answers in the registry's name."""

    def __init__(self, registry_id: str, signer: Signs, error_status: int) -> None:
        self._registry_id = registry_id
        self._signer = signer
        self._error_status = error_status

    def header(
        self,
        action: str,
        receiver_id: str | None,
        *,
        status: str,
        total: int,
        completed: int,
        at: datetime,
        reason_code: str | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """The header of an answer, sender and receiver swapped (digest.md 2.2)."""
        header: dict[str, Any] = {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": written(at),
            "action": action,
            "status": status,
            "total_count": total,
            "completed_count": completed,
            "sender_id": self._registry_id,
            "is_msg_encrypted": False,
            "meta": {},
        }
        if receiver_id:
            header["receiver_id"] = receiver_id
        if reason_code:
            header["status_reason_code"] = reason_code
        if reason:
            header["status_reason_message"] = reason
        return header

    def sealed(self, header: dict[str, Any], message: dict[str, Any]) -> bytes:
        """The whole envelope, signed over its canonical form."""
        return self.envelope(canonical({"header": header, "message": message}))

    def envelope(self, content: bytes, digest: bytes | None = None) -> bytes:
        """The canonical bytes of `{header, message}` as an envelope, signed now.

        They are sent as they are, with the signature put in front. `digest` is what is signed
        where a receiver reads another profile than the canonical one.
        """
        at = time.time()
        signer = self._signer
        signature = signer.sign(content, at) if digest is None else signer.sign_digest(digest, at)
        return _ENVELOPE + canonical(signature) + b"," + content[1:]

    def as_agreed(self, answer: Answer, partner: Partner, at: datetime, *, asked: bool) -> Answer:
        """The answer as this partner gets it: encrypted and signed anew where that is agreed.

        Every enveloped answer passes here on its way out, so that none can leave plain that must
        not. `asked` says that what is answered was encrypted. An Ack and a refusal stay plain.
        """
        if not asked and partner.encryption_policy != "required":
            return answer
        if answer.pieces is None and not answer.body.startswith(_ENVELOPE):
            return answer
        parts = [answer.body] if answer.pieces is None else decompressed(answer.pieces)
        envelope = msgspec.json.decode(b"".join(parts))
        header, message = encrypted_for(
            partner, envelope["header"], envelope["message"], at, asked=asked
        )
        if not header["is_msg_encrypted"]:
            return answer
        return Answer(answer.status, self.sealed(header, message), answer.headers)

    def sign_digest(self, digest: bytes) -> str:
        """The signature over a digest made elsewhere, for answers too large to build at once."""
        return self._signer.sign_digest(digest, time.time())

    def refusal(
        self,
        error: RegistryError,
        operation: Operation | None,
        at: datetime,
        *,
        receiver_id: str | None = None,
        transaction_id: str | None = None,
    ) -> Answer:
        """The answer to a message that is refused as a whole.

        HTTP errors carry both shapes (behaviour.md 7); everything else is an ERR answer, on
        synchronous paths with a header that says rjct (behaviour.md 3 and 5).
        """
        reason = reason_of(error)
        text = text_of(error, reason)
        correlation_id = new_token()
        error_body = {"code": reason.error, "message": text}
        message: dict[str, Any] = {
            "ack_status": "ERR",
            "timestamp": written(at),
            "correlation_id": correlation_id,
            "error": error_body,
        }
        if reason.http is not None or operation is None:
            status = reason.http or self._error_status
            body: dict[str, Any] = {"message": message}
            if reason.http is not None:
                body["errors"] = [error_body]
            return Answer(status, canonical(body), _headers(error))
        header = self.header(
            operation.answer_action,
            receiver_id,
            status="rjct",
            total=0,
            completed=0,
            at=at,
            reason_code=reason.header,
            reason=text,
        )
        message["transaction_id"] = transaction_id or ""
        message |= _with_ids(operation.empty, transaction_id or "", correlation_id)
        return Answer(self._error_status, self.sealed(header, message))


def _with_ids(empty: dict[str, Any], transaction_id: str, correlation_id: str) -> dict[str, Any]:
    """The empty result of an operation, with the ids where its shape has a place for them."""
    filled: dict[str, Any] = {}
    for name, value in empty.items():
        if isinstance(value, dict):
            filled[name] = _with_ids(value, transaction_id, correlation_id)
        elif name == "transaction_id":
            filled[name] = transaction_id
        elif name == "correlation_id":
            filled[name] = correlation_id
        else:
            filled[name] = value
    return filled


def _headers(error: RegistryError) -> tuple[tuple[bytes, bytes], ...]:
    headers = [JSON, NO_STORE]
    if isinstance(error, (TooMuch, Unavailable)) and error.retry_after:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if error.code.startswith("token."):
        headers.append((b"www-authenticate", b'Bearer error="invalid_token"'))
    return tuple(headers)
