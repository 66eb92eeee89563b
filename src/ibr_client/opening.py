"""A signed message from the registry, opened: verified first, then read from the verified bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ibr_client.credentials import Credentials
from ibr_client.failures import AnswerNotTrusted, AnswerNotUnderstood, NotSetUp
from ibr_client.registry_keys import RegistryKeys
from ibr_client.steps import Clock, Steps
from ibr_messages.encryption import decrypt, read_encrypted
from ibr_messages.errors import NotUnderstood, RegistryError
from ibr_messages.signature import (
    PublicKey,
    Signature,
    check_times,
    holds,
    read_signature,
    signing_strings,
)
from ibr_messages.strict_json import canonical, canonical_other_spellings, read_object
from ibr_messages.types import MsgCallbackHeader, OpenEnvelope

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Opened(msgspec.Struct, frozen=True):
    """A message that is the registry's own: its header, and the message as JSON, decrypted."""

    header: MsgCallbackHeader
    message: bytes


class _Parts(msgspec.Struct, frozen=True):
    """Header and message as the bytes that a signature was found to cover."""

    header: bytes
    message: bytes


class Opener:
    """Opens what one registry sends to one partner."""

    def __init__(
        self, keys: RegistryKeys, registry_id: str, credentials: Credentials, clock: Clock
    ) -> None:
        self._keys = keys
        self._registry_id = registry_id
        self._credentials = credentials
        self._clock = clock

    def open(self, body: bytes, largest: int) -> Steps[Opened]:
        """AnswerNotTrusted unless it is signed by the registry now, and meant for this partner.

        AnswerNotUnderstood for what two readers could understand differently.
        """
        envelope = _envelope(body)
        header = _header(bytes(envelope.header))
        self._check_names(header)
        parts = yield from self._verified(body, envelope)
        # Read again from what was verified; the first look only chose what to verify it against.
        header = _header(parts.header)
        self._check_names(header)
        message = parts.message
        if header.is_msg_encrypted:
            message = self._decrypted(message, largest)
        return Opened(header, message)

    def _check_names(self, header: MsgCallbackHeader) -> None:
        if header.sender_id != self._registry_id:
            raise AnswerNotTrusted(
                "answer.sender",
                f"The message is not from {self._registry_id}, which this client is set up for.",
            )
        if header.receiver_id and header.receiver_id != self._credentials.sender_id:
            raise AnswerNotTrusted("answer.receiver", "The message is meant for another partner.")

    def _verified(self, body: bytes, envelope: OpenEnvelope) -> Steps[_Parts]:
        try:
            signature = read_signature(envelope.signature or None)
            if signature.sender_id != self._registry_id:
                raise AnswerNotTrusted(
                    "answer.sender", "The message is signed with the key of another sender."
                )
            found = yield from self._keys.signing_key(signature.kid, signature.whole_key_id)
            if found is None or found[1] != signature.algorithm:
                raise AnswerNotTrusted(
                    "answer.key", "The message is signed with a key that the registry has not."
                )
            check_times(signature, self._clock())
            for parts, signed in _readings(body, envelope):
                if _covers(signature, found[0], signed):
                    return parts
        except RegistryError as wrong:
            raise AnswerNotTrusted(f"answer.{wrong.code}", wrong.message) from None
        raise AnswerNotTrusted(
            "answer.signature", "The signature does not fit the message; it was changed on the way."
        )

    def _decrypted(self, message: bytes, largest: int) -> bytes:
        try:
            sealed = read_encrypted(msgspec.json.decode(message, type=dict[str, Any]), largest)
            key = self._credentials.decryption_key(sealed.kid)
            if key is None:
                raise NotSetUp(
                    "encryption.no_key",
                    "The message is encrypted for a key that is not among decryption_keys.",
                )
            opened = decrypt(sealed, key)
            return canonical(read_object(opened))
        except (RegistryError, *_UNREADABLE) as wrong:
            raise AnswerNotTrusted(
                "answer.encryption", f"The message cannot be decrypted: {wrong}"
            ) from None


def _envelope(body: bytes) -> OpenEnvelope:
    try:
        read_object(body)
        return msgspec.json.decode(body, type=OpenEnvelope)
    except NotUnderstood as wrong:
        raise AnswerNotUnderstood("answer.not_json", wrong.message) from None
    except _UNREADABLE:
        raise AnswerNotUnderstood(
            "answer.not_a_message", "This is not a message of signature, header and message."
        ) from None


class _Version(msgspec.Struct):
    version: Any = "1.0.0"


def _header(written: bytes) -> MsgCallbackHeader:
    try:
        version = msgspec.json.decode(written, type=_Version).version
        if not isinstance(version, str) or not version.startswith("1."):
            raise AnswerNotUnderstood(
                "answer.version", "The message is of a version that is not read; 1.0.0 is."
            )
        return msgspec.json.decode(written, type=MsgCallbackHeader)
    except _UNREADABLE as wrong:
        raise AnswerNotUnderstood("answer.header", f"The header cannot be read: {wrong}") from None


def _readings(body: bytes, envelope: OpenEnvelope) -> Iterator[tuple[_Parts, bytes]]:
    """Header and message with the bytes that may have been signed, the likeliest first.

    The registry sends what it signed, so the bytes as they came are tried first, in both profiles;
    where something on the way wrote the JSON anew, its canonical forms are
    (docs/standard/signatures.md).
    """
    header, message = bytes(envelope.header), bytes(envelope.message)
    yield _Parts(header, message), b'{"header":' + header + b',"message":' + message + b"}"
    yield _Parts(header, message), header + b"\n" + message
    document = read_object(body)
    content = {name: document.get(name) for name in ("header", "message")}
    parts = _Parts(canonical(content["header"]), canonical(content["message"]))
    for signed in (canonical(content), *canonical_other_spellings(content)):
        yield parts, signed


def _covers(signature: Signature, key: PublicKey, signed: bytes) -> bool:
    bare, labelled = signing_strings(signature, hashlib.sha256(signed).digest())
    return holds(signature, key, bare) or holds(signature, key, labelled)
