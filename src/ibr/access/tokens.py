"""Bearer tokens: signed, short-lived, for one partner, with no more scopes than it holds."""

from __future__ import annotations

import base64
import time
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from ibr.errors import NotProven
from ibr.ids import new_token

TYPE: Final = "at+jwt"
_ALGORITHM: Final = "Ed25519"
_TOLERANCE: Final = 60
_REMEMBERED: Final = 10_000


class Claims(msgspec.Struct, frozen=True):
    """What a proven token says: the client, its scopes, until when."""

    client_id: str
    scopes: frozenset[str]
    expires: int


class Tokens:
    """Makes and checks bearer tokens with one Ed25519 key."""

    def __init__(self, seed: bytes, public_jwk: dict[str, Any], issuer: str, life: int) -> None:
        private = {**public_jwk, "alg": _ALGORITHM, "d": _base64url(seed)}
        self._key = OKPKey.import_key(private)
        self._kid = str(public_jwk["kid"])
        self._issuer = issuer
        self._life = life
        self._proven: dict[str, Claims] = {}

    def make(self, client_id: str, scopes: frozenset[str], now: float | None = None) -> str:
        """A token for this client, valid from now for the configured life."""
        issued = int(time.time() if now is None else now)
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": client_id,
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "iat": issued,
            "nbf": issued,
            "exp": issued + self._life,
            "jti": new_token(),
        }
        header = {"alg": _ALGORITHM, "typ": TYPE, "kid": self._kid}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])

    @property
    def life(self) -> int:
        """Seconds a token lives."""
        return self._life

    def check(self, token: str, now: float) -> Claims:
        """The claims of a token that holds; NotProven otherwise.

        A token that was proven once is remembered until it expires: the check is then one
        look-up instead of a signature.
        """
        claims = self._proven.get(token)
        if claims is None:
            claims = self._prove(token, now)
            if len(self._proven) >= _REMEMBERED:
                self._proven = {
                    each: kept for each, kept in self._proven.items() if kept.expires > now
                }
                if len(self._proven) >= _REMEMBERED:
                    self._proven.clear()
            self._proven[token] = claims
        if claims.expires <= now:
            self._proven.pop(token, None)
            raise NotProven("token.expired", "The token has expired; ask for a new one.")
        return claims

    def _prove(self, token: str, now: float) -> Claims:
        wrong = NotProven("token.invalid", "The token is not one of ours, or was changed.")
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            claims, header = decoded.claims, decoded.header
            issued, expires = int(claims["iat"]), int(claims["exp"])
            client_id, scope = str(claims["client_id"]), str(claims["scope"])
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise wrong from None
        if (
            header.get("typ") != TYPE
            or header.get("kid") != self._kid
            or claims.get("iss") != self._issuer
            or claims.get("aud") != self._issuer
            or issued > now + _TOLERANCE
            or expires - issued > 3600
        ):
            raise wrong
        return Claims(client_id, frozenset(scope.split()), expires)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
