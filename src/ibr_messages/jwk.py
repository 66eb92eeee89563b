"""Public keys as JWKs: written, checked before they are kept, and made into key objects."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, OKPKey
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from ibr_messages.encryption import (
    CURVES,
    ECDH,
    LEAST_RSA_BITS,
    RSA_OAEP,
    from_base64url,
    public_key_of,
    to_base64url,
)
from ibr_messages.errors import NotUnderstood, Unavailable
from ibr_messages.signature import PublicKey

MOST_KEYS: Final = 20
LONGEST_KID: Final = 300
# A longer modulus would make each look at a signature a cost that whoever sent the key chooses.
MOST_RSA_BITS: Final = 8192
_MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e")


def public_jwk(key: VerifyKey) -> dict[str, Any]:
    """An Ed25519 public key as a JWK whose kid is its RFC 7638 thumbprint."""
    members: dict[str, Any] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": to_base64url(bytes(key)),
    }
    kid = OKPKey.import_key(members).thumbprint()
    return {**members, "kid": kid, "use": "sig", "alg": "EdDSA"}


def check_partner_jwk(jwk: object) -> dict[str, Any]:
    """A partner's public key, checked and reduced to what is needed.

    To sign with: Ed25519, and RSA from 2048 bits. To be written to, with use enc: RSA from 2048
    bits, EC on P-256 or P-384, X25519. Nothing else; a private key is refused so that nobody sends
    us one twice. `alg` becomes the only algorithm that the key may be used with.
    """
    if not isinstance(jwk, dict):
        raise NotUnderstood("key.invalid", "A key must be a JSON object (a JWK).")
    if any(name in jwk for name in ("d", "p", "q", "k")):
        raise NotUnderstood(
            "key.private", "This is a private key. Send the public half only, and make a new key."
        )
    members = {name: jwk[name] for name in _MEMBERS if name in jwk}
    try:
        kind = (members["kty"], members.get("crv"))
        check = _check_encryption if _use(jwk) == "enc" else _check_signing
        algorithm = check(kind, members, jwk.get("alg"))
        kid = jwk.get("kid") or JWKRegistry.import_key(members).thumbprint()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise NotUnderstood("key.invalid", "The key cannot be read as a JWK (RFC 7517).") from None
    if not isinstance(kid, str) or len(kid) > LONGEST_KID:
        raise NotUnderstood("key.invalid", f"A kid is text of at most {LONGEST_KID} characters.")
    return {**members, "kid": kid, "use": _use(jwk), "alg": algorithm}


def _use(jwk: dict[str, Any]) -> str:
    """What the key is for; one that does not say so is for the one thing that its kind can do."""
    use = jwk.get("use")
    if use in (None, ""):
        alg = jwk.get("alg")
        by_name = isinstance(alg, str) and alg.startswith(("ECDH", "RSA-OAEP", "RSA1"))
        return "enc" if by_name or jwk.get("crv") == "X25519" else "sig"
    if use not in ("sig", "enc"):
        raise NotUnderstood("key.kind", "A key's use is sig or enc.")
    return str(use)


def _check_signing(kind: tuple[str, Any], members: dict[str, Any], alg: object) -> str:
    if kind == ("OKP", "Ed25519") and alg in (None, "", "EdDSA", "Ed25519", "ed25519"):
        VerifyKey(from_base64url(members["x"]))
        return "ed25519"
    if kind[0] == "RSA" and alg in (None, "", "RS256", "rs256"):
        check_rsa(public_key_of(members))
        return "rs256"
    raise NotUnderstood(
        "key.kind", "Signing keys are Ed25519, or RSA of at least 2048 bits (RS256)."
    )


def _check_encryption(kind: tuple[str, Any], members: dict[str, Any], alg: object) -> str:
    if kind[0] == "RSA" and alg in (None, "", RSA_OAEP):
        check_rsa(public_key_of(members))
        return RSA_OAEP
    curves = [("OKP", "X25519"), *(("EC", curve) for curve in CURVES)]
    if kind in curves and alg in (None, "", ECDH):
        public_key_of(members)
        return ECDH
    raise NotUnderstood(
        "key.kind",
        f"Encryption keys are RSA of at least 2048 bits ({RSA_OAEP}), or P-256, P-384 or X25519 "
        f"({ECDH}).",
    )


def check_rsa(public: object) -> None:
    """Refuses a modulus that is too short to be safe, and numbers that are slow to reckon with."""
    assert isinstance(public, rsa.RSAPublicKey)
    exponent = public.public_numbers().e
    if not (LEAST_RSA_BITS <= public.key_size <= MOST_RSA_BITS and 3 <= exponent < 2**32):
        raise NotUnderstood(
            "key.kind",
            f"An RSA key has {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits and a usual exponent, such "
            "as 65537.",
        )


def _listed(document: object) -> list[object]:
    keys = document.get("keys") if isinstance(document, dict) else None
    if keys is None and isinstance(document, dict) and "kty" in document:
        keys = [document]
    if not isinstance(keys, list) or not keys:
        raise NotUnderstood("key.invalid", 'A JWKS is {"keys": […]} with at least one key.')
    if len(keys) > MOST_KEYS:
        raise NotUnderstood("key.too_many", f"A JWKS may hold {MOST_KEYS} keys at most.")
    return keys


def check_partner_jwks(document: object) -> list[dict[str, Any]]:
    """The keys of a JWKS document, to sign with and to be written to; at least one."""
    keys = [check_partner_jwk(each) for each in _listed(document)]
    if len({key["kid"] for key in keys}) < len(keys):
        raise NotUnderstood("key.twice", "Two keys have the same kid; give each its own.")
    return keys


def usable_keys(document: object) -> tuple[list[dict[str, Any]], int]:
    """Those keys of a published JWKS that pass the checks, and how many do not.

    Where it is a partner's list for everybody, it may well hold keys that are of no use here.
    NotUnderstood where it is no JWKS or none of its keys can be used.
    """
    usable: dict[str, dict[str, Any]] = {}
    listed = _listed(document)
    for each in listed:
        try:
            key = check_partner_jwk(each)
        except NotUnderstood:
            continue
        usable.setdefault(key["kid"], key)
    if not usable:
        raise NotUnderstood("key.none_usable", "None of the keys can be used here.")
    return list(usable.values()), len(listed) - len(usable)


@lru_cache(maxsize=4096)
def _public_key(encoded: bytes) -> PublicKey:
    jwk = msgspec.json.decode(encoded, type=dict[str, Any])
    try:
        if jwk["kty"] == "OKP":
            return VerifyKey(from_base64url(jwk["x"]))
        public = public_key_of(jwk)
    except (CryptoError, ValueError, TypeError, KeyError):
        raise Unavailable("key.damaged", "A stored partner key is damaged; add it again.") from None
    assert isinstance(public, rsa.RSAPublicKey)
    return public


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """The key object of a stored partner JWK; the same one for the same JWK."""
    return _public_key(msgspec.json.encode(jwk, order="deterministic"))
