"""EncryptedMessage in and out: flattened JWE (RFC 7516 7.2.2), two algorithms and no others.

The standard writes no `protected` member, so nothing but the ciphertext is authenticated here: who
sent a message is proven by its signature alone, which covers the encrypted form (digest.md 2.9).
joserfc has no JWE without `protected`; the parts are put together from cryptography's primitives
and checked against joserfc in the tests.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache
from typing import Any, Final, Literal, cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from joserfc.jwk import JWKRegistry

from ibr_messages.errors import NotUnderstood, TooMuch, Unavailable
from ibr_messages.strict_json import read_object

Algorithm = Literal["RSA-OAEP-256", "ECDH-ES+A256KW"]
RSA_OAEP: Final = "RSA-OAEP-256"
ECDH: Final = "ECDH-ES+A256KW"
ALGORITHMS: Final[tuple[Algorithm, ...]] = (RSA_OAEP, ECDH)
CONTENT: Final = "A256GCM"

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | X25519PublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | X25519PrivateKey

CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}
_CURVE_NAMES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
LEAST_RSA_BITS: Final = 2048
_KEY_BYTES: Final = 32
_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
# The protected header, an epk and the agreement's party names are short; an encrypted key is as
# long as the longest RSA modulus that is read.
_LONGEST_PART: Final = 4096
_PARTS: Final = ("ciphertext", "encrypted_key", "iv", "tag")
_OAEP: Final = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)


class EncryptionKey(msgspec.Struct, frozen=True):
    """The public half: messages are encrypted to it."""

    kid: str
    algorithm: Algorithm
    public: PublicKey


class DecryptionKey(msgspec.Struct, frozen=True):
    """The private half, with the id that its public half is known by."""

    kid: str
    algorithm: Algorithm
    private: PrivateKey

    def stored(self) -> bytes:
        """The private key in PKCS #8, to be kept sealed."""
        return self.private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def public_jwk(self) -> dict[str, Any]:
        """The public half as a JWKS shows it."""
        members = _members(self.private.public_key())
        return {**members, "kid": self.kid, "use": "enc", "alg": self.algorithm}


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """An encrypted message that was read and not yet opened; `header` are all its parameters."""

    algorithm: Algorithm
    kid: str
    header: dict[str, Any]
    additional: bytes
    encrypted_key: bytes
    iv: bytes
    ciphertext: bytes
    tag: bytes


def _invalid(why: str) -> NotUnderstood:
    return NotUnderstood("encryption.invalid", why)


def is_encrypted(message: object) -> bool:
    """Whether a message is an EncryptedMessage: no plain one of the standard has a ciphertext."""
    return isinstance(message, dict) and "ciphertext" in message


def new_key(algorithm: Algorithm) -> DecryptionKey:
    """A fresh key pair: RSA of 3072 bits, or P-256, which every library has."""
    private: PrivateKey = (
        rsa.generate_private_key(65537, 3072)
        if algorithm == RSA_OAEP
        else ec.generate_private_key(ec.SECP256R1())
    )
    return DecryptionKey(thumbprint(private.public_key()), algorithm, private)


def decryption_key(stored: bytes, kid: str | None = None) -> DecryptionKey:
    """A private key from its PKCS #8 form, as DER or PEM; `kid` is its thumbprint by default."""
    load = (
        serialization.load_pem_private_key
        if stored.startswith(b"-----")
        else serialization.load_der_private_key
    )
    try:
        private = load(stored, password=None)
    except (ValueError, TypeError):
        raise Unavailable("key.damaged", "A private key cannot be read; make a new one.") from None
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= LEAST_RSA_BITS:
        return DecryptionKey(kid or thumbprint(private.public_key()), RSA_OAEP, private)
    if isinstance(private, (ec.EllipticCurvePrivateKey, X25519PrivateKey)):
        return DecryptionKey(kid or thumbprint(private.public_key()), ECDH, private)
    raise Unavailable("key.damaged", "A private key is of a kind that cannot decrypt.")


def thumbprint(key: PublicKey) -> str:
    """The RFC 7638 thumbprint of a public key."""
    return JWKRegistry.import_key(_members(key)).thumbprint()


@lru_cache(maxsize=1024)
def _encryption_key(encoded: bytes) -> EncryptionKey:
    jwk = msgspec.json.decode(encoded, type=dict[str, Any])
    try:
        public = public_key_of(jwk)
    except (ValueError, TypeError, KeyError):
        raise Unavailable("key.damaged", "A stored partner key is damaged; add it again.") from None
    return EncryptionKey(jwk["kid"], RSA_OAEP if jwk["kty"] == "RSA" else ECDH, public)


