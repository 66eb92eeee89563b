"""Partners and programmes as the gate knows them: read often, reloaded every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from ibr.access import store
from ibr.access.agreements import store as agreements
from ibr.access.agreements.rules import loose
from ibr.access.keys.change_keys import Times, add_keys
from ibr.access.model import Partner, ProgrammeRight
from ibr.access.scopes import read_scopes
from ibr.access.secrets import hash_secret
from ibr.asker import Asker
from ibr.audit.events import PARTNER_ADDED, PARTNER_CHANGED, PARTNER_SUSPENDED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.ids import new_secret, new_token

# A right that was taken away is gone after this many seconds at the latest (reliability D7 asks
# for a minute).
FRESH_SECONDS: Final = 5.0
# A name the book does not know is looked up at once, for it may have been added a moment ago; of
# such looks there may be so many in so many seconds, lest unknown names keep the database busy.
LOOKS: Final = 8
LOOKS_SECONDS: Final = 4.0

Read = Callable[[Connection], Awaitable[None]]


class PartnerBook:
    """Every partner and programme, at most a few seconds old."""

    def __init__(self, database: Database, *beside: Read) -> None:
        """`beside` are read whenever the book is, such as the registry's own keys."""
        self._database = database
        self._beside = beside
        self._loaded_at = float("-inf")
        self._loading = asyncio.Lock()
        self._looks: deque[float] = deque(maxlen=LOOKS)
        self._by_client: dict[str, Partner] = {}
        self._by_sender: dict[str, Partner] = {}
        self._by_number: dict[int, Partner] = {}
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
                for read in self._beside:
                    await read(connection)
            self._by_client = {partner.client_id: partner for partner in partners}
            self._by_sender = {partner.sender_id: partner for partner in partners}
            self._by_number = {partner.partner_id: partner for partner in partners}
            self.programmes = {each.programme_id: each for each in programmes}
            self.programmes_by_code = {each.code.casefold(): each for each in programmes}
            self._loaded_at = time.monotonic()

    async def look_again(self) -> None:
        """Reads everything anew for a name that is not known, unless that was done too often."""
        moment = time.monotonic()
        if len(self._looks) == LOOKS and moment - self._looks[0] < LOOKS_SECONDS:
            return
        self._looks.append(moment)
        await self.refresh(0)

    async def by_client(self, client_id: str) -> Partner | None:
        """The partner with this client id, None when there is none or it is shut out."""
        await self.refresh()
        if client_id not in self._by_client:
            await self.look_again()
        partner = self._by_client.get(client_id)
        return None if partner is None or partner.suspended else partner

    async def everyone(self) -> list[Partner]:
        """Every partner, shut out or not, by name."""
        await self.refresh()
        return sorted(self._by_sender.values(), key=lambda each: each.name.casefold())

    def as_last_read(self, client_id: str) -> Partner | None:
        """The partner with this client id as the book has it now, without looking anew."""
        return self._by_client.get(client_id)

    async def by_number(self, partner_id: int) -> Partner | None:
        """The partner with this number, shut out or not: what it sent before is still its own."""
        await self.refresh()
        if partner_id not in self._by_number:
            await self.look_again()
        return self._by_number.get(partner_id)

    def currency_of(self, code: str) -> str | None:
        """The currency of a programme's amounts that name none."""
        found = self.programmes_by_code.get(code.casefold())
        return found.currency if found else None

    async def programme(self, code: str) -> ProgrammeRight | None:
        """The programme with this code, whatever the case of its letters."""
        found = self.programmes_by_code.get(code.casefold())
        if found is None:
            await self.look_again()
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
    signature_profile: str = "canonical",
    encryption_policy: str = "accepted",
    asker: Asker | None = None,
) -> dict[str, str]:
    """Adds a partner and returns its sender_id, client_id and client_secret, shown this once.

    `keys` are public JWKs that were checked (ibr_messages/jwk.py). The connection is the owner's,
    or that of an approved act (access/approvals) with the officer who proposed it.
    """
    secret = new_secret()
    values: dict[str, Any] = {
        "sender_id": sender_id,
        "name": name or sender_id,
        "client_id": new_token("ibr-"),
        "secret_hash": hash_secret(secret),
        "signature_policy": signature_policy,
        "signature_profile": signature_profile,
        "encryption_policy": encryption_policy,
        "scopes": list(read_scopes(scopes)),
        "callback_urls": callback_urls,
        "jwks_url": jwks_url,
    }
    partner_id = await _add(connection, values, keys)
    await agree_loosely(connection, partner_id, report, ask, asker)
    details: dict[str, object] = {
        "partner": partner_id,
        "report": sorted(report),
        "ask": sorted(ask),
        "scopes": sorted(values["scopes"]),
        "signature": signature_policy,
        "encryption": encryption_policy,
        "keys": [key["kid"] for key in keys],
    }
    await record_event(connection, kind=PARTNER_ADDED, asker=asker, details=details, at=now())
    client_id = str(values["client_id"])
    return {"sender_id": sender_id, "client_id": client_id, "client_secret": secret}


