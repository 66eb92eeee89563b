"""Bearer tokens: signed, short-lived, for one partner, with no more scopes than it holds."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from ibr.errors import NotProven, Unavailable
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


class TokenKey(msgspec.Struct, frozen=True):
    """One Ed25519 key of tokens: it makes them from `begins` on, while it is the newest that has
    begun, and what it made is honoured until `honoured_until`."""

    kid: str
    seed: bytes
    public_jwk: dict[str, Any]
    begins: float
    honoured_until: float

    def imported(self) -> OKPKey:
        private = {**self.public_jwk, "alg": _ALGORITHM, "d": _base64url(self.seed)}
        return OKPKey.import_key(private)


class Tokens:
    """Makes and checks bearer tokens with the keys that it was last given."""

    def __init__(self, issuer: str, life: int, keys: Sequence[TokenKey] = ()) -> None:
        self._issuer = issuer
        self._life = life
        self._proven: dict[str, tuple[str, Claims]] = {}
        self._keys: dict[str, TokenKey] = {}
        self._imported: dict[str, OKPKey] = {}
        self.use(keys)

    def use(self, keys: Sequence[TokenKey]) -> None:
        """Replaces the keys; a token made with one that is gone does not hold any more."""
        given = {key.kid: key for key in keys}
        if given == self._keys:
            return
        self._imported = {key.kid: key.imported() for key in keys}
        self._proven = {token: kept for token, kept in self._proven.items() if kept[0] in given}
        self._keys = given

    def make(self, client_id: str, scopes: frozenset[str], now: float | None = None) -> str:
        """A token for this client, valid from now for the configured life."""
        moment = time.time() if now is None else now
        issued = int(moment)
        # The first key of all serves a clock that was set back since, too.
        begun = [key for key in self._keys.values() if key.begins <= moment]
        key = max(begun, key=_begins, default=min(self._keys.values(), key=_begins, default=None))
        if key is None:
            raise Unavailable(
                "key.missing",
                "The registry has no key to make tokens with. Run: ibr keys rotate --use token",
            )
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
        header = {"alg": _ALGORITHM, "typ": TYPE, "kid": key.kid}
        return jwt.encode(header, claims, self._imported[key.kid], algorithms=[_ALGORITHM])

    @property
    def life(self) -> int:
        """Seconds a token lives."""
        return self._life

    def check(self, token: str, now: float) -> Claims:
        """The claims of a token that holds; NotProven otherwise.

        A token that was proven once is remembered until it expires: the check is then one
        look-up instead of a signature.
        """
        known = self._proven.get(token)
        if known is None:
            known = self._prove(token, now)
            if len(self._proven) >= _REMEMBERED:
                self._proven = {
                    each: kept for each, kept in self._proven.items() if kept[1].expires > now
                }
                if len(self._proven) >= _REMEMBERED:
                    self._proven.clear()
            self._proven[token] = known
        claims = known[1]
        if claims.expires <= now:
            self._proven.pop(token, None)
            raise NotProven("token.expired", "The token has expired; ask for a new one.")
        return claims

    def whose(self, token: str) -> Claims:
        """The claims of a token of ours, expired or not; lets nobody in, and tells the trace
        whose developers may see why."""
        return self._prove(token, time.time())[1]

    def _prove(self, token: str, now: float) -> tuple[str, Claims]:
        wrong = NotProven("token.invalid", "The token is not one of ours, or was changed.")
        try:
            # Which of our keys it is; that is proven by the signature, like everything else.
            kid = str(jws.extract_compact(token.encode()).headers()["kid"])
            key = self._keys[kid]
            decoded = jwt.decode(token, self._imported[kid], algorithms=[_ALGORITHM])
            claims, header = decoded.claims, decoded.header
            issued, expires = int(claims["iat"]), int(claims["exp"])
            client_id, scope = str(claims["client_id"]), str(claims["scope"])
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise wrong from None
        if (
            header.get("typ") != TYPE
            or header.get("kid") != kid
            or key.honoured_until <= now
            or claims.get("iss") != self._issuer
            or claims.get("aud") != self._issuer
            or issued > now + _TOLERANCE
            or expires - issued > 3600
        ):
            raise wrong
        return kid, Claims(client_id, frozenset(scope.split()), expires)


def _begins(key: TokenKey) -> float:
    return key.begins


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
