"""Signatures, keys and tokens: whatever proves who wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from nacl.signing import SigningKey

from ibr.access.tokens import TokenKey, Tokens
from ibr_messages.diagnose import Case, diagnose
from ibr_messages.jwk import check_partner_jwk, check_partner_jwks, public_jwk, usable_keys
from ibr_messages.signature import (
    Signer,
    check_times,
    read_signature,
    signing_strings,
    verify,
)
from ibr_messages.strict_json import canonical, read_object
from tests.fuzzing.of_messages import AT, PARTNER, golden, messages

_KEY = SigningKey(b"\x07" * 32)
_JWK = public_jwk(_KEY.verify_key)
_DIGEST = b"\x05" * 32
_TOKENS = Tokens(
    "ibr.example.org", 900, [TokenKey(_JWK["kid"], bytes(_KEY), _JWK, 0, 4_102_444_800)]
)
_NOW = AT.timestamp()


def read_signed(content: bytes) -> None:
    """A signature string; one that holds must be over the digest that it is held against."""
    read = read_signature(content.decode("utf-8", "replace"))
    check_times(read, _NOW)
    signing_strings(read, _DIGEST)
    verify(read, _KEY.verify_key, [_DIGEST])


def signatures() -> Iterator[bytes]:
    signer = Signer(PARTNER.sender_id, _JWK["kid"], _KEY)
    right = signer.sign_digest(_DIGEST, _NOW)
    yield right.encode()
    yield right.replace(",", ", ").encode()
    yield right.replace('"', "").encode()
    for content in golden():
        signature = json.loads(content).get("signature")
        if isinstance(signature, str):
            yield signature.encode()


def diagnosed(content: bytes) -> None:
    """What is said of a refused message; it never raises, whatever was sent."""
    for profile in ("canonical", "raw"):
        found = diagnose(
            Case(body=content, sender_id=PARTNER.sender_id, profile=profile, keys=(), at=AT)
        )
        assert found.findings
        for finding in found.findings:
            finding.sentence.encode()


def read_keys(content: bytes) -> None:
    """A partner's list of keys, and each of them by itself."""
    document = read_object(content)
    refused = None
    for read in (check_partner_jwks, usable_keys, check_partner_jwk):
        try:
            canonical(read(document))
        except Exception as wrong:
            refused = wrong
            if type(wrong).__module__ != "ibr_messages.errors":
                raise
    if refused is not None:
        raise refused


def key_lists() -> Iterator[bytes]:
    coordinate = base64.urlsafe_b64encode(b"\x11" * 32).rstrip(b"=").decode()
    modulus = base64.urlsafe_b64encode(b"\xc1" + b"\x13" * 255).rstrip(b"=").decode()
    keys: list[dict[str, object]] = [
        dict(_JWK),
        {"kty": "OKP", "crv": "X25519", "x": coordinate, "kid": "e", "use": "enc"},
        {"kty": "EC", "crv": "P-256", "x": coordinate, "y": coordinate, "kid": "p", "use": "enc"},
        {"kty": "RSA", "n": modulus, "e": "AQAB", "kid": "r", "use": "enc"},
    ]
    yield json.dumps({"keys": keys}).encode()
    for key in keys:
        yield json.dumps(key).encode()


def read_token(content: bytes) -> None:
    """A bearer token; whatever is not ours to the last byte is refused."""
    _TOKENS.check(content.decode("latin-1"), _NOW)


def tokens() -> Iterator[bytes]:
    yield _TOKENS.make("payer", frozenset({"registry.enrolled"}), _NOW).encode()
    parts = [{"alg": "none", "kid": _JWK["kid"]}, {"exp": 1, "iat": 0}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    yield b".".join([*texts, b""])


def all_messages() -> Iterator[bytes]:
    yield from messages()
