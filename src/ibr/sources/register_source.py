"""Adds a source with its agreement, ends one, and tells what there is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.audit.events import SOURCE_ADDED, SOURCE_ENDED
from ibr.audit.record import record_event
from ibr.calls.rules import AddressRules, check_registered
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.protection.blind_index import canonical_type
from ibr.protection.seal import Sealer, place_of
from ibr.sources import store
from ibr.sources.attributes import WORDS, read_attributes
from ibr.sources.model import KINDS, MOST_IN_A_BATCH, Access, Kind, Source

LONGEST_SECRET: Final = 4096
# A Quartz-style schedule: seconds, minutes, hours, day, month, weekday and perhaps the year.
_FREQUENCY = re.compile(r"[0-9A-Za-z*?/,#-]+( [0-9A-Za-z*?/,#-]+){5,6}", re.ASCII)


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A source as somebody adds it; what is empty is taken from the kind of registry."""

    sender_id: str
    kind: str
    address: str
    token_address: str
    client_id: str
    client_secret: str
    purpose_code: str
    purpose_text: str
    legal_basis: str
    purpose_uri: str | None = None
    attributes: Sequence[str] = ()
    identifier_type: str = "UIN"
    reg_type: str | None = None
    record_type: str | None = None
    event_type: str | None = None
    consent: bool = False
    batch_size: int = 100
    frequency: str = "0 0 * ? * *"
    subscription_days: int = 365
    answer_seconds: int = 86_400


async def add_source(
    connection: Connection, sealer: Sealer, rules: AddressRules, given: Agreement, at: datetime
) -> Source:
    """Adds a source; the connection is the owner's. NotUnderstood says which part is at fault."""
    kind = _kind(given.kind)
    _check(given)
    for address in (given.address, given.token_address):
        check_registered(address, rules)
    partner_id = await store.partner_number(connection, given.sender_id)
    if partner_id is None:
        raise NotFound(
            "partner.unknown",
            f"There is no partner {given.sender_id}. Add it first: ibr partners add.",
        )
    values = _row(kind, given) | {
        "partner_id": partner_id,
        "secret_sealed": sealer.seal(given.client_secret.encode(), _place(partner_id)),
        "added_at": at,
    }
    if await store.add(connection, values) is None:
        raise Conflict("source.exists", f"{given.sender_id} is a source already.")
    source = await find_source(connection, given.sender_id)
    await record_event(
        connection,
        kind=SOURCE_ADDED,
        asker=None,
        details={
            "source": source.source_id,
            "partner": partner_id,
            "kind": kind,
            "attributes": sorted(source.attributes),
            "purpose": given.purpose_code,
        },
        at=at,
    )
    return source


def _row(kind: Kind, given: Agreement) -> dict[str, Any]:
    """The agreement as it is kept, what is empty filled in by the kind of registry."""
    reg_type, record_type, event_type = WORDS[kind]
    return {
        "kind": kind,
        "address": given.address.rstrip("/"),
        "token_address": given.token_address,
        "client_id": given.client_id,
        "reg_type": given.reg_type or reg_type,
        "record_type": given.record_type or record_type,
        "event_type": given.event_type or event_type,
        "identifier_type": canonical_type(given.identifier_type),
        "attributes": list(read_attributes(kind, given.attributes)),
        "purpose_code": given.purpose_code,
        "purpose_text": given.purpose_text,
        "purpose_uri": given.purpose_uri,
        "legal_basis": given.legal_basis,
        "consent": given.consent,
        "batch_size": given.batch_size,
        "frequency": given.frequency,
        "subscription_days": given.subscription_days,
        "answer_seconds": given.answer_seconds,
    }


def _kind(given: str) -> Kind:
    for kind in KINDS:
        if kind == given:
            return kind
    raise NotUnderstood("source.kind", f"A source is one of {', '.join(KINDS)}.")


