"""Letters of a case: made once, sealed with their digest, read again as they were printed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.db.pool import Connection
from ibr.errors import NotFound, Unavailable
from ibr.overlaps.cases import store
from ibr.overlaps.cases.model import Action, Case, Terms
from ibr.protection.seal import Sealer, place_of

LetterKind = Literal["information", "decision", "appeal"]

# Which steps write to the person.
LETTERS: Final[dict[Action, LetterKind]] = {
    "request_information": "information",
    "notify": "decision",
    "uphold_appeal": "appeal",
    "reject_appeal": "appeal",
}


class Letter(msgspec.Struct, frozen=True):
    """A letter in plain words, ready for print."""

    language: str
    title: str
    to: str
    sender: str
    reference: str
    date: str
    paragraphs: list[str]


class LetterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter may say: dates, outcome and checks, and who it is for."""

    kind: LetterKind
    case: Case
    terms: Terms
    at: datetime
    name: str
    programme: dict[str, str]
    programme_code: str


Compose = Callable[[LetterFacts], Letter]


async def keep(
    connection: Connection,
    sealer: Sealer,
    case: Case,
    kind: LetterKind,
    letter: Letter,
    by: int,
    at: datetime,
) -> int:
    """Seals the letter and keeps it with its digest; its number."""
    number = await store.next_letter(connection)
    content = msgspec.json.encode(letter)
    await store.add_letter(
        connection,
        number,
        case.case_id,
        case.programme_id,
        kind,
        letter.language,
        sealer.seal(content, place_of("case_letter", "content", number)),
        hashlib.sha256(content).digest(),
        by,
        at,
    )
    return number


class LetterSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A kept letter, opened."""

    letter_no: int
    case_id: int
    kind: str
    digest: bytes
    made_at: datetime
    voided_at: datetime | None
    letter: Letter


async def opened(
    connection: Connection, sealer: Sealer, case_id: int, letter_no: int
) -> LetterSeen:
    """A letter of a case as it was made; Unavailable where it is not what was made."""
    row = await store.letter(connection, case_id, letter_no)
    if row is None:
        raise NotFound("case.no_letter", "There is no such letter.")
    content = sealer.open(row["content"], place_of("case_letter", "content", letter_no))
    if hashlib.sha256(content).digest() != row["digest"]:
        raise Unavailable(
            "case.letter_changed",
            "The letter is not as it was made. Find out who wrote to the database besides the "
            "registry, and restore the row.",
        )
    return LetterSeen(
        letter_no=letter_no,
        case_id=case_id,
        kind=row["kind"],
        digest=row["digest"],
        made_at=row["made_at"],
        voided_at=row["voided_at"],
        letter=msgspec.json.decode(content, type=Letter),
    )
