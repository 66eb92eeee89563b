"""Speaks with a provider: what it publishes, its keys, and a code for a token.

Everything goes through the one guarded way out (ibr/calls), with its limits on time and size.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from ibr.access.openid.model import Answered, Claims, Place, Provider
from ibr.access.openid.rules import ALGORITHMS, must_be_ours
from ibr.calls.model import CallFailed, Reply
from ibr.calls.rules import read_address
from ibr.errors import NotProven, NotUnderstood, Unavailable
from ibr.log import logger

_KEPT: Final = 3600.0
_KEYS_KEPT: Final = 600.0
# An unknown key has the list fetched again, but no more often than this.
_PAUSE: Final = 60.0
_MOST_KEYS: Final = 50
_LONGEST_TOKEN: Final = 20_000
_SMALLEST_RSA: Final = 2048
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_JSON: Final = {"accept": "application/json"}
_SIGNED: Final = "application/jwt"
_UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)

VerifyingKey = RSAKey | ECKey | OKPKey


class Send(Protocol):
    """The guarded way out (ibr/calls/caller.py)."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Awaitable[Reply]: ...


class _KeyList(msgspec.Struct):
    keys: list[dict[str, Any]]


class _TokenAnswer(msgspec.Struct):
    id_token: str
    access_token: str | None = None


