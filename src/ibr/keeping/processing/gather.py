"""Gathers the record of processing from what the registry is and does at this moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.staff.rights import KEEPING, PRIVACY, PURPOSES, must_hold
from ibr.asker import Asker
from ibr.audit.events import PROCESSING_REVIEWED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.keeping import change_rule, hold
from ibr.keeping.model import CLASSES
from ibr.keeping.processing import store
from ibr.keeping.processing.model import (
    Flow,
    Measure,
    Processing,
    Programme,
    Review,
    Source,
    Table,
)

_YEAR: Final = timedelta(days=365)
_NIGHTS: Final = timedelta(days=3)
LONGEST_NOTE: Final = 1000


async def gather(
    connection: Connection,
    *,
    registry_id: str,
    profile: str,
    of_the_machine: Sequence[Measure],
    at: datetime,
) -> Processing:
    """The record as it is now. `of_the_machine` are measures that the database cannot show."""
    rules = await change_rule.rules_now(connection)
    record = Processing(
        registry_id=registry_id,
        profile=profile,
        tables=tuple(_table(row) for row in await store.tables(connection)),
        programmes=tuple(
            Programme(code=row["code"], institution=row["institution"], feeds=tuple(row["feeds"]))
            for row in await store.programmes(connection, at.date())
        ),
        flows=tuple(_flow(row) for row in await store.flows(connection, at.date())),
        sources=tuple(
            Source(
                partner=row["partner"],
                kind=row["kind"],
                attributes=tuple(row["attributes"] or ()),
                purpose=row["purpose"],
                legal_basis=row["legal_basis"],
            )
            for row in await store.sources(connection)
        ),
        purposes=PURPOSES,
        rules=tuple(rules[each] for each in CLASSES),
        holds=tuple(each for each in await hold.holds(connection) if each.counts_on(at.date())),
        measures=(*await _measures(connection, at), *of_the_machine),
        review=None,
        digest=b"",
        due=(),
    )
    row = await store.review(connection)
    review = None if row is None else Review(**dict(row))
    digest = digest_of(record)
    return msgspec.structs.replace(
        record, review=review, digest=digest, due=why_due(review, digest, at)
    )


def digest_of(record: Processing) -> bytes:
    """SHA-256 of what a review is about: another feed, rule, column or measure makes another."""
    said = {
        "tables": record.tables,
        "programmes": record.programmes,
        "flows": record.flows,
        "sources": record.sources,
        "rules": [(each.rule_no, each.data_class) for each in record.rules],
        "measures": [(each.code, each.there) for each in record.measures],
    }
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest()


def why_due(review: Review | None, digest: bytes, at: datetime) -> tuple[str, ...]:
    """Why somebody should go through the record again, by code."""
    if review is None:
        return ("never",)
    why = []
    if review.digest != digest:
        why.append("changed")
    if at - review.reviewed_at > _YEAR:
        why.append("year")
    return tuple(why)


async def note_review(
    connection: Connection, asker: Asker, digest: str, note: str, at: datetime
) -> None:
    """Notes that somebody went through the record as it stood with this digest, in hexadecimals."""
    must_hold(asker, PRIVACY)
    note = note.strip()
    if not 1 <= len(note) <= LONGEST_NOTE:
        raise NotUnderstood(
            "processing.note",
            "Say in up to 1,000 characters what came of it. Name nobody.",
            field="note",
        )
    try:
        seen = bytes.fromhex(digest)
    except ValueError:
        seen = b""
    if len(seen) != hashlib.sha256().digest_size:
        raise NotUnderstood(
            "processing.digest", "Open the record again, then note the review.", field="note"
        )
    await store.reviewed(connection, seen, asker.id, note, at)
    await record_event(
        connection, kind=PROCESSING_REVIEWED, asker=asker, details={"digest": digest}, at=at
    )


def must_see(asker: Asker) -> None:
    """NotAllowed for who may not see the record."""
    must_hold(asker, KEEPING)


def _table(row: Any) -> Table:
    return Table(
        name=row["name"],
        about=row["about"],
        personal=tuple(row["personal"] or ()),
        sensitive=tuple(row["sensitive"] or ()),
    )


def _flow(row: Any) -> Flow:
    return Flow(
        partner=row["partner"],
        acts=tuple(row["acts"]),
        programmes=tuple(row["programmes"]),
        purposes=tuple(row["purposes"]),
        attributes=tuple(row["attributes"]),
        legal_basis=row["legal_basis"],
        until=row["until"],
    )


async def _measures(connection: Connection, at: datetime) -> list[Measure]:
    row = await store.facts(connection, at)
    last = row["last_run"]
    found = {
        "row_security": (row["guarded"] > 0, f"on {row['guarded']} tables"),
        "signatures": (
            row["signed"] == row["partners"],
            f"{row['signed']} of {row['partners']} partners",
        ),
        "agreements_whole": (row["lawless"] == 0, f"{row['lawless']} without a law"),
        "retention_rules": (row["unnamed_laws"] == 0, f"{row['unnamed_laws']} name none"),
        "retention_runs": (
            last is not None and at - last <= _NIGHTS,
            "no night yet" if last is None else f"last {last:%Y-%m-%d}",
        ),
        # What this program does whatever is set: there is no switch to look at.
        **dict.fromkeys(_ALWAYS, (True, "always")),
    }
    return [Measure(code=code, there=there, seen=seen) for code, (there, seen) in found.items()]


_ALWAYS: Final = (
    "sealed_values",
    "budgets",
    "ledger",
    "purposes",
    "people_decide",
    "versions",
    "protected_people",
    "two_people",
    "sealed_audit",
    "disclosure",
    "extracts_approved",
)
