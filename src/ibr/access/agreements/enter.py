"""An agreement as somebody writes it down, read and held against what there is; and entered.

The plain form is the same everywhere: in a file for the command line, in a proposal that a second
person looks at, and in what `ibr agreements show --json` prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NoReturn

from ibr.access.agreements import store
from ibr.access.agreements.model import ACTS, ATTRIBUTES, Agreement, Clause, Wish
from ibr.asker import Asker
from ibr.audit.events import AGREEMENT_ADDED, AGREEMENT_ENDED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood

ALL: Final = "all"
MOST_CLAUSES: Final = 20
LONGEST_TERM: Final = timedelta(days=366 * 10)
_PURPOSE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEXTS: Final = {
    "legal_basis": 500,
    "legal_reference": 300,
    "legal_link": 500,
    "signed_by": 300,
}
_NAMES: Final = frozenset(
    {"partner", "signed_on", "document_digest", "valid_from", "valid_to", "takes_place_of"}
    | {"clauses", *_TEXTS}
)


def _wrong(field: str, reason: str) -> NoReturn:
    raise NotUnderstood("agreement.invalid", reason, field=field)


async def read_wish(connection: Connection, given: Mapping[str, Any]) -> Wish:
    """The agreement that is meant; NotUnderstood names the field and says what to do."""
    if not isinstance(given, Mapping) or not set(given) <= _NAMES:
        _wrong("agreement", f"An agreement has the fields {', '.join(sorted(_NAMES))}.")
    partners = {row["sender_id"]: row["partner_id"] for row in await store.parties(connection)}
    programmes = {row["code"]: row["programme_id"] for row in await store.programmes(connection)}
    partner = given.get("partner")
    if not isinstance(partner, str) or partner not in partners:
        _wrong("partner", "Name a partner that is registered, by its sender_id.")
    texts = {name: _text(given, name, longest) for name, longest in _TEXTS.items()}
    if not texts["legal_basis"]:
        _wrong("legal_basis", "Name the law or the agreement that allows it.")
    if texts["legal_link"] and not texts["legal_link"].startswith("https://"):
        _wrong("legal_link", "Give the address where the law can be read; it begins with https://.")
    first, last = _day(given, "valid_from"), _day(given, "valid_to")
    if first is None:
        _wrong("valid_from", "Write the first day as 2026-01-31.")
    if last is None or not first <= last <= first + LONGEST_TERM:
        _wrong("valid_to", "Write a last day after the first, at most ten years later.")
    digest = _text(given, "document_digest", 64)
    if digest and not _DIGEST.fullmatch(digest):
        _wrong("document_digest", "The digest is the SHA-256 of the document, 64 characters.")
    follows = given.get("takes_place_of")
    if follows is not None:
        await _must_be_theirs(connection, follows, partners[partner])
    return Wish(
        partner_id=partners[partner],
        legal_basis=texts["legal_basis"],
        legal_reference=texts["legal_reference"],
        legal_link=texts["legal_link"],
        signed_by=texts["signed_by"],
        signed_on=_day(given, "signed_on"),
        document_digest=bytes.fromhex(digest) if digest else None,
        valid_from=first,
        valid_to=last,
        takes_place_of=follows,
        clauses=_clauses(given.get("clauses"), programmes),
    )


async def _must_be_theirs(connection: Connection, number: object, partner_id: int) -> None:
    found = (
        await store.agreements(connection, number=number)
        if isinstance(number, int) and 0 < number < 2**31
        else []
    )
    if not found or found[0].partner_id != partner_id:
        _wrong("takes_place_of", "It can take the place of an agreement with this partner only.")


def _text(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else ""
    if not isinstance(value, str) or len(text) > longest or not text.isprintable():
        _wrong(name, f"{name} is a line of at most {longest} printed characters.")
    return text or None


def _day(given: Mapping[str, Any], name: str) -> date | None:
    value = given.get(name)
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        _wrong(name, "Write a day as 2026-01-31.")


def _clauses(given: object, programmes: Mapping[str, int]) -> tuple[Clause, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        _wrong("clauses", "Say in at least one clause what may be done.")
    if len(given) > MOST_CLAUSES:
        _wrong("clauses", f"An agreement has at most {MOST_CLAUSES} clauses.")
    return tuple(_clause(number, each, programmes) for number, each in enumerate(given, 1))


def _clause(number: int, given: object, programmes: Mapping[str, int]) -> Clause:
    fields = {"acts", "programmes", "attributes", "purposes"}
    if not isinstance(given, Mapping) or not set(given) <= fields:
        _wrong("clauses", f"A clause has the fields {', '.join(sorted(fields))}.")
    acts = _words(given.get("acts"), ACTS, "clauses", "What may be done is one or more of")
    if acts is None:
        _wrong("clauses", f"What may be done is one or more of {', '.join(ACTS)}.")
    named = _words(given.get("programmes"), programmes, "programmes", "The programmes are among")
    asked = _words(given.get("attributes"), ATTRIBUTES, "attributes", "What comes back is among")
    purposes = given.get("purposes")
    asks = set(acts) - {"report", "figures"}
    if purposes in (None, [], ()):
        if asks:
            _wrong("purposes", "Name the purposes for which it may ask, by their codes.")
        purposes = None
    elif not _are_purposes(purposes):
        _wrong("purposes", "A purpose is a code of letters, digits and . _ : - only.")
    return Clause(
        clause_no=number,
        acts=acts,
        programmes=None if named is None else tuple(programmes[code] for code in named),
        attributes=asked,
        purposes=None if purposes is None else tuple(dict.fromkeys(purposes)),
    )


def _are_purposes(given: object) -> bool:
    return isinstance(given, Sequence) and all(
        isinstance(each, str) and _PURPOSE.fullmatch(each) for each in given
    )


def _words(given: object, known: Any, field: str, say: str) -> tuple[str, ...] | None:
    """The words given, None for all of them; refused where one is not known or there is none."""
    if given in (ALL, [ALL]):
        return None
    if (
        not isinstance(given, Sequence)
        or isinstance(given, str)
        or not given
        or not all(isinstance(each, str) and each in known for each in given)
    ):
        _wrong(field, f"{say} {', '.join(known)}.")
    return tuple(dict.fromkeys(given))


def must_be_enterable(wish: Wish, at: datetime) -> None:
    """NotUnderstood for an agreement that is over before it is entered."""
    if wish.valid_to is not None and wish.valid_to < at.date():
        _wrong("valid_to", "Its last day has passed already; enter one that is to come.")


async def add(
    connection: Connection, wish: Wish, *, asker: Asker | None, who: str, at: datetime
) -> int:
    """Enters an agreement; what it takes the place of ends with the day before it begins."""
    number = await store.add(connection, wish, who, at)
    before = wish.takes_place_of
    if before is not None:
        await store.end(
            connection, before, wish.valid_from, who, f"Agreement {number} takes its place.", at
        )
    details: dict[str, object] = {
        "agreement": number,
        "partner": wish.partner_id,
        "until": wish.valid_to.isoformat() if wish.valid_to else None,
        "clauses": len(wish.clauses),
        "takes_place_of": before,
    }
    await record_event(connection, kind=AGREEMENT_ADDED, asker=asker, details=details, at=at)
    return number


async def end(
    connection: Connection,
    number: int,
    ended_from: date,
    why: str,
    *,
    asker: Asker | None,
    who: str,
    at: datetime,
) -> None:
    """Ends an agreement from a day on, today at the earliest; NotFound and Conflict say why not."""
    await must_be_open(connection, number, ended_from, why, at)
    if not await store.end(connection, number, ended_from, who, why.strip(), at):
        raise Conflict("agreement.over", "This agreement has ended already.")
    details: dict[str, object] = {"agreement": number, "from": ended_from.isoformat()}
    await record_event(connection, kind=AGREEMENT_ENDED, asker=asker, details=details, at=at)


async def must_be_open(
    connection: Connection, number: int, ended_from: date, why: str, at: datetime
) -> Agreement:
    """The agreement, where it can be ended like this."""
    found = await store.agreements(connection, number=number)
    if not found:
        raise NotFound("agreement.unknown", "There is no agreement of that number.")
    if found[0].ended_at is not None or found[0].state(at.date()) == "over":
        raise Conflict("agreement.over", "This agreement has ended already.")
    if ended_from < at.date():
        _wrong("ended_from", "It can end today or later, never in the past.")
    if not why.strip() or len(why.strip()) > 500:
        _wrong("why", "Say why, in at most 500 characters.")
    return found[0]


async def agreements_of(connection: Connection, number: int) -> list[Agreement]:
    """The agreement of this number; an empty list where there is none."""
    return await store.agreements(connection, number=number)


async def officer_name(connection: Connection, officer_id: int) -> str:
    """The name of an officer, for what is kept of who entered an agreement."""
    return await store.officer_name(connection, officer_id)