def _check(given: Agreement) -> None:
    texts = (
        ("purpose", given.purpose_code, 60),
        ("purpose text", given.purpose_text, 200),
        ("legal basis", given.legal_basis, 500),
        ("client id", given.client_id, 300),
        ("client secret", given.client_secret, LONGEST_SECRET),
    )
    for name, text, longest in texts:
        if not 0 < len(text.strip()) <= longest:
            raise NotUnderstood(
                "source.agreement",
                f"Say the {name} of the agreement, with at most {longest} characters. Without "
                "purpose and legal basis nothing may be asked of another registry.",
            )
    numbers = (
        ("batch size", given.batch_size, 1, MOST_IN_A_BATCH),
        ("subscription", given.subscription_days, 1, 3650),
        ("time to answer", given.answer_seconds, 60, 2_592_000),
    )
    for name, number, least, most in numbers:
        if not least <= number <= most:
            raise NotUnderstood(
                "source.agreement", f"The {name} is a number from {least} to {most}."
            )
    if not _FREQUENCY.fullmatch(given.frequency):
        raise NotUnderstood(
            "source.agreement",
            "The frequency is a schedule with seconds, for example 0 0 * ? * * for every hour.",
        )


def _place(partner_id: int) -> bytes:
    return place_of("source_registry", "secret", partner_id)


async def end_source(connection: Connection, sender_id: str, at: datetime) -> Source:
    """Ends the agreement: nothing is asked and nothing is read any more. What was told stays.

    The connection is the owner's.
    """
    source = await find_source(connection, sender_id)
    if not await store.end(connection, source.source_id, at):
        raise Conflict("source.ended", f"The agreement with {sender_id} has ended already.")
    await record_event(
        connection,
        kind=SOURCE_ENDED,
        asker=None,
        details={"source": source.source_id},
        at=at,
    )
    return source


async def find_source(connection: Connection, sender_id: str) -> Source:
    """The source by its partner's sender_id; NotFound where it is none."""
    source = await store.by_sender(connection, sender_id)
    if source is None:
        raise NotFound("source.unknown", f"{sender_id} is no source. See: ibr sources list.")
    return source


async def source_of_partner(connection: Connection, partner_id: int) -> Source | None:
    """The source that a partner is; None where it is none or the agreement has ended."""
    source = await store.by_partner(connection, partner_id)
    return None if source is None or source.ended else source


async def source_by_number(connection: Connection, source_id: int) -> Source | None:
    """The source with this number; None where the agreement has ended."""
    source = await store.by_number(connection, source_id)
    return None if source is None or source.ended else source


async def access_of(connection: Connection, sealer: Sealer, partner_id: int) -> Access | None:
    """How the registry proves itself at a source; None where nothing may be asked of it."""
    row = await store.access(connection, partner_id)
    if row is None:
        return None
    return Access(
        source_id=row["source_id"],
        address=row["address"],
        token_address=row["token_address"],
        client_id=row["client_id"],
        client_secret=sealer.open(row["secret_sealed"], _place(partner_id)).decode(),
    )


async def list_sources(connection: Connection) -> list[dict[str, Any]]:
    """Every source with its agreement and figures in plain values, for the command line."""
    figures = {row["source_id"]: dict(row) for row in await store.figures(connection)}
    return [_plain(each) | figures[each.source_id] for each in await store.sources(connection)]


async def show_source(connection: Connection, sender_id: str, most: int) -> dict[str, Any]:
    """One source with its newest questions and its subscriptions, for the command line."""
    source = await find_source(connection, sender_id)
    questions = await store.questions(connection, source.source_id, most)
    subscriptions = await store.subscriptions(connection, source.source_id)
    return _plain(source) | {
        "questions": [dict(row) for row in questions],
        "subscriptions": [dict(row) for row in subscriptions],
    }


def _plain(source: Source) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(source)
    return plain | {"attributes": sorted(source.attributes)}


async def programmes_named(connection: Connection, codes: Sequence[str]) -> tuple[int, ...]:
    """The numbers of programmes; NotUnderstood names those that are none."""
    known = await store.programmes(connection)
    unknown = [code for code in codes if code.lower() not in known]
    if unknown:
        raise NotUnderstood("programme.unknown", f"There is no programme {', '.join(unknown)}.")
    return tuple(sorted({known[code.lower()] for code in codes}))
