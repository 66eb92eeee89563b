"""A provider that answers as it is told to, right or hostile, in place of the guarded way out."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from ibr.access.openid.model import Place
from ibr.access.openid.provider import Connector
from ibr.access.openid.rules import challenge_of
from ibr.calls.model import CallFailed, Reply
from tests.sign_in_web import BASE, Clock

ISSUER = "https://login.ministry.test"
CLIENT = "the registry"
SECRET = "a secret: with /odd+ signs"

Change = Callable[[dict[str, Any]], None]


def nothing(_claims: dict[str, Any]) -> None:
    """No change."""


@dataclass
class Ministry:
    """What it knows, and how it lies. `signed` makes the token of the right claims."""

    clock: Clock
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "subject-1",
            "email": "officer@example.org",
            "email_verified": True,
        }
    )
    describe: Change = nothing
    claim: Change = nothing
    signed: Callable[[Ministry, dict[str, Any]], str] | None = None
    told_more: dict[str, Any] | None = None
    more_signed: Callable[[dict[str, Any]], str] | None = None
    down: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    listed: list[dict[str, Any]] | None = None

    def connector(self, **changed: Any) -> Connector:
        place = {
            "name": "Ministry Login",
            "issuer": ISSUER,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "back": f"{BASE}/sign-in/ministry/back",
            "home": f"{BASE}/sign-in",
        }
        return Connector(Place(**(place | changed)), self.send, self.moment)

    def moment(self) -> float:
        """Seconds, for what is kept for a while; the clock's moment changes."""
        return self.clock.at.timestamp()

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path = url.removeprefix(ISSUER)
        self.asked.append(path)
        if self.down in (path, "all"):
            raise CallFailed("timeout")
        if path == "/.well-known/openid-configuration":
            return _json(self.description())
        if path == "/jwks":
            keys = [self.key.as_dict(private=False)] if self.listed is None else self.listed
            return _json({"keys": keys})
        if path == "/token":
            return self.token(headers, dict(parse_qsl(body.decode())))
        if path == "/me" and self.told_more is not None:
            assert headers["authorization"] == "Bearer access"
            if self.more_signed:
                signed = self.more_signed(self.told_more).encode()
                return Reply(200, {"content-type": "application/jwt; charset=utf-8"}, signed)
            return _json(self.told_more)
        return Reply(404, {}, b"")

    def description(self) -> dict[str, Any]:
        said = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "userinfo_endpoint": f"{ISSUER}/me",
            "end_session_endpoint": f"{ISSUER}/out",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "none", "HS256"],
            "code_challenge_methods_supported": ["S256"],
        }
        self.describe(said)
        return said

    def consent(self, address: str) -> str:
        """What the person's browser comes back with after signing in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"code={code}&state={asked['state']}"

    def token(self, headers: Mapping[str, str], form: dict[str, str]) -> Reply:
        pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
        assert pair == "the%20registry:a%20secret%3A%20with%20%2Fodd%2B%20signs"
        asked = self.codes.pop(form["code"], None)
        if asked is None or asked["code_challenge"] != challenge_of(form["code_verifier"]):
            return Reply(400, {}, b'{"error":"invalid_grant"}')
        now = int(self.clock.at.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "auth_time": now,
            **self.person,
        }
        self.claim(claims)
        token = self.signed(self, claims) if self.signed else self.sign(claims)
        return _json({"id_token": token, "access_token": "access", "token_type": "Bearer"})

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode({"alg": "ES256", "kid": "one"} | header, claims, self.key)


def _json(value: Any) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(value).encode())


def without_a_signature(_ministry: Ministry, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def with_the_public_key_as_secret(ministry: Ministry, claims: dict[str, Any]) -> str:
    """The attack on readers that take the algorithm from the token. Made by hand: the library
    does not lend itself to it."""
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{_part(claims)}"
    made = hmac.digest(ministry.key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def with_another_key(_ministry: Ministry, claims: dict[str, Any]) -> str:
    stranger = ECKey.generate_key("P-256", {"kid": "one"})
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, stranger)


def with_a_key_of_its_own_in_the_header(_ministry: Ministry, claims: dict[str, Any]) -> str:
    stranger = ECKey.generate_key("P-256", {"kid": "two"})
    header = {"alg": "ES256", "kid": "two", "jwk": stranger.as_dict(private=False)}
    return jwt.encode(header, claims, stranger)


def with_an_unlisted_algorithm(_ministry: Ministry, claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    return jwt.encode({"alg": "RS384", "kid": "one"}, claims, key, algorithms=["RS384"])


def with_one_claim_changed_afterwards(ministry: Ministry, claims: dict[str, Any]) -> str:
    head, _, signature = ministry.sign(claims).split(".")
    return f"{head}.{_part(claims | {'email': 'admin@example.org'})}.{signature}"


def nonsense(_ministry: Ministry, _claims: dict[str, Any]) -> str:
    return "no.token.at-all"


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def there_and_back(
    client: httpx.AsyncClient, ministry: Ministry, after: str = "/", **changed: str
) -> httpx.Response:
    """Signs in by way of the ministry; `changed` are parts of the address on the way back."""
    sent = await client.get("/sign-in/ministry", params={"next": after})
    assert sent.status_code == 303, sent.text
    query = dict(parse_qsl(ministry.consent(sent.headers["location"])))
    return await client.get("/sign-in/ministry/back", params=query | changed)
