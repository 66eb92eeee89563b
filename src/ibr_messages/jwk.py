"""Public keys as JWKs: written, checked before they are kept, and made into key objects."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, OKPKey
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from ibr_messages.errors import NotUnderstood, Unavailable
from ibr_messages.signature import PublicKey


def public_jwk(key: VerifyKey) -> dict[str, Any]:
    """An Ed25519 public key as a JWK whose kid is its RFC 7638 thumbprint."""
    members: dict[str, Any] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64.urlsafe_b64encode(bytes(key)).rstrip(b"=").decode(),
    }
    kid = OKPKey.import_key(members).thumbprint()
    return {**members, "kid": kid, "use": "sig", "alg": "EdDSA"}


def check_partner_jwk(jwk: object) -> dict[str, Any]:
    """A partner's public signing key, checked and reduced to what is needed.

    Ed25519 and RSA of at least 2048 bits, nothing else; a private key is refused so that nobody
    sends us one twice. `alg` becomes the only algorithm that the key may be used with.
    """
    if not isinstance(jwk, dict):
        raise NotUnderstood("key.invalid", "A key must be a JSON object (a JWK).")
    if any(name in jwk for name in ("d", "p", "q", "k")):
        raise NotUnderstood(
            "key.private", "This is a private key. Send the public half only, and make a new key."
        )
    try:
        key = JWKRegistry.import_key(jwk)
        kid = str(jwk.get("kid") or key.thumbprint())
        reduced = {**key.as_dict(private=False), "kid": kid, "use": "sig"}
    except (JoseError, ValueError, TypeError, KeyError):
        raise NotUnderstood("key.invalid", "The key cannot be read as a JWK (RFC 7517).") from None
    if reduced.get("kty") == "OKP" and reduced.get("crv") == "Ed25519":
        return {**reduced, "alg": "ed25519"}
    if reduced.get("kty") == "RSA":
        public = key.get_op_key("verify")
        if isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048:
            return {**reduced, "alg": "rs256"}
    raise NotUnderstood(
        "key.kind", "Signing keys are Ed25519, or RSA of at least 2048 bits (RS256)."
    )


def check_partner_jwks(document: object) -> list[dict[str, Any]]:
    """The signing keys of a JWKS document; at least one."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if keys is None and isinstance(document, dict) and "kty" in document:
        keys = [document]
    if not isinstance(keys, list) or not keys:
        raise NotUnderstood("key.invalid", 'A JWKS is {"keys": […]} with at least one key.')
    signing = [each for each in keys if not (isinstance(each, dict) and each.get("use") == "enc")]
    return [check_partner_jwk(each) for each in signing]


@lru_cache(maxsize=4096)
def _public_key(encoded: bytes) -> PublicKey:
    jwk = msgspec.json.decode(encoded, type=dict[str, Any])
    try:
        if jwk["kty"] == "OKP":
            padding = "=" * (-len(jwk["x"]) % 4)
            return VerifyKey(base64.urlsafe_b64decode(jwk["x"] + padding))
        public = JWKRegistry.import_key(jwk).get_op_key("verify")
    except (CryptoError, ValueError, KeyError, JoseError):
        raise Unavailable("key.damaged", "A stored partner key is damaged; add it again.") from None
    assert isinstance(public, rsa.RSAPublicKey)
    return public


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """The key object of a stored partner JWK; the same one for the same JWK."""
    return _public_key(msgspec.json.encode(jwk, order="deterministic"))
