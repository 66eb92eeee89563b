"""Who a programme's system is to the registry: its names, its secret, its keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from nacl.signing import SigningKey

from ibr_client.failures import NotSetUp
from ibr_messages.encryption import DecryptionKey, decryption_key, from_base64url
from ibr_messages.errors import RegistryError
from ibr_messages.jwk import public_jwk

_NEEDED: Final = ("sender_id", "client_id", "client_secret")
_KEY_HELP: Final = (
    "A signing key is an Ed25519 private key: 64 hexadecimal digits, a PEM file (PKCS #8), or a "
    "JWK with d."
)


def signing_key(given: str | bytes | dict[str, Any]) -> SigningKey:
    """An Ed25519 private key from its seed (32 bytes or 64 hexadecimal digits), PEM or JWK."""
    try:
        if isinstance(given, bytes) and len(given) == 32:
            return SigningKey(given)
        if isinstance(given, dict):
            return _from_jwk(given)
        text = given.decode() if isinstance(given, bytes) else given
        text = text.strip()
        if text.startswith("-----BEGIN"):
            return _from_pem(text.encode())
        if text.startswith("{"):
            return _from_jwk(json.loads(text))
        return SigningKey(bytes.fromhex(text))
    except (ValueError, TypeError, KeyError):
        raise NotSetUp("key.invalid", f"The signing key cannot be read. {_KEY_HELP}") from None


def _from_jwk(jwk: dict[str, Any]) -> SigningKey:
    if (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
        raise ValueError(jwk["kty"])
    return SigningKey(from_base64url(jwk["d"]))


def _from_pem(pem: bytes) -> SigningKey:
    private = load_pem_private_key(pem, password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("not Ed25519")
    return SigningKey(private.private_bytes_raw())


class Credentials:
    """What the registry's operator gave this system, and the keys it made for itself.

    `kid` is the id under which the public key is registered: its RFC 7638 thumbprint unless the
    key says otherwise. `decryption_keys` (PEM) are needed only where messages come encrypted;
    several, while one is being replaced by the next.
    """

    def __init__(
        self,
        *,
        sender_id: str,
        client_id: str,
        client_secret: str,
        key: SigningKey | str | bytes | dict[str, Any],
        kid: str | None = None,
        decryption_keys: list[bytes] | None = None,
    ) -> None:
        self.sender_id = sender_id
        self.client_id = client_id
        self.client_secret = client_secret
        self.key = key if isinstance(key, SigningKey) else signing_key(key)
        named = key.get("kid") if isinstance(key, dict) else None
        self.kid: str = kid or named or public_jwk(self.key.verify_key)["kid"]
        self.decryption_keys = [_decryption_key(each) for each in decryption_keys or []]

    def __repr__(self) -> str:
        # Neither secret nor key: what is printed ends up in logs.
        return f"Credentials(sender_id={self.sender_id!r}, kid={self.kid!r})"

    @property
    def public_keys(self) -> dict[str, Any]:
        """The JWKS to register: the public halves of all keys."""
        signing = {**public_jwk(self.key.verify_key), "kid": self.kid}
        return {"keys": [signing, *(each.public_jwk() for each in self.decryption_keys)]}

    def decryption_key(self, kid: str) -> DecryptionKey | None:
        return next((each for each in self.decryption_keys if each.kid == kid), None)

    @classmethod
    def read(
        cls,
        path: str | Path,
        key: str | Path | None = None,
        *,
        sender_id: str | None = None,
        decryption_keys: list[Path] | None = None,
    ) -> Credentials:
        """From the JSON file that `ibr partners add … --json` prints, and a file with the key.

        A file that lists several partners, as the demo's does, needs `sender_id`; where the
        file holds a `signing_seed`, as the demo's does, no key file is needed.
        """
        given = _chosen(_json_file(path), sender_id)
        missing = [name for name in _NEEDED if not isinstance(given.get(name), str)]
        if missing:
            raise NotSetUp("credentials.incomplete", f"{path} lacks {', '.join(missing)}.")
        own = _file(key) if key is not None else given.get("signing_seed")
        if not own:
            raise NotSetUp("key.missing", f"Say which file holds the signing key. {_KEY_HELP}")
        return cls(
            **{name: given[name] for name in _NEEDED},
            key=own,
            decryption_keys=[_file(each) for each in decryption_keys or []],
        )


def _file(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as wrong:
        raise NotSetUp("credentials.no_file", f"{path} cannot be read: {wrong.strerror}.") from None


def _json_file(path: str | Path) -> Any:
    try:
        return json.loads(_file(path))
    except ValueError:
        raise NotSetUp("credentials.invalid", f"{path} is not a JSON file.") from None


def _chosen(given: Any, sender_id: str | None) -> dict[str, Any]:
    listed = given if isinstance(given, list) else [given]
    partners = [each for each in listed if isinstance(each, dict)]
    if sender_id is not None:
        partners = [each for each in partners if each.get("sender_id") == sender_id]
    if len(partners) != 1:
        raise NotSetUp(
            "credentials.which",
            "The file holds several partners, or not this one; name one by sender_id.",
        )
    return partners[0]


def _decryption_key(pem: bytes) -> DecryptionKey:
    try:
        return decryption_key(pem)
    except RegistryError as wrong:
        raise NotSetUp("key.invalid", wrong.message) from None
