"""/oauth2/client/token: client credentials for a bearer token (RFC 6749 4.4, digest.md 3.6)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from ibr.access.limits import RequestLimit
from ibr.access.scopes import canonical_scope
from ibr.access.secrets import secret_fits
from ibr.audit.events import TOKEN_GIVEN, TOKEN_REFUSED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.interop.dci.answers import JSON, NO_STORE, Answer
from ibr.interop.dci.services import Services
from ibr_messages.strict_json import canonical

LARGEST_FORM: Final = 16_384
_TRIES_PER_MINUTE: Final = 60


class TokenDesk:
    """Gives tokens to partners that prove their secret."""

    def __init__(self, services: Services) -> None:
        self._services = services
        # Counted by partner, so that guessing one secret never locks another partner out; all
        # unknown names together, so that nobody can make us hash without end.
        self._limit = RequestLimit(_TRIES_PER_MINUTE)
        self._right: dict[str, bytes] = {}

    async def give(self, body: bytes, content_type: str, authorization: str) -> Answer:
        """The token answer, or RFC 6749's error beside the standard's."""
        if not content_type.lower().startswith("application/x-www-form-urlencoded"):
            return _refused(400, "invalid_request", "Send the form as x-www-form-urlencoded.")
        try:
            form = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20))
        except (UnicodeDecodeError, ValueError):
            return _refused(400, "invalid_request", "The form cannot be read.")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
        client_id, secret = _credentials(form, authorization)
        if not client_id or not secret:
            return _refused(401, "invalid_client", "Send client_id and client_secret.")
        partner = await self._services.book.by_client(client_id)
        number, stored = (partner.partner_id, partner.secret_hash) if partner else (0, None)
        if not await self._fits(number, client_id, secret, stored):
            await self._record(None, TOKEN_REFUSED, {"known": partner is not None})
            return _refused(401, "invalid_client", "client_id or client_secret is wrong.")
        assert partner is not None
        asked = {canonical_scope(each) for each in form.get("scope", "").split()}
        scopes = partner.scopes if not asked else partner.scopes & asked
        if not scopes:
            return _refused(400, "invalid_scope", "None of these scopes is yours.")
        await self._record(partner.partner_id, TOKEN_GIVEN, {"scopes": sorted(scopes)})
        return Answer(
            200,
            canonical(
                {
                    "access_token": self._services.tokens.make(client_id, frozenset(scopes)),
                    "token_type": "bearer",
                    "expires_in": self._services.tokens.life,
                    "scope": " ".join(sorted(scopes)),
                }
            ),
        )

    async def _fits(self, number: int, client_id: str, secret: str, stored: str | None) -> bool:
        """Whether the secret is right. Argon2 is slow on purpose, so a secret that was right is
        remembered by a digest of it and its hash, and costs nothing the second time."""
        digest = hashlib.sha256(f"{stored}\\x00{secret}".encode()).digest()
        if stored is not None and self._right.get(client_id) == digest:
            return True
        self._limit.count(number)
        if not await asyncio.to_thread(secret_fits, secret, stored):
            return False
        self._right[client_id] = digest
        return True

    async def _record(self, partner_id: int | None, kind: str, details: dict[str, object]) -> None:
        if partner_id is not None:
            details = {**details, "partner": partner_id}
        async with self._services.database.transaction(()) as connection:
            await record_event(connection, kind=kind, asker=None, details=details, at=now())


def _credentials(form: dict[str, str], authorization: str) -> tuple[str, str]:
    """Client id and secret from the form, or from HTTP Basic (RFC 6749 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote_plus(name), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _refused(status: int, error: str, description: str) -> Answer:
    code = "err.request.unauthorized" if status == 401 else "err.request.bad"
    headers: tuple[tuple[bytes, bytes], ...] = (JSON, NO_STORE)
    if status == 401:
        headers = (*headers, (b"www-authenticate", b'Basic realm="ibr"'))
    body = {
        "error": error,
        "error_description": description,
        "errors": [{"code": code, "message": description}],
    }
    return Answer(status, canonical(body), headers)
