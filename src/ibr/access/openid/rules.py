"""What must be true of a provider's answers (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode

from ibr.access.openid.model import Begun, Claims, Place, Provider
from ibr.errors import NotProven, Unavailable

# Signatures with a public key only: with a shared one, whoever knows the public key could sign.
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
    | {"EdDSA", "Ed25519"}
)
TOLERANCE: Final = 60
# A token is used at once; one that claims to be of long ago is not of this sign-in.
OLDEST: Final = 600
_LONGEST_SUBJECT: Final = 255


def must_be_ours(provider: Provider, issuer: str) -> None:
    """Unavailable unless what was fetched speaks for the issuer, and can do what is asked."""
    methods = provider.code_challenge_methods_supported
    if provider.issuer != issuer or (methods is not None and "S256" not in methods):
        raise Unavailable(
            "openid.not_usable",
            "The sign-in service does not describe itself as was agreed. Tell those who run the "
            "registry.",
        )


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def way_there(place: Place, provider: Provider, begun: Begun) -> str:
    """The address at the provider that a browser is sent to."""
    asked = {
        "response_type": "code",
        "client_id": place.client_id,
        "redirect_uri": place.back,
        "scope": place.scope,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge_of(begun.verifier),
        "code_challenge_method": "S256",
        "max_age": str(place.longest_proof),
    }
    if place.acr:
        asked["acr_values"] = " ".join(place.acr)
    if begun.again:
        asked["prompt"] = "login"
    return _joined(provider.authorization_endpoint, asked)


def way_out(place: Place, provider: Provider) -> str | None:
    """The address at which one signs out of the provider (RP-Initiated Logout 1.0), if it has one.

    Without id_token_hint: the token would stand in histories and logs on the way.
    """
    if provider.end_session_endpoint is None:
        return None
    asked = {"client_id": place.client_id, "post_logout_redirect_uri": place.home}
    return _joined(provider.end_session_endpoint, asked)


def _joined(address: str, asked: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def code_in(query: dict[str, str], begun: Begun, provider: Provider) -> str:
    """The code that the provider sent a browser back with; NotProven when it is not the answer to
    what this browser began."""
    if not hmac.compare_digest(query.get("state", "").encode(), begun.state.encode()):
        raise NotProven("openid.state", "That sign-in was not begun here. Please begin again.")
    named = query.get("iss")
    wanted = named is not None or provider.authorization_response_iss_parameter_supported
    if wanted and named != provider.issuer:
        raise NotProven("openid.issuer", "The answer is not the sign-in service's own.")
    if "error" in query:
        raise NotProven("openid.refused", "The sign-in service did not let you in.")
    code = query.get("code", "")
    if not code or len(code) > 4_000:
        raise NotProven("openid.code", "The service's answer could not be read.")
    return code


def check_claims(claims: Claims, place: Place, begun: Begun, at: datetime) -> None:
    """NotProven unless the token is the issuer's, for us, of now, and of this very sign-in."""
    now = at.timestamp()
    if claims.get("iss") != place.issuer:
        raise NotProven("openid.token_issuer", "The answer is not the sign-in service's own.")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if place.client_id not in named or (party is None and len(named) > 1):
        raise NotProven("openid.token_audience", "The service's answer is not for the registry.")
    if party is not None and party != place.client_id:
        raise NotProven("openid.token_audience", "The service's answer is not for the registry.")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_number(expires) or not _is_number(issued):
        raise NotProven("openid.token_unreadable", "The service's answer could not be read.")
    if expires + TOLERANCE <= now or not now - OLDEST <= issued <= now + TOLERANCE:
        raise NotProven("openid.token_expired", "The service's answer is out of date.")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), begun.nonce.encode()):
        raise NotProven("openid.token_nonce", "The service's answer is to another sign-in.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise NotProven("openid.token_unreadable", "The service's answer could not be read.")


def moment_in(value: Any) -> datetime | None:
    """A moment written as seconds; None for what is none."""
    if not _is_number(value):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
