"""Marking people as protected, and the list of protections, for the pages."""

from __future__ import annotations

from datetime import date, datetime

from ibr.access.staff.rights import PROTECT, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.identity.persons.look import all_programmes
from ibr.protection.blind_index import BlindIndex
from ibr.questions.person_record import Subject
from ibr.registry.overview import records
from ibr.registry.protected import mark
from ibr.registry.protected.model import REASONS, Protection

__all__ = [
    "REASONS",
    "Protection",
    "end_protection",
    "keep_protected",
    "kinds_of_number",
    "protect",
    "protections",
]


async def kinds_of_number(database: Database, asker: Asker) -> list[tuple[str, str]]:
    """Kinds of identifier that a person may be marked by: the kind, and `person` or `group`."""
    must_hold(asker, PROTECT)
    async with database.transaction(()) as connection:
        return await records.identifier_types(connection) or [("UIN", "person")]


async def protect(
    database: Database,
    blind_index: BlindIndex,
    asker: Asker,
    subject: Subject,
    *,
    reason: str,
    until: date | None,
    at: datetime,
) -> None:
    """Protects whoever carries the number, in every programme, whatever the asker's reach: nothing
    of them is shown. NotUnderstood, with its field, says what to mend."""
    must_hold(asker, PROTECT)
    index = blind_index.of(subject.kind, subject.value)
    await mark.mark(
        database,
        asker,
        await all_programmes(database),
        index=index,
        reason=reason,
        until=until,
        at=at,
    )


async def protections(database: Database, asker: Asker) -> list[Protection]:
    """Those in force first; never of whom."""
    async with database.transaction(()) as connection:
        return await mark.protections(connection, asker)


async def end_protection(
    database: Database, asker: Asker, number: int, why: str, at: datetime
) -> None:
    """Ends one; Conflict where it is over."""
    await mark.end(database, asker, number, why, at)


async def keep_protected(database: Database, at: datetime) -> int:
    """Hides what was reported since; how many records are newly hidden."""
    return await mark.keep(database, await all_programmes(database), at)
