"""What must be true of the ministry's answers (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode

from ibr.access.staff.ministry.model import Begun, Claims, Person, Place, Provider
from ibr.errors import NotProven, NotUnderstood, Unavailable

# Signatures with a public key only: with a shared one, whoever knows the public key could sign.
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
    | {"EdDSA", "Ed25519"}
)
TOLERANCE: Final = 60
# A token is used at once; one that claims to be of long ago is not of this sign-in.
OLDEST: Final = 600
_LONGEST_SUBJECT: Final = 255
_LONGEST_EMAIL: Final = 254
# How old a proof at the ministry may be before it asks its people again.
LONGEST_PROOF: Final = 8 * 3600


def read_second(text: str) -> frozenset[tuple[str, str]]:
    """The setting: `acr=value` and `amr=value` with commas between them."""
    found = set()
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = each.partition("=")
        if name not in ("acr", "amr") or not value:
            raise NotUnderstood(
                "setting.oidc_second_factor",
                "IBR_OIDC_SECOND_FACTOR: write acr=VALUE or amr=VALUE, with commas between them.",
            )
        found.add((name, value))
    return frozenset(found)


def must_be_ours(provider: Provider, issuer: str) -> None:
    """Unavailable unless what was fetched speaks for the issuer, and can do what is asked."""
    methods = provider.code_challenge_methods_supported
    if provider.issuer != issuer or (methods is not None and "S256" not in methods):
        raise Unavailable(
            "ministry.not_usable",
            "The ministry's sign-in does not describe itself as was agreed. Tell those who run "
            "the registry, and sign in with your password meanwhile.",
        )


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def way_there(place: Place, provider: Provider, begun: Begun) -> str:
    """The address at the ministry that a browser is sent to."""
    asked = {
        "response_type": "code",
        "client_id": place.client_id,
        "redirect_uri": place.back,
        "scope": "openid email",
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge_of(begun.verifier),
        "code_challenge_method": "S256",
        "max_age": str(LONGEST_PROOF),
    }
    if begun.again:
        asked["prompt"] = "login"
    return _joined(provider.authorization_endpoint, asked)


def way_out(place: Place, provider: Provider) -> str | None:
    """The address at which one signs out of the ministry (RP-Initiated Logout 1.0), if it has one.

    Without id_token_hint: the token would stand in histories and logs on the way.
    """
    if provider.end_session_endpoint is None:
        return None
    asked = {"client_id": place.client_id, "post_logout_redirect_uri": place.home}
    return _joined(provider.end_session_endpoint, asked)


def _joined(address: str, asked: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def code_in(query: dict[str, str], begun: Begun, provider: Provider) -> str:
    """The code that the ministry sent a browser back with; NotProven when it is not the answer to
    what this browser began."""
    if not hmac.compare_digest(query.get("state", "").encode(), begun.state.encode()):
        raise NotProven("ministry.state", "That sign-in was not begun here. Please begin again.")
    named = query.get("iss")
    wanted = named is not None or provider.authorization_response_iss_parameter_supported
    if wanted and named != provider.issuer:
        raise NotProven("ministry.issuer", "The answer is not the ministry's.")
    if "error" in query:
        raise NotProven("ministry.refused", "The ministry's sign-in did not let you in.")
    code = query.get("code", "")
    if not code or len(code) > 4_000:
        raise NotProven("ministry.code", "The ministry's answer could not be read.")
    return code


def check_claims(claims: Claims, place: Place, begun: Begun, at: datetime) -> None:
    """NotProven unless the token is the issuer's, for us, of now, and of this very sign-in."""
    now = at.timestamp()
    if claims.get("iss") != place.issuer:
        raise NotProven("ministry.token_issuer", "The ministry's answer is not the ministry's.")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if place.client_id not in named or (party is None and len(named) > 1):
        raise NotProven("ministry.token_audience", "The ministry's answer is not for the registry.")
    if party is not None and party != place.client_id:
        raise NotProven("ministry.token_audience", "The ministry's answer is not for the registry.")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_number(expires) or not _is_number(issued):
        raise NotProven("ministry.token_unreadable", "The ministry's answer could not be read.")
    if expires + TOLERANCE <= now or not now - OLDEST <= issued <= now + TOLERANCE:
        raise NotProven("ministry.token_expired", "The ministry's answer is out of date.")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), begun.nonce.encode()):
        raise NotProven("ministry.token_nonce", "The ministry's answer is to another sign-in.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise NotProven("ministry.token_unreadable", "The ministry's answer could not be read.")


def person_in(claims: Claims) -> Person:
    """The person that proven claims are about."""
    email = claims.get("email")
    usable = (
        isinstance(email, str)
        and claims.get("email_verified") is True
        and 3 <= len(email) <= _LONGEST_EMAIL
    )
    acr, amr, proved = claims.get("acr"), claims.get("amr"), claims.get("auth_time")
    return Person(
        subject=claims["sub"],
        email=email.strip().lower() if usable and isinstance(email, str) else None,
        acr=acr if isinstance(acr, str) else None,
        amr=tuple(each for each in amr if isinstance(each, str)) if isinstance(amr, list) else (),
        proved_at=_moment(proved),
    )


def _moment(value: Any) -> datetime | None:
    if not _is_number(value):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