async def _add(connection: Connection, values: dict[str, Any], keys: list[dict[str, Any]]) -> int:
    partner_id = await store.add_partner(connection, values)
    if not partner_id:
        raise Conflict("partner.exists", f"There is already a partner {values['sender_id']}.")
    await add_keys(connection, partner_id, keys, Times(), now())
    return partner_id


async def agree_loosely(
    connection: Connection,
    partner_id: int,
    report: list[str],
    ask: list[str],
    asker: Asker | None = None,
) -> int:
    """An agreement from today on for what a partner is added with; its number.

    `report` and `ask` are programme codes, or `all`. It names no law and no purposes, so whoever
    reads agreements is told that it wants mending. NotUnderstood for a code that no programme has.
    """
    await check_programmes(connection, [*report, *ask])
    numbers = {each.code: each.programme_id for each in await store.programmes(connection)}
    wish = loose(
        partner_id,
        report=None if "all" in report else tuple(sorted(numbers[code] for code in set(report))),
        ask=None if "all" in ask else tuple(sorted(numbers[code] for code in set(ask))),
        today=now().date(),
    )
    who = asker.name if asker else "the command line"
    return await agreements.add(connection, wish, who, now())


async def check_programmes(connection: Connection, codes: Sequence[str]) -> None:
    """NotUnderstood where one of the codes is neither a programme's nor `all`."""
    known = {each.code for each in await store.programmes(connection)} | {"all"}
    unknown = sorted(set(codes) - known)
    if unknown:
        raise NotUnderstood(
            "programme.unknown",
            f"There is no programme {', '.join(unknown)}. Add it first: ibr programmes add CODE.",
        )


async def change_scopes(
    connection: Connection, asker: Asker | None, sender_id: str, scopes: Sequence[str]
) -> None:
    """Gives a partner exactly these scopes; the connection is the owner's or an approved act's."""
    partner = await partner_of(connection, sender_id)
    wanted = sorted(read_scopes(scopes))
    await store.change_partner(connection, partner.partner_id, {"scopes": wanted})
    await record_event(
        connection,
        kind=PARTNER_CHANGED,
        asker=asker,
        details={"partner": partner.partner_id, "scopes": wanted},
        at=now(),
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
    at = now()
    return [
        {
            "sender_id": partner.sender_id,
            "name": partner.name,
            "client_id": partner.client_id,
            "reports": sorted(codes[each] for each in partner.report),
            "asks": sorted(codes[each] for each in partner.ask),
            "scopes": sorted(partner.scopes),
            "signature": partner.signature_policy,
            "profile": partner.signature_profile,
            "encryption": partner.encryption_policy,
            "callback_urls": list(partner.callback_urls),
            "jwks_url": partner.jwks_url,
            "keys": [key.kid for key in partner.keys if key.counts_at(at)],
            "suspended": partner.suspended,
        }
        for partner in await store.partners(connection)
    ]


async def partner_of(connection: Connection, sender_id: str) -> Partner:
    """The partner with this sender_id; the connection is the owner's."""
    for partner in await store.partners(connection):
        if partner.sender_id == sender_id:
            return partner
    raise NotFound("partner.unknown", f"There is no partner {sender_id}.")


async def change_partner(
    connection: Connection,
    sender_id: str,
    *,
    name: str | None = None,
    signature_policy: str | None = None,
    signature_profile: str | None = None,
    encryption_policy: str | None = None,
    jwks_url: str | None = None,
    add_callbacks: Sequence[str] = (),
    remove_callbacks: Sequence[str] = (),
) -> None:
    """Changes what is given and leaves the rest; an empty `jwks_url` takes it away. The connection
    is the owner's."""
    partner = await partner_of(connection, sender_id)
    missing = [url for url in remove_callbacks if url not in partner.callback_urls]
    if missing:
        raise NotFound("partner.callback", f"{missing[0]} is not registered for {sender_id}.")
    kept = [url for url in partner.callback_urls if url not in remove_callbacks]
    callbacks = list(dict.fromkeys([*kept, *add_callbacks]))
    given: dict[str, Any] = {
        "name": name,
        "signature_policy": signature_policy,
        "signature_profile": signature_profile,
        "encryption_policy": encryption_policy,
        "callback_urls": callbacks if callbacks != list(partner.callback_urls) else None,
        "jwks_url": jwks_url,
    }
    values = {column: value for column, value in given.items() if value is not None}
    if jwks_url == "":
        values["jwks_url"] = None
    if not values:
        raise NotUnderstood("partner.unchanged", "Say what to change; see --help.")
    await store.change_partner(connection, partner.partner_id, values)
    await record_event(
        connection,
        kind=PARTNER_CHANGED,
        asker=None,
        details={"partner": partner.partner_id, **values},
        at=now(),
    )
