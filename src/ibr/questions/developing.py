"""What the developers of a partner see of its own connection; administrators see every partner's.

Each question is asked for one partner, found here for this very asker: a developer's is the one
they work for, whatever an address names. No figure of the country and no person is in reach.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.access.model import Partner, PartnerKey
from ibr.access.partners import PartnerBook
from ibr.access.staff.rights import DEVELOPERS, must_hold
from ibr.asker import Asker
from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import NotFound
from ibr.outbox.desk import look as outbox
from ibr.outbox.desk.send_again import send_one_again
from ibr.outbox.model import Listed, State
from ibr.protection.seal import Sealer
from ibr.trace import look
from ibr.trace.model import Found, Row, Traced, Wanted

TRACED_A_PAGE: Final = 40
# A list is paged up to here; whoever looks for older messages narrows the list.
LAST_PAGE: Final = 250
CALLBACKS_A_PAGE: Final = 40
_OPEN: Final[tuple[State, ...]] = ("dead", "waiting")


class KeySeen(msgspec.Struct, frozen=True):
    """A key of the partner, and whether it counts."""

    key: PartnerKey
    state: str


class ProgrammeSeen(msgspec.Struct, frozen=True):
    """A programme in the partner's reach."""

    code: str
    name: str
    reports: bool
    asks: bool


class ConnectionSeen(msgspec.Struct, frozen=True):
    """A partner's connection: who it is, what it may, its keys."""

    partner: Partner
    programmes: list[ProgrammeSeen]
    keys: list[KeySeen]


class AddressSeen(msgspec.Struct, frozen=True):
    """An address of the standard that is served here."""

    verb: str
    path: str
    summary: str


class TracePage(msgspec.Struct, frozen=True):
    """One page of the trace."""

    found: Found
    page: int
    pages: int
    senders: dict[int, str]


class CallbackPage(msgspec.Struct, frozen=True):
    """One page of messages to a partner that are not delivered."""

    messages: list[Listed]
    total: int
    page: int
    pages: int


class CallbackSeen(msgspec.Struct, frozen=True):
    """One message to a partner, and its tries as far as they are traced."""

    message: Listed
    tries: list[Row]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A request to copy: where it goes, what it needs, and what its signature is made over."""

    name: str
    path: str
    scope: str
    text: str
    digest: str
    lines: str


async def partners_for(book: PartnerBook, asker: Asker) -> list[Partner]:
    """The partners whose pages the asker may open."""
    must_hold(asker, DEVELOPERS)
    everyone = await book.everyone()
    if asker.partner is None:
        return everyone
    return [each for each in everyone if each.partner_id == asker.partner]


async def partner_for(book: PartnerBook, asker: Asker, sender_id: str | None) -> Partner | None:
    """The named partner, or the asker's own; None where nobody is named and several may be meant.

    NotFound alike for a partner that does not exist and for one that is not the asker's.
    """
    mine = await partners_for(book, asker)
    if sender_id:
        for each in mine:
            if each.sender_id == sender_id:
                return each
        raise NotFound("partner.unknown", "There is no such partner among yours.")
    return mine[0] if len(mine) == 1 else None


async def connection_of(book: PartnerBook, asker: Asker, partner: Partner) -> ConnectionSeen:
    """All of one partner's connection but its secret, which nobody can read."""
    _must_be_theirs(asker, partner)
    await book.refresh()
    programmes = [
        ProgrammeSeen(each.code, each.name, number in partner.report, number in partner.ask)
        for number, each in sorted(book.programmes.items(), key=lambda one: one[1].code)
        if number in partner.report | partner.ask
    ]
    return ConnectionSeen(
        partner, programmes, [KeySeen(key, state_of(key)) for key in partner.keys]
    )


def state_of(key: PartnerKey) -> str:
    """Whether a key counts, in one word."""
    at = now()
    if key.revoked_at is not None:
        return "revoked"
    if key.not_before > at:
        return "coming"
    if key.not_after is not None and key.not_after < at:
        return "ended"
    return "counts"


async def traced(
    database: Database,
    book: PartnerBook,
    asker: Asker,
    wanted: Wanted,
    page: int,
) -> TracePage:
    """One page of what became of messages; `wanted` is narrowed to what the asker may see."""
    must_hold(asker, DEVELOPERS)
    if asker.partner is not None:
        wanted = msgspec.structs.replace(wanted, partner_id=asker.partner)
    page = min(max(1, page), LAST_PAGE)
    async with database.transaction(()) as connection:
        found = await look.page(
            connection,
            wanted,
            today=now().date(),
            limit=TRACED_A_PAGE,
            offset=(page - 1) * TRACED_A_PAGE,
        )
    pages = min(LAST_PAGE, max(1, -(-found.total // TRACED_A_PAGE)))
    senders = {each.partner_id: each.sender_id for each in await partners_for(book, asker)}
    return TracePage(found, page, pages, senders)


async def one_traced(database: Database, sealer: Sealer, asker: Asker, trace_id: str) -> Traced:
    """One message's trace; NotFound alike where there is none and where it is another's."""
    must_hold(asker, DEVELOPERS)
    async with database.transaction(()) as connection:
        found = await look.one(connection, sealer, trace_id, asker.partner)
    if found is None:
        raise NotFound("trace.unknown", "There is no such message among yours, or no longer.")
    return found


async def callbacks_of(
    database: Database, asker: Asker, partner: Partner, page: int
) -> CallbackPage:
    """What is promised to the partner and not delivered yet, or given up; the newest first."""
    _must_be_theirs(asker, partner)
    page = min(max(1, page), LAST_PAGE)
    async with database.transaction(()) as connection:
        total = await outbox.count(connection, states=_OPEN, partner=partner.sender_id)
        found = await outbox.listed(
            connection,
            states=_OPEN,
            partner=partner.sender_id,
            most=CALLBACKS_A_PAGE,
            skip=(page - 1) * CALLBACKS_A_PAGE,
        )
    pages = min(LAST_PAGE, max(1, -(-total // CALLBACKS_A_PAGE)))
    return CallbackPage(found, total, page, pages)


async def one_callback(database: Database, asker: Asker, message_id: str) -> CallbackSeen:
    """One message to a partner with its traced tries; NotFound alike where it is another's."""
    must_hold(asker, DEVELOPERS)
    async with database.transaction(()) as connection:
        found = await outbox.one(connection, message_id)
        partner_id = await outbox.partner_of(connection, found.message_no)
        if partner_id is None or asker.partner not in (None, partner_id):
            raise NotFound("outbox.unknown", "There is no such message among yours.")
        tries = await look.tries(connection, partner_id, found.message_id)
    return CallbackSeen(found, tries)


async def send_again(database: Database, asker: Asker, message_id: str) -> None:
    """A message that was given up waits once more."""
    seen = await one_callback(database, asker, message_id)
    async with database.transaction(()) as connection:
        await send_one_again(connection, asker, str(seen.message.message_no))


def _must_be_theirs(asker: Asker, partner: Partner) -> None:
    must_hold(asker, DEVELOPERS)
    if asker.partner not in (None, partner.partner_id):
        raise NotFound("partner.unknown", "There is no such partner among yours.")
