"""Bearer tokens: ours hold, and nothing else does (reliability D2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from nacl.signing import SigningKey

from ibr.access.tokens import TokenKey, Tokens
from ibr.errors import NotProven, Unavailable
from ibr_messages.jwk import public_jwk

KEY = SigningKey.generate()
JWK = public_jwk(KEY.verify_key)
NOW = 1_800_000_000
SCOPES = frozenset({"registry.enrolled"})


def token_key(key: SigningKey = KEY, begins: float = 0, until: float = 1e12) -> TokenKey:
    jwk = public_jwk(key.verify_key)
    return TokenKey(jwk["kid"], bytes(key), jwk, begins, until)


def tokens(*keys: TokenKey) -> Tokens:
    return Tokens("ibr.example.org", 900, keys or (token_key(),))


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    given = {
        "iss": "ibr.example.org",
        "aud": "ibr.example.org",
        "client_id": "c",
        "scope": "registry.enrolled",
        "iat": NOW,
        "exp": NOW + 900,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def header(**changes: Any) -> dict[str, Any]:
    return {"alg": "Ed25519", "typ": "at+jwt", "kid": JWK["kid"], **changes}


def signed(head: Any, body: Any, key: SigningKey = KEY) -> str:
    text = f"{part(head)}.{part(body)}"
    value = base64.urlsafe_b64encode(key.sign(text.encode()).signature).rstrip(b"=")
    return f"{text}.{value.decode()}"


def refused(token: str, at: int = NOW) -> None:
    with pytest.raises(NotProven):
        tokens().check(token, at)


def test_our_own_token_holds() -> None:
    made = tokens().make("c", SCOPES, NOW)
    proven = tokens().check(made, NOW)
    assert (proven.client_id, proven.scopes, proven.expires) == ("c", SCOPES, NOW + 900)


def test_the_token_that_these_tests_sign_holds() -> None:
    """The control of everything below."""
    assert tokens().check(signed(header(), claims()), NOW).client_id == "c"


def test_a_token_ends_even_where_it_is_remembered() -> None:
    desk, made = tokens(), tokens().make("c", SCOPES, NOW)
    desk.check(made, NOW + 899)
    with pytest.raises(NotProven, match="expired"):
        desk.check(made, NOW + 900)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iat": None},
        {"iss": None},
        {"aud": None},
        {"client_id": None},
        {"scope": None},
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["ibr.example.org", "other"]},
        {"exp": NOW - 1},
        {"exp": NOW},
        {"exp": NOW + 3601},
        {"exp": 9_000_000_000_000_000_000},
        {"iat": NOW + 61, "exp": NOW + 900},
        {"exp": "soon"},
        {"exp": [1]},
        {"iat": {}},
    ],
)
def test_wrong_claims_do_not_hold(changes: dict[str, Any]) -> None:
    refused(signed(header(), claims(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "other"},
        {"kid": "../../keys"},
        {"kid": None},
        {"crit": ["x"], "x": 1},
        {"b64": False, "crit": ["b64"]},
    ],
)
def test_wrong_headers_do_not_hold(changes: dict[str, Any]) -> None:
    refused(signed(header(**changes), claims()))


def test_nothing_signed_is_nothing_proven() -> None:
    refused(f"{part(header(alg='none'))}.{part(claims())}.")


def test_our_public_key_is_no_shared_secret() -> None:
    text = f"{part(header(alg='HS256'))}.{part(claims())}"
    secrets = (base64.urlsafe_b64decode(JWK["x"] + "="), json.dumps(JWK).encode())
    for secret in secrets:
        value = hmac.digest(secret, text.encode(), hashlib.sha256)
        refused(f"{text}.{base64.urlsafe_b64encode(value).rstrip(b'=').decode()}")


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_is_not_used(name: str) -> None:
    other = SigningKey.generate()
    brought: Any = public_jwk(other.verify_key)
    if name != "jwk":
        brought = ["MIIB"] if name == "x5c" else "https://evil.example/keys"
    refused(signed(header(**{name: brought}), claims(), other))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        "é.é.é",
        "\x00",
        f"{part([])}.{part(claims())}.AAAA",
        f"{part('x')}.{part(claims())}.AAAA",
        f"{part(header())}.{part([])}.AAAA",
        signed(header(), []),
        signed(header(), "x"),
        signed([], claims()),
        signed(header(alg=["Ed25519"]), claims()),
        signed(header(alg={}), claims()),
        signed(header(), claims()) + "=",
        signed(header(), claims())[:-2],
        base64.urlsafe_b64encode(b"[" * 20_000).decode() + ".AAAA.AAAA",
        base64.urlsafe_b64encode(b'{"alg":' * 5_000).decode() + ".AAAA.AAAA",
        "A" * 50_000,
    ],
)
def test_what_is_no_token_is_refused_in_order(token: str) -> None:
    refused(token)


def test_the_newest_key_that_has_begun_makes_tokens() -> None:
    next_key = SigningKey.generate()
    old, new = token_key(until=NOW + 4600), token_key(next_key, begins=NOW + 1000)
    desk = tokens(old, new)
    before, after = desk.make("c", SCOPES, NOW), desk.make("c", SCOPES, NOW + 1000)
    assert tokens(old).check(before, NOW).client_id == "c"
    assert tokens(new).check(after, NOW + 1000).client_id == "c"
    with pytest.raises(NotProven):
        tokens(new).check(before, NOW)


def test_a_token_of_the_key_before_holds_until_it_expires() -> None:
    old = token_key(until=NOW + 4600)
    made = tokens(old).make("c", SCOPES, NOW)
    both = tokens(old, token_key(SigningKey.generate(), begins=NOW + 10))
    assert both.check(made, NOW + 800).client_id == "c"


def test_a_key_that_ended_honours_nothing_any_more() -> None:
    refused_at = NOW + 100
    desk = tokens(token_key(until=refused_at))
    made = desk.make("c", SCOPES, NOW + 50)
    assert tokens(token_key(until=refused_at)).check(made, NOW + 99).client_id == "c"
    with pytest.raises(NotProven):
        tokens(token_key(until=refused_at)).check(made, refused_at)


def test_a_token_of_a_revoked_key_ends_even_where_it_is_remembered() -> None:
    desk = tokens()
    made = desk.make("c", SCOPES, NOW)
    desk.check(made, NOW)
    desk.use([token_key(SigningKey.generate())])
    with pytest.raises(NotProven):
        desk.check(made, NOW)


def test_without_a_key_no_token_is_made() -> None:
    with pytest.raises(Unavailable):
        Tokens("ibr.example.org", 900).make("c", SCOPES, NOW)
