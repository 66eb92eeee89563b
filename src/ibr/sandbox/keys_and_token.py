"""The two other addresses of a partner: where it publishes its keys, and where it gives tokens."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from ibr.calls.caller import Caller
from ibr.sandbox.calling import call
from ibr.sandbox.judging import told
from ibr.sandbox.model import Came, Finding, Severity, Verdict
from ibr_messages.encryption import EncryptionKey, encryption_key
from ibr_messages.errors import NotUnderstood
from ibr_messages.jwk import check_partner_jwk, check_partner_jwks

_JWKS: Final = "OpenAPI: /.well-known/jwks.json; RFC 7517"
_GRANT: Final = "OpenAPI: /oauth2/client/token; RFC 6749, 4.4"
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})


def _finding(
    name: str,
    path: str,
    title: str,
    wrong: str | None,
    *,
    sent: str,
    came: str,
    mend: str,
    severity: Severity = "must",
) -> Finding:
    verdict: Verdict = "mend" if wrong else "well"
    return Finding(
        id=name,
        path=path,
        title=title,
        severity=severity,
        verdict=verdict,
        sent=sent,
        came=f"{wrong} {came}" if wrong else came,
        standard=_JWKS if name.startswith("KEY") else _GRANT,
        mend=mend,
    )


async def fetched_keys(caller: Caller, url: str) -> tuple[list[Finding], Any]:
    """The JWKS at an address, and what is wrong with how it is served."""
    came = await call(caller, "GET", url, {"accept": "application/json"})
    document: Any = None
    wrong = None
    if came.status != 200:
        wrong = "The keys could not be fetched."
    elif came.content_type.split(";")[0].strip().lower() not in (
        "application/json",
        "application/jwk-set+json",
    ):
        wrong = "The keys are not served as application/json."
    try:
        document = msgspec.json.decode(came.body) if came.status == 200 else None
    except msgspec.DecodeError:
        wrong = "The answer is not JSON."
    found = _finding(
        "KEY-01",
        url,
        "The keys are published",
        wrong,
        sent="GET",
        came=f"HTTP {came.status}, {came.content_type}" if came.status else told(came),
        mend='Serve {"keys": […]} as application/json, without a redirect and without a log-in.',
    )
    return [found], document


def judged_keys(document: Any, where: str) -> list[Finding]:
    """What is wrong with a JWKS."""
    keys = document.get("keys") if isinstance(document, dict) else None
    keys = keys if isinstance(keys, list) else []
    objects = [each for each in keys if isinstance(each, dict)]
    return [*_of_use(document, objects, where), *_of_names(objects, where)]


def _of_use(document: Any, objects: list[dict[str, Any]], where: str) -> list[Finding]:
    """What the keys can be used for, and whether everybody can use them."""
    signing = [each for each in objects if each.get("use") != "enc"]
    private = any(_PRIVATE & each.keys() for each in objects)
    told_use = all(each.get("use") and each.get("alg") for each in objects)
    return [
        _finding(
            "KEY-02",
            where,
            "There is a key to verify with",
            _unreadable(document, signing),
            sent="the JWKS is read",
            came=f"{len(objects)} key(s)",
            mend="Publish an Ed25519 key, or an RSA key of at least 2048 bits, with use sig.",
        ),
        _finding(
            "KEY-03",
            where,
            "No private key is published",
            "A private key is published: it is worthless from now on." if private else None,
            sent="the members of each key are read",
            came="d, p, q or k are among them" if private else "public members only",
            mend="Take it down, make a new key, publish its public half, and tell every registry.",
        ),
        _finding(
            "KEY-04",
            where,
            "Each key says what it is for",
            None if told_use else "Some do not.",
            sent="use and alg are read",
            came="use and alg of each key",
            mend='Write use ("sig" or "enc") and alg with each key.',
            severity="should",
        ),
    ]


def _of_names(objects: list[dict[str, Any]], where: str) -> list[Finding]:
    """What the keys are called."""
    named = [each.get("kid") for each in objects]
    odd = [
        str(each.get("kid")) for each in objects if _thumbprint(each) not in (None, each.get("kid"))
    ]
    return [
        _finding(
            "KEY-05",
            where,
            "Each key has a kid of its own",
            None if len(set(named)) == len(named) and all(named) else "Some have none, or share.",
            sent="the kids are compared",
            came=f"{len(set(named))} different kid(s)",
            mend="Give each key a kid; best is its RFC 7638 thumbprint.",
        ),
        _finding(
            "KEY-06",
            where,
            "kid is the thumbprint of its key",
            f"It is not for {', '.join(odd)}." if odd else None,
            sent="the RFC 7638 thumbprints are computed",
            came="kids and thumbprints compared",
            mend="The standard has kid as the RFC 7638 thumbprint. Other kids are read here, if "
            "they are the middle part of kidId.",
            severity="should",
        ),
    ]


def _unreadable(document: Any, signing: list[dict[str, Any]]) -> str | None:
    if not signing:
        return "There is none."
    try:
        check_partner_jwks(document)
    except NotUnderstood as wrong:
        return wrong.message
    return None


def _thumbprint(jwk: dict[str, Any]) -> str | None:
    try:
        return str(JWKRegistry.import_key(jwk).thumbprint())
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def encryption_keys(document: Any) -> list[EncryptionKey]:
    """The keys that messages may be encrypted to."""
    keys = document.get("keys") if isinstance(document, dict) else None
    found = []
    for each in keys if isinstance(keys, list) else []:
        if isinstance(each, dict) and each.get("use") == "enc":
            try:
                found.append(encryption_key(check_partner_jwk(each)))
            except NotUnderstood:
                continue
    return found


async def checked_tokens(
    caller: Caller, url: str, client_id: str, client_secret: str
) -> tuple[list[Finding], str | None]:
    """The token address, and a token of it to go on with."""
    right = await _ask(caller, url, client_id, client_secret)
    wrong = await _ask(caller, url, client_id, client_secret + "x")
    other = await _ask(caller, url, client_id, client_secret, grant="password")
    token, problem = _token(right)
    return [
        _finding(
            "TOK-01",
            url,
            "A token is given",
            problem,
            sent="grant_type client_credentials with client_id and client_secret",
            came=_status(right),
            mend="Answer 200 with access_token, token_type bearer and expires_in, as JSON.",
        ),
        _finding(
            "TOK-02",
            url,
            "A wrong secret gets none",
            None if wrong.status in (400, 401, 403) else "It was not refused with 401.",
            sent="the same with another secret",
            came=_status(wrong),
            mend='Answer 401 with {"error": "invalid_client"}.',
        ),
        _finding(
            "TOK-03",
            url,
            "Another grant type gets none",
            None if other.status in (400, 401, 403) else "It was not refused with 400.",
            sent="grant_type password",
            came=_status(other),
            mend='Answer 400 with {"error": "unsupported_grant_type"}.',
            severity="should",
        ),
    ], token


async def _ask(
    caller: Caller, url: str, client_id: str, secret: str, grant: str = "client_credentials"
) -> Came:
    form = {"grant_type": grant, "client_id": client_id, "client_secret": secret}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    return await call(caller, "POST", url, headers, urlencode(form).encode())


def _status(came: Came) -> str:
    """What came back, but for the token in it."""
    return came.failure or f"HTTP {came.status}, {came.content_type or 'no Content-Type'}"


def _token(came: Came) -> tuple[str | None, str | None]:
    """The token of an answer, or what is wrong with it."""
    if came.status != 200:
        return None, "No token was given."
    try:
        given = msgspec.json.decode(came.body)
        token, kind = given["access_token"], given["token_type"]
        life = float(given["expires_in"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None, "The answer lacks access_token, token_type or expires_in."
    if not isinstance(token, str) or not token or str(kind).lower() != "bearer" or life <= 0:
        return None, "access_token, token_type bearer and expires_in above 0 are expected."
    return token, None
