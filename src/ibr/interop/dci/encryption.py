"""Encrypted messages at the door: opened after their signature was verified, written as agreed.

Encryption never proves who sent something: whoever knows our public key can encrypt. A message is
decrypted only once the signature over its encrypted form holds (digest.md 2.9, reliability D8).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.access.model import Partner
from ibr.errors import NotUnderstood
from ibr.interop.dci.keys import OwnKeys
from ibr_messages.encryption import (
    DecryptionKey,
    decrypt,
    encrypt,
    encryption_key,
    is_encrypted,
    read_encrypted,
)
from ibr_messages.strict_json import canonical, read_object


class _PromisedHeader(msgspec.Struct):
    is_msg_encrypted: bool = False


class _Promised(msgspec.Struct):
    header: _PromisedHeader


_PROMISED: Final = msgspec.json.Decoder(_Promised)


class UnknownOwnKeyError(NotUnderstood):
    """A message names a key of ours that we do not have, or have not read yet."""


class NoPartnerKeyError(NotUnderstood):
    """What a partner is sent must be encrypted, and no key of its counts, or is read yet."""


def check_policy(partner: Partner, message: object, at: datetime, *, flagged: bool) -> bool:
    """Whether the message is encrypted; NotUnderstood where that is not as agreed.

    Refused here, before anything is done: also who must be answered encrypted and has no key.
    """
    encrypted = is_encrypted(message)
    if flagged != encrypted:
        raise NotUnderstood(
            "encryption.invalid",
            "header.is_msg_encrypted says the message is encrypted, but it is not."
            if flagged
            else "The message is encrypted, but header.is_msg_encrypted does not say so.",
        )
    if encrypted and partner.encryption_policy == "off":
        raise NotUnderstood(
            "encryption.off",
            "It is agreed that your messages are not encrypted. Send them plain, or ask the "
            "registry to accept encrypted ones.",
        )
    if partner.encryption_policy == "required":
        if not encrypted:
            raise NotUnderstood(
                "encryption.required",
                "It is agreed that your messages are encrypted. Encrypt the message to a key of "
                "/.well-known/jwks.json with use enc (docs/standard/encryption.md).",
            )
        if partner.encryption_key(at) is None:
            raise _no_key()
    return encrypted


def decrypted(
    own_keys: OwnKeys,
    message: dict[str, Any],
    at: datetime,
    *,
    largest: int,
    accepted_before: bool = False,
) -> bytes:
    """The bytes that an encrypted message holds, not yet read."""
    sealed = read_encrypted(message, largest)
    key: DecryptionKey | None = own_keys.decryption_key(
        sealed.kid, at, accepted_before=accepted_before
    )
    if key is None:
        raise UnknownOwnKeyError(
            "encryption.invalid",
            "header.kid of the encrypted message names no key that the registry decrypts with "
            "now. Read /.well-known/jwks.json again and take one with use enc.",
        )
    return decrypt(sealed, key)


def read_decrypted(plaintext: bytes) -> dict[str, Any]:
    """The message object that was encrypted, read as strictly as a plain one."""
    try:
        return read_object(plaintext)
    except NotUnderstood as refused:
        raise NotUnderstood(
            "message.json", f"What was encrypted cannot be read as a message: {refused.message}"
        ) from None


def encrypted_for(
    partner: Partner,
    header: dict[str, Any],
    message: dict[str, Any],
    at: datetime,
    *,
    asked: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and message as this partner gets them, ready to be signed.

    Encrypted where it is agreed that they must be, and, if the partner has a key, where it
    encrypted what is answered (`asked`). NotUnderstood where it must be and there is no key:
    nothing leaves plain then.
    """
    required = partner.encryption_policy == "required"
    wanted = required or (asked and partner.encryption_policy == "accepted")
    key = partner.encryption_key(at) if wanted else None
    if key is None:
        if required:
            raise _no_key()
        return {**header, "is_msg_encrypted": False}, message
    sealed = encrypt(canonical(message), encryption_key(key.jwk))
    return {**header, "is_msg_encrypted": True}, sealed


def leaving(partner: Partner, content: bytes, at: datetime) -> bytes:
    """A promised message, canonical `{header, message}`, as it leaves now.

    It was kept plain beneath the registry's own seal, its header saying whether it is to be
    encrypted; so it is encrypted, like signed, when it leaves: to the key that counts then, and
    never to one that was revoked while it waited.
    """
    head = _PROMISED.decode(content).header
    if not head.is_msg_encrypted and partner.encryption_policy != "required":
        return content
    promised = msgspec.json.decode(content)
    header, message = encrypted_for(
        partner, promised["header"], promised["message"], at, asked=head.is_msg_encrypted
    )
    return canonical({"header": header, "message": message})


def _no_key() -> NoPartnerKeyError:
    return NoPartnerKeyError(
        "encryption.no_key",
        "It is agreed that what you are sent is encrypted, and the registry has no key of yours "
        "with use enc that counts now. Publish one, or give it to the registry.",
    )