class Connector:
    """The provider as this process knows it; what it publishes is kept for a while."""

    def __init__(
        self, place: Place, send: Send, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.place = place
        self._send = send
        self._clock = clock
        self._provider: tuple[float, Provider] | None = None
        self._keys: tuple[float, list[dict[str, Any]]] | None = None

    async def provider(self) -> Provider:
        """What the provider publishes of itself; Unavailable when it cannot be had."""
        if self._provider is not None and self._clock() - self._provider[0] < _KEPT:
            return self._provider[1]
        address = self.place.issuer.rstrip("/") + _WELL_KNOWN
        reply = await self._fetch("GET", address, _JSON, b"")
        try:
            found = msgspec.json.decode(reply.body, type=Provider)
        except msgspec.DecodeError:
            raise _unreachable("discovery") from None
        must_be_ours(found, self.place.issuer)
        for each in _endpoints(found):
            self._must_be_safe(each)
        self._provider = (self._clock(), found)
        return found

    async def exchange(self, code: str, verifier: str) -> Answered:
        """The code for tokens; NotProven when the provider does not take it."""
        provider = await self.provider()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.place.back,
            "code_verifier": verifier,
        }
        headers = {**_FORM, **_JSON, **self._who_we_are(provider, asked)}
        reply = await self._call(
            "POST", provider.token_endpoint, headers, urlencode(asked).encode()
        )
        if reply.status in (400, 401):
            raise NotProven("openid.code", "The sign-in was not confirmed.")
        if reply.status != 200:
            raise _unreachable("token")
        try:
            answer = msgspec.json.decode(reply.body, type=_TokenAnswer)
        except msgspec.DecodeError:
            raise NotProven(
                "openid.token_unreadable", "The service's answer could not be read."
            ) from None
        return Answered(answer.id_token, answer.access_token)

    def _who_we_are(self, provider: Provider, asked: dict[str, str]) -> dict[str, str]:
        """The client's own proof, in the way that the provider takes it (RFC 6749 2.3.1)."""
        client, secret = self.place.client_id, self.place.client_secret
        if secret is None:
            asked["client_id"] = client
            return {}
        if "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()
            return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        asked |= {"client_id": client, "client_secret": secret}
        return {}

    async def proven(self, token: str) -> Claims:
        """The claims of a token that the provider signed; nothing is said of what they mean."""
        header = _header(token)
        algorithm = header.get("alg")
        allowed = ALGORITHMS.intersection(
            (await self.provider()).id_token_signing_alg_values_supported or ("RS256",)
        )
        if algorithm not in allowed:
            raise NotProven(
                "openid.token_algorithm",
                "The service's answer is not signed as was agreed.",
            )
        for key in await self._candidates(header.get("kid")):
            try:
                return jwt.decode(token, key, algorithms=[algorithm]).claims
            except _UNREADABLE:
                continue
        raise NotProven("openid.token_signature", "The answer is not the sign-in service's own.")

    async def more_of(self, subject: str, access_token: str) -> Claims:
        """What the provider tells beside the token: nothing that is about somebody else."""
        address = (await self.provider()).userinfo_endpoint
        if address is None:
            return {}
        headers = {**_JSON, "authorization": f"Bearer {access_token}"}
        reply = await self._fetch("GET", address, headers, b"")
        if reply.headers.get("content-type", "").partition(";")[0].strip() == _SIGNED:
            claims = await self._signed(reply.body)
        else:
            try:
                claims = msgspec.json.decode(reply.body, type=dict[str, Any])
            except msgspec.DecodeError:
                return {}
        if claims.get("sub") != subject:
            raise NotProven("openid.other_person", "The service's answers contradict each other.")
        return claims

    async def _signed(self, body: bytes) -> Claims:
        """What stands beside the token, where the provider signs that too (OpenID Connect Core 1.0,
        5.3.2): it must be its own, and for us where it says for whom."""
        try:
            claims = await self.proven(body.decode("ascii").strip())
        except UnicodeDecodeError:
            raise NotProven(
                "openid.token_unreadable", "The service's answer could not be read."
            ) from None
        audience = claims.get("aud", self.place.client_id)
        named = audience if isinstance(audience, list) else [audience]
        if claims.get("iss", self.place.issuer) != self.place.issuer:
            raise NotProven("openid.token_issuer", "The answer is not the sign-in service's own.")
        if self.place.client_id not in named:
            raise NotProven(
                "openid.token_audience", "The service's answer is not for the registry."
            )
        return claims

    async def _candidates(self, kid: Any) -> list[VerifyingKey]:
        """The keys that may have signed: that of the number, or all where none is given."""
        for fetched_before in (_KEYS_KEPT, _PAUSE):
            listed = await self._listed(fetched_before)
            named = [each for each in listed if kid is None or each.get("kid") == kid]
            if named:
                return [key for each in named if (key := _imported(each)) is not None]
        return []

    async def _listed(self, longest_kept: float) -> list[dict[str, Any]]:
        if self._keys is not None and self._clock() - self._keys[0] < longest_kept:
            return self._keys[1]
        address = (await self.provider()).jwks_uri
        reply = await self._fetch("GET", address, _JSON, b"")
        try:
            found = msgspec.json.decode(reply.body, type=_KeyList).keys[:_MOST_KEYS]
        except msgspec.DecodeError:
            raise _unreachable("keys") from None
        self._keys = (self._clock(), found)
        return found

    async def _fetch(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        reply = await self._call(method, address, headers, body)
        if reply.status != 200:
            raise _unreachable(f"http_{reply.status}")
        return reply

    async def _call(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        try:
            return await self._send(method, address, headers, body)
        except CallFailed as wrong:
            raise _unreachable(wrong.outcome) from None

    def _must_be_safe(self, address: str) -> None:
        """Unavailable for an address that a browser, too, must not be sent to in the clear."""
        try:
            read = read_address(address)
        except NotUnderstood:
            raise _unreachable("address") from None
        local = self.place.plain_local and read.host == "127.0.0.1"
        if read.scheme != "https" and not local:
            raise _unreachable("address")


def _endpoints(provider: Provider) -> list[str]:
    optional = (provider.userinfo_endpoint, provider.end_session_endpoint)
    needed = (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri)
    return [*needed, *filter(None, optional)]


def _header(token: str) -> dict[str, Any]:
    wrong = NotProven("openid.token_unreadable", "The service's answer could not be read.")
    if len(token) > _LONGEST_TOKEN:
        raise wrong
    try:
        found: dict[str, Any] = jws.extract_compact(token.encode()).headers()
    except _UNREADABLE:
        raise wrong from None
    return found


def _imported(listed: dict[str, Any]) -> VerifyingKey | None:
    """A key to verify with; None for one that is for something else, secret, or too weak."""
    if listed.get("kty") not in ("RSA", "EC", "OKP") or listed.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in listed.items() if name in _PUBLIC}
    try:
        key = import_key(public)
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA:
            return None
    except _UNREADABLE:
        return None
    return key if isinstance(key, (RSAKey, ECKey, OKPKey)) else None


# Only what makes the public key: a list may say of a key what this library would then insist on.
_PUBLIC: Final = frozenset({"kty", "n", "e", "crv", "x", "y"})


def _unreachable(reason: str) -> Unavailable:
    logger().warning("a sign-in service cannot be reached", reason=reason)
    return Unavailable(
        "openid.unreachable",
        "The sign-in service cannot be reached just now. Please try again in a minute.",
    )