def encryption_key(jwk: dict[str, Any]) -> EncryptionKey:
    """The key of a JWK that was checked; the same one for the same JWK."""
    return _encryption_key(msgspec.json.encode(jwk, order="deterministic"))


def public_key_of(jwk: dict[str, Any]) -> PublicKey:
    """A public key from its members; ValueError where they are no such key or off the curve."""
    if jwk["kty"] == "RSA":
        exponent, modulus = (int.from_bytes(from_base64url(jwk[name])) for name in ("e", "n"))
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    if jwk["kty"] == "OKP" and jwk["crv"] == "X25519":
        return X25519PublicKey.from_public_bytes(from_base64url(jwk["x"]))
    curve = CURVES[jwk["crv"]]() if jwk["kty"] == "EC" else None
    if curve is None:
        raise ValueError(jwk["kty"])
    size = (curve.key_size + 7) // 8
    x, y = from_base64url(jwk["x"]), from_base64url(jwk["y"])
    if len(x) != size or len(y) != size:
        raise ValueError("coordinates")
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()


def _members(key: PublicKey) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        n, e = (
            to_base64url(number.to_bytes((number.bit_length() + 7) // 8))
            for number in (numbers.n, numbers.e)
        )
        return {"kty": "RSA", "n": n, "e": e}
    if isinstance(key, X25519PublicKey):
        return {"kty": "OKP", "crv": "X25519", "x": to_base64url(key.public_bytes_raw())}
    point, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return {
        "kty": "EC",
        "crv": _CURVE_NAMES[key.curve.name],
        "x": to_base64url(point.x.to_bytes(size)),
        "y": to_base64url(point.y.to_bytes(size)),
    }


def encrypt(plaintext: bytes, key: EncryptionKey) -> dict[str, Any]:
    """The EncryptedMessage that holds `plaintext` for the owner of `key`."""
    content_key, iv = os.urandom(_KEY_BYTES), os.urandom(_IV_BYTES)
    header: dict[str, Any] = {"alg": key.algorithm, "enc": CONTENT, "kid": key.kid}
    if isinstance(key.public, rsa.RSAPublicKey):
        encrypted_key = key.public.encrypt(content_key, _OAEP)
    else:
        shared, header["epk"] = _agree(key.public)
        encrypted_key = aes_key_wrap(derive(shared, ECDH, 256), content_key)
    sealed = AESGCM(content_key).encrypt(iv, plaintext, None)
    return {
        "header": header,
        "encrypted_key": to_base64url(encrypted_key),
        "iv": to_base64url(iv),
        "ciphertext": to_base64url(sealed[:-_TAG_BYTES]),
        "tag": to_base64url(sealed[-_TAG_BYTES:]),
    }


def _agree(public: ec.EllipticCurvePublicKey | X25519PublicKey) -> tuple[bytes, dict[str, Any]]:
    """A secret shared with the owner of `public`, and the key of one use that it comes from."""
    if isinstance(public, X25519PublicKey):
        passing = X25519PrivateKey.generate()
        return passing.exchange(public), _members(passing.public_key())
    once = ec.generate_private_key(public.curve)
    return once.exchange(ec.ECDH(), public), _members(once.public_key())


def derive(
    shared: bytes, algorithm: str, bits: int, *, apu: bytes = b"", apv: bytes = b""
) -> bytes:
    """The key derived from an agreed secret: Concat KDF as in RFC 7518 4.6.2."""
    told = [algorithm.encode(), apu, apv]
    info = b"".join(len(part).to_bytes(4) + part for part in told) + bits.to_bytes(4)
    return ConcatKDFHash(SHA256(), length=bits // 8, otherinfo=info).derive(shared)


def read_encrypted(message: dict[str, Any], largest: int) -> Sealed:
    """Reads an EncryptedMessage without touching any private key; NotUnderstood says what is wrong.

    TooMuch where it holds more than `largest` bytes: without compression, a ciphertext is exactly
    as long as what it hides.
    """
    for name in ("recipients", "unprotected", "aad"):
        if name in message:
            raise _invalid(f"An encrypted message has no member {name}; leave it out.")
    protected = message.get("protected", "")
    header = _header(message.get("header", {}), protected)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or header.get("enc") != CONTENT:
        raise _invalid(
            f"Messages are encrypted with {RSA_OAEP} or {ECDH}, and {CONTENT}; nothing else is "
            "read here."
        )
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 300:
        raise _invalid("header.kid must name a key of the receiver's JWKS with use enc.")
    written = message.get("ciphertext")
    if isinstance(written, str) and len(written) > base64url_length(largest):
        raise TooMuch(
            "too_large",
            f"An encrypted message may hold {largest} bytes at most; send it in several messages.",
        )
    parts = {
        name: _part(message.get(name), name, None if name == "ciphertext" else _LONGEST_PART)
        for name in _PARTS
    }
    if len(parts["iv"]) != _IV_BYTES or len(parts["tag"]) != _TAG_BYTES:
        raise _invalid(f"With {CONTENT}, iv has {_IV_BYTES} bytes and tag has {_TAG_BYTES}.")
    return Sealed(
        algorithm=cast(Algorithm, algorithm),
        kid=kid,
        header=header,
        additional=protected.encode(),
        **parts,
    )


def _header(given: object, protected: object) -> dict[str, Any]:
    """The parameters of both headers together; what would change the rules is refused."""
    if not isinstance(given, dict) or not isinstance(protected, str):
        raise _invalid("The encrypted message needs a header object with alg, enc and kid.")
    hidden = _hidden(protected) if protected else {}
    for name in ("zip", "crit", "p2c", "p2s"):
        if name in given or name in hidden:
            raise _invalid(f"The header member {name} is refused; encrypt without it.")
    if any(given[name] != value for name, value in hidden.items() if name in given):
        raise _invalid("header and protected contradict each other; say each thing once.")
    return {**given, **hidden}


def _hidden(protected: str) -> dict[str, Any]:
    try:
        return read_object(_part(protected, "protected", _LONGEST_PART))
    except NotUnderstood:
        raise _invalid("protected is not a JSON object in base64url, each member once.") from None


def _part(value: object, name: str, longest: int | None) -> bytes:
    if not isinstance(value, str) or (longest is not None and len(value) > longest):
        raise _invalid(f"The encrypted message needs {name}, a string in base64url.")
    try:
        return from_base64url(value)
    except ValueError:
        raise _invalid(f"{name} is not base64url without padding.") from None


def decrypt(sealed: Sealed, key: DecryptionKey) -> bytes:
    """The plaintext; one refusal in one text for whatever is wrong, be it key, padding or tag.

    A content key that cannot be unwrapped is replaced by a random one, so that every failure is
    the same failure of the tag: the answer teaches nobody how far a guess came.
    """
    content_key = os.urandom(_KEY_BYTES)
    if sealed.algorithm != key.algorithm:
        raise _invalid("header.alg is not what the key named by header.kid is published for.")
    public: PublicKey | None = None
    party: dict[str, bytes] = {}
    if sealed.algorithm == ECDH:
        # Read before a private key is touched; what is wrong with these is no secret.
        public = _ephemeral(sealed.header.get("epk"), key)
        party = {name: _part(sealed.header.get(name, ""), name, 400) for name in ("apu", "apv")}
    try:
        unwrapped = _unwrap(sealed, key.private, public, party)
    except (ValueError, InvalidUnwrap):
        unwrapped = b""
    if len(unwrapped) == _KEY_BYTES:
        content_key = unwrapped
    try:
        return AESGCM(content_key).decrypt(
            sealed.iv, sealed.ciphertext + sealed.tag, sealed.additional
        )
    except InvalidTag:
        raise _invalid(
            "The message cannot be decrypted. Encrypt it to a key of the receiver's JWKS with use "
            "enc, and send header, encrypted_key, iv, ciphertext and tag as they came out."
        ) from None


def _unwrap(
    sealed: Sealed, private: PrivateKey, public: PublicKey | None, party: dict[str, bytes]
) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.decrypt(sealed.encrypted_key, _OAEP)
    if isinstance(private, X25519PrivateKey):
        shared = private.exchange(cast(X25519PublicKey, public))
    else:
        shared = private.exchange(ec.ECDH(), cast(ec.EllipticCurvePublicKey, public))
    return aes_key_unwrap(derive(shared, ECDH, 256, **party), sealed.encrypted_key)


def _ephemeral(epk: object, key: DecryptionKey) -> PublicKey:
    """The sender's key of one use, which must lie on the curve of ours."""
    own = _members(key.private.public_key())
    try:
        if not isinstance(epk, dict) or (epk["kty"], epk["crv"]) != (own["kty"], own["crv"]):
            raise ValueError("another curve")
        return public_key_of(epk)
    except (ValueError, TypeError, KeyError):
        raise _invalid(
            f"header.epk must be a public key on the curve {own['crv']}, as the key named by "
            "header.kid is."
        ) from None


def to_base64url(value: bytes) -> str:
    """Without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def base64url_length(size: int) -> int:
    """How many characters so many bytes are written in."""
    return (size * 4 + 2) // 3


_TO_PLAIN: Final = str.maketrans("-_+/=", "+/\0\0\0")


def from_base64url(value: str) -> bytes:
    """Strictly: no padding, no other letters; ValueError otherwise."""
    try:
        padded = value.translate(_TO_PLAIN) + "=" * (-len(value) % 4)
        return binascii.a2b_base64(padded.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError, AttributeError):
        raise ValueError("base64url") from None
