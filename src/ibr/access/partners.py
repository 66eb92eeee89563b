"""Partners and programmes as the gate knows them: read often, reloaded every few seconds."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from ibr.access import store
from ibr.access.model import Partner, ProgrammeRight
from ibr.access.scopes import read_scopes
from ibr.access.secrets import hash_secret
from ibr.audit.events import PARTNER_ADDED, PARTNER_KEYS, PARTNER_SUSPENDED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.ids import new_secret, new_token

# A right that was taken away is gone after this many seconds at the latest (reliability D7 asks
# for a minute).
FRESH_SECONDS: Final = 5.0
# A name the book does not know is looked up at once, but not more often than this.
RELOAD_SECONDS: Final = 0.5


class PartnerBook:
    """Every partner and programme, at most a few seconds old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaded_at = float("-inf")
        self._loading = asyncio.Lock()
        self._by_client: dict[str, Partner] = {}
        self._by_sender: dict[str, Partner] = {}
        self.programmes_by_code: dict[str, ProgrammeRight] = {}
        self.programmes: dict[int, ProgrammeRight] = {}

    async def refresh(self, older_than: float = FRESH_SECONDS) -> None:
        """Reads everything anew unless it was read in the last so many seconds."""
        if time.monotonic() - self._loaded_at < older_than:
            return
        async with self._loading:
            if time.monotonic() - self._loaded_at < older_than:
                return
            async with self._database.transaction(()) as connection:
                partners = await store.partners(connection)
                programmes = await store.programmes(connection)
            self._by_client = {partner.client_id: partner for partner in partners}
            self._by_sender = {partner.sender_id: partner for partner in partners}
            self.programmes = {each.programme_id: each for each in programmes}
            self.programmes_by_code = {each.code.casefold(): each for each in programmes}
            self._loaded_at = time.monotonic()

    async def by_client(self, client_id: str) -> Partner | None:
        """The partner with this client id, None when there is none or it is shut out."""
        await self.refresh()
        if client_id not in self._by_client:
            await self.refresh(RELOAD_SECONDS)
        partner = self._by_client.get(client_id)
        return None if partner is None or partner.suspended else partner

    async def by_number(self, partner_id: int) -> Partner | None:
        """The partner with this number, shut out or not: what it sent before is still its own."""
        await self.refresh()
        for partner in self._by_sender.values():
            if partner.partner_id == partner_id:
                return partner
        return None

    def currency_of(self, code: str) -> str | None:
        """The currency of a programme's amounts that name none."""
        found = self.programmes_by_code.get(code.casefold())
        return found.currency if found else None

    async def programme(self, code: str) -> ProgrammeRight | None:
        """The programme with this code, whatever the case of its letters."""
        found = self.programmes_by_code.get(code.casefold())
        if found is None:
            await self.refresh(RELOAD_SECONDS)
            found = self.programmes_by_code.get(code.casefold())
        return found


async def add_partner(
    connection: Connection,
    *,
    sender_id: str,
    name: str | None,
    report: list[str],
    ask: list[str],
    scopes: list[str],
    signature_policy: str,
    keys: list[dict[str, Any]],
    jwks_url: str | None,
    callback_urls: list[str],
) -> dict[str, str]:
    """Adds a partner and returns its sender_id, client_id and client_secret, shown this once.

    `keys` are public JWKs that were checked (interop/dci/keys.py); the connection is the owner's.
    """
    secret = new_secret()
    values: dict[str, Any] = {
        "sender_id": sender_id,
        "name": name or sender_id,
        "client_id": new_token("ibr-"),
        "secret_hash": hash_secret(secret),
        "signature_policy": signature_policy,
        "signature_profile": "canonical",
        "scopes": list(read_scopes(scopes)),
        "callback_urls": callback_urls,
        "jwks_url": jwks_url,
        "ask_all": "all" in ask,
        "report_all": "all" in report,
        "purpose_code": "enrolment_check",
    }
    partner_id = await _add(connection, values, keys)
    await _grant(connection, partner_id, report, ask)
    await record_event(
        connection,
        kind=PARTNER_ADDED,
        asker=None,
        details={
            "partner": partner_id,
            "report": sorted(report),
            "ask": sorted(ask),
            "scopes": sorted(values["scopes"]),
            "signature": signature_policy,
            "keys": [key["kid"] for key in keys],
        },
        at=now(),
    )
    client_id = str(values["client_id"])
    return {"sender_id": sender_id, "client_id": client_id, "client_secret": secret}


async def _add(connection: Connection, values: dict[str, Any], keys: list[dict[str, Any]]) -> int:
    partner_id = await store.add_partner(connection, values)
    if not partner_id:
        raise Conflict("partner.exists", f"There is already a partner {values['sender_id']}.")
    for key in keys:
        await store.add_key(connection, partner_id, key["kid"], key, key["alg"])
    return partner_id


async def _grant(
    connection: Connection, partner_id: int, report: list[str], ask: list[str]
) -> None:
    unknown = await store.grant_programmes(
        connection,
        partner_id,
        [code for code in report if code != "all"],
        [code for code in ask if code != "all"],
    )
    if unknown:
        raise NotUnderstood(
            "programme.unknown",
            f"There is no programme {', '.join(unknown)}. Add it first: ibr programmes add CODE.",
        )


async def suspend_partner(connection: Connection, sender_id: str, *, suspended: bool) -> None:
    """Shuts a partner out within seconds, or lets it in again; the connection is the owner's."""
    number = await store.suspend(connection, sender_id, suspended=suspended)
    if number is None:
        raise NotFound("partner.unknown", f"There is no partner {sender_id}.")
    await record_event(
        connection,
        kind=PARTNER_SUSPENDED,
        asker=None,
        details={"partner": number, "suspended": suspended},
        at=now(),
    )


async def list_partners(connection: Connection) -> list[dict[str, Any]]:
    """Every partner in plain values, for the command line; the connection is the owner's."""
    codes = {each.programme_id: each.code for each in await store.programmes(connection)}
    return [
        {
            "sender_id": partner.sender_id,
            "name": partner.name,
            "client_id": partner.client_id,
            "reports": sorted(codes[each] for each in partner.report),
            "asks": sorted(codes[each] for each in partner.ask),
            "scopes": sorted(partner.scopes),
            "signature": partner.signature_policy,
            "keys": [key.kid for key in partner.keys],
            "suspended": partner.suspended,
        }
        for partner in await store.partners(connection)
    ]


async def change_keys(
    connection: Connection, sender_id: str, *, add: list[dict[str, Any]], revoke: str | None
) -> list[dict[str, Any]]:
    """Adds keys and revokes one; returns all of the partner's keys. The connection is the
    owner's."""
    found = [each for each in await store.partners(connection) if each.sender_id == sender_id]
    if not found:
        raise NotFound("partner.unknown", f"There is no partner {sender_id}.")
    number = found[0].partner_id
    for key in add:
        await store.add_key(connection, number, key["kid"], key, key["alg"])
    if revoke is not None and not await store.revoke_key(connection, number, revoke):
        raise NotFound("key.unknown", f"{sender_id} has no key {revoke} that still counts.")
    if add or revoke:
        await record_event(
            connection,
            kind=PARTNER_KEYS,
            asker=None,
            details={"partner": number, "added": [key["kid"] for key in add], "revoked": revoke},
            at=now(),
        )
    return await store.keys_of(connection, number)
