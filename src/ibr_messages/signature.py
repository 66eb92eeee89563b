"""Signatures of messages: read, verified and written. Refuses rather than sends unsigned.

The scheme is digest.md 3.3: SHA-256 over the canonical bytes, then a signing string of three
lines, signed with Ed25519 (RS256 is read too).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec
import nacl.exceptions
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.signing import SigningKey, VerifyKey

from ibr_messages.errors import NotProven

CLOCK_TOLERANCE: Final = 60
LONGEST_LIFE: Final = 900
LIFE: Final = 300
# An RSA signature of 8192 bits with the longest key id stays well below this.
LONGEST_TEXT: Final = 2_500
SIGNED_HEADERS: Final = "(created) (expires) digest"

_PAIR = re.compile(r'\s*([A-Za-z]+)\s*=\s*"([^"]*)"?\s*(?:,|$)')
_KEY_ID = ("kidId", "keyId", "keyid", "kidid")

PublicKey = VerifyKey | rsa.RSAPublicKey


class Signature(msgspec.Struct, frozen=True):
    """What a signature string says about itself; none of it is proven yet."""

    sender_id: str
    kid: str
    whole_key_id: str
    algorithm: str
    created: int
    expires: int
    value: bytes


def _missing() -> NotProven:
    return NotProven(
        "signature.missing",
        "This message must be signed. Sign header and message with the key you registered "
        "(docs/standard/signatures.md).",
    )


def _invalid(why: str) -> NotProven:
    return NotProven("signature.invalid", why)


def parts_of(text: str) -> dict[str, str]:
    """The named parts of a signature string, whatever they say."""
    stripped = text.strip()
    if stripped.lower().startswith("signature:"):
        stripped = stripped[len("signature:") :]
    return dict(_PAIR.findall(stripped))


def key_id_of(parts: dict[str, str]) -> str:
    """The whole key id, under any of its spellings."""
    return next((parts[name] for name in _KEY_ID if name in parts), "")


def read_signature(text: object) -> Signature:
    """The parts of a signature string, tolerant as in digest.md 3.3."""
    if not isinstance(text, str) or not text.strip():
        raise _missing()
    if len(text) > LONGEST_TEXT:
        raise _invalid(f"A signature may have {LONGEST_TEXT} characters at most.")
    parts = parts_of(text)
    if "signature" not in parts:
        raise _missing()
    key_id = key_id_of(parts)
    try:
        sender_id, kid, algorithm = key_id.split("|")
        value = base64.b64decode(parts["signature"], validate=True)
        created, expires = int(parts["created"]), int(parts["expires"])
    except (ValueError, KeyError, binascii.Error):
        # A sample's placeholder text ends here too: no placeholder is ever special.
        raise _invalid(
            'The signature cannot be read. It needs kidId="sender|key|algorithm", created, '
            "expires and a Base64 signature."
        ) from None
    if parts.get("headers", "").split() != SIGNED_HEADERS.split():
        raise _invalid(f'The signature must cover headers="{SIGNED_HEADERS}".')
    if parts.get("algorithm", algorithm).lower() != algorithm.lower():
        raise _invalid("The signature names two algorithms.")
    return Signature(sender_id, kid, key_id, algorithm.lower(), created, expires, value)


def check_times(signature: Signature, now: float) -> None:
    """Refuses a signature from the future, a stale one, and one that lives too long."""
    if signature.created > now + CLOCK_TOLERANCE:
        raise _invalid("The signature was created in the future; check your clock.")
    if signature.expires < now - CLOCK_TOLERANCE:
        raise _invalid("The signature has expired; sign again.")
    if not 0 <= signature.expires - signature.created <= LONGEST_LIFE:
        raise _invalid(f"A signature may live {LONGEST_LIFE} seconds at most.")


def signing_strings(signature: Signature, digest: bytes) -> tuple[bytes, bytes]:
    """What was signed: the digest line bare, or labelled `SHA-256=`."""
    head = f"(created): {signature.created}\n(expires): {signature.expires}\ndigest: "
    text = base64.b64encode(digest).decode()
    return (head + text).encode(), (head + "SHA-256=" + text).encode()


def holds(signature: Signature, key: PublicKey, signing_string: bytes) -> bool:
    """Whether the signature was made over this string with this key's private half."""
    try:
        if isinstance(key, VerifyKey):
            key.verify(signing_string, signature.value)
        else:
            key.verify(signature.value, signing_string, padding.PKCS1v15(), SHA256())
    except (nacl.exceptions.BadSignatureError, InvalidSignature, ValueError):
        return False
    return True


def verify(signature: Signature, key: PublicKey, digests: Iterable[bytes]) -> None:
    """NotProven unless the signature holds over one of the digests, each tried in turn."""
    for digest in digests:
        bare, labelled = signing_strings(signature, digest)
        if holds(signature, key, bare) or holds(signature, key, labelled):
            return
    raise _invalid(
        "The signature does not fit header and message. Sign the canonical JSON "
        "(docs/standard/signatures.md has a test vector)."
    )


class Signer:
    """Signs with one of the registry's own keys."""

    def __init__(self, sender_id: str, kid: str, key: SigningKey) -> None:
        self._key_id = f"{sender_id}|{kid}|ed25519"
        self._key = key

    def sign(self, canonical_bytes: bytes, now: float) -> str:
        """The signature string for these bytes, valid from now for five minutes."""
        return self.sign_digest(hashlib.sha256(canonical_bytes).digest(), now)

    def sign_digest(self, digest: bytes, now: float) -> str:
        created = int(now)
        expires = created + LIFE
        text = base64.b64encode(digest).decode()
        lines = f"(created): {created}\n(expires): {expires}\ndigest: {text}"
        value = base64.b64encode(self._key.sign(lines.encode()).signature).decode()
        return (
            f'namespace="dci", kidId="{self._key_id}", algorithm="ed25519", '
            f'created="{created}", expires="{expires}", headers="{SIGNED_HEADERS}", '
            f'signature="{value}"'
        )
