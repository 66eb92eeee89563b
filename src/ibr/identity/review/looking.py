"""One possible link as a reviewer sees it: both sides, what speaks for and against, the history.

Every look is written to the ledger of both people in the transaction that reads their records.
Whoever is to give a second opinion is not told the first one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import DECIDE_LINKS, REVIEW, must_hold, must_hold_purpose
from ibr.asker import Asker
from ibr.audit.events import QUESTION_LINK
from ibr.audit.questions_asked import ledger_row, record_questions
from ibr.audit.record import record_event
from ibr.codelists.enrolment_status import COUNTS_AS_ENROLLED, SUSPENDED
from ibr.db.pool import Connection, Database
from ibr.errors import NotAllowed
from ibr.identity.model import Pair
from ibr.identity.persons.decide import decisions_about, open_note
from ibr.identity.review import store
from ibr.identity.review.model import WANTED, Given, Look, Row, no_such_pair
from ibr.identity.review.rules import LEASE, look_of
from ibr.identity.review.shown import store as shown
from ibr.identity.review.shown.marks import Line, lines
from ibr.identity.review.shown.sides import Written, without_foundational, written_of
from ibr.identity.review.waiting import ProgrammeNamed, model_of, programmes_of
from ibr.identity.weights.comparisons import COMPARISONS, UIN
from ibr.identity.weights.explain import Contribution, explain_levels
from ibr.identity.weights.model import UNKNOWN
from ibr.identity.weights.score import weigh
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import decode_document

PURPOSES: Final = ("identity_review", "audit")
"""For which an officer may see the two records of a pair, the first they hold."""
_MONTHS: Final = timedelta(days=750)
_MOST_MONTHS: Final = 400
_MOST_STATUSES: Final = 60


class MonthGiven(msgspec.Struct, frozen=True):
    """What one record received in a month, of one kind."""

    month: date
    benefit_type: int
    currency: str
    benefits: int
    value_minor: int


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One appearance with its enrolment; `written` is None where it is reported no longer."""

    record_id: int
    programme_id: int
    unit: int
    member_no: int | None
    written: Written | None
    as_of: datetime
    enrolled_at: datetime | None
    status: int
    status_at: datetime
    benefit_count: int
    last_benefit_at: datetime | None
    months: list[MonthGiven]
    statuses: list[tuple[datetime, int]]
    elsewhere: dict[int, int]
    """Other appearances of the same person, how many by programme."""
    person_id: int | None


class Explained(msgspec.Struct, frozen=True):
    """What the weight is made of."""

    weight: float
    parts: tuple[Contribution, ...]
    review: float
    link: float


class PairSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one reviewer sees of one pair."""

    pair: Pair
    why: str
    money_minor: int
    first_at: datetime
    look: Look
    sides: tuple[Side, Side]
    lines: list[Line]
    explained: Explained | None
    given: list[Given]
    blind: bool
    four_eyes: bool
    looked_at_by: str | None
    kept_until: datetime | None
    may_answer: bool
    programmes: dict[int, ProgrammeNamed]
    areas: dict[str, dict[str, str]]

    @property
    def one_person(self) -> bool:
        """Whether both are held to be one person at the moment."""
        low, high = self.sides
        return low.person_id is not None and low.person_id == high.person_id


async def open_pair(
    database: Database,
    sealer: Sealer,
    blind_index: BlindIndex,
    asker: Asker,
    pair: Pair,
    at: datetime,
) -> PairSeen:
    """The pair, kept for the officer where they are to answer it; NotFound out of reach."""
    must_hold(asker, REVIEW)
    must_hold_purpose(asker)
    if asker.purpose.code not in PURPOSES:
        raise NotAllowed(
            "purpose.not_allowed", "Your role does not allow a look at possible links."
        )
    async with database.transaction(asker.reach, asker=asker, right=REVIEW) as connection:
        row = await row_of(connection, pair, asker, hold=False)
        found = await shown.sides(connection, pair)
        if row is None or len(found) != len(pair):
            raise no_such_pair()
        await write_down(connection, asker, found, at)
        look: Look = look_of(row, asker.id) if DECIDE_LINKS in asker.scopes else "settled"
        kept = look in WANTED and await store.take(connection, pair, asker.id, at, at + LEASE)
        other = None if kept else await store.holder(connection, pair, at)
        sides = await _sides(connection, sealer, blind_index, found, pair, at)
        if look == "known":
            sides = (_hidden(sides[0]), _hidden(sides[1]))
        low, high = sides[0].written, sides[1].written
        given = await given_of(connection, sealer, pair)
        programmes, areas = await _named(connection, asker, sides)
        return PairSeen(
            pair=pair,
            why=row.why,
            money_minor=row.money_minor,
            first_at=row.first_at,
            look=look,
            sides=sides,
            lines=lines(low, high) if low and high else [],
            explained=await _explained(connection, row, low, high),
            given=visible(given, look, asker.id),
            blind=look in ("second", "given"),
            four_eyes=await needs_four_eyes(connection, row),
            looked_at_by=other["name"] if other is not None and look in WANTED else None,
            kept_until=at + LEASE if kept else None,
            may_answer=kept,
            programmes=programmes,
            areas=areas,
        )


async def _named(
    connection: Connection, asker: Asker, sides: Sequence[Side]
) -> tuple[dict[int, ProgrammeNamed], dict[str, dict[str, str]]]:
    """The programmes within reach and the areas that both sides speak of, by name."""
    ids = frozenset(each.programme_id for each in sides)
    ids |= {number for each in sides for number in each.elsewhere}
    people = [each.written for each in sides if each.written]
    codes = {code for each in people for code in (each.region, each.district) if code}
    areas = await shown.areas(connection, codes)
    programmes = await programmes_of(connection, ids & asker.reach)
    return programmes, {each["code"]: json.loads(each["names"]) for each in areas}


async def row_of(connection: Connection, pair: Pair, asker: Asker, *, hold: bool) -> Row | None:
    """The pair as it stands in the tables, within the officer's reach."""
    found = await store.row(connection, pair, asker.id, asker.reach, hold=hold)
    if found is None:
        return None
    return Row(
        pair=pair,
        programmes=(found["low_programme"], found["high_programme"]),
        weight=found["weight"],
        state=found["state"],
        why=found["why"],
        money_minor=found["money_minor"],
        first_at=found["first_at"],
        model_no=found["model_no"],
        levels=tuple(found["levels"]),
        second=found["second"],
        second_decision=found["second_decision"],
        not_by=tuple(found["not_by"] or ()),
        truth=found["truth"],
        known_weight=found["known_weight"],
        answered=found["answered"],
    )


async def needs_four_eyes(connection: Connection, row: Row) -> bool:
    """Whether both receive money in the same programme: then nobody decides alone."""
    if row.programmes[0] != row.programmes[1]:
        return False
    records = sorted({each.record_id for each in row.pair})
    receiving = await store.receiving(connection, records, COUNTS_AS_ENROLLED, SUSPENDED)
    return receiving == len(records)


async def given_of(connection: Connection, sealer: Sealer, pair: Pair) -> list[Given]:
    """What was decided about the pair so far, the oldest first."""
    kept = await decisions_about(connection, *pair)
    names = await shown.officers(connection, {each.decided_by for each in kept})
    return [
        Given(
            decision_no=each.decision_no,
            decision=each.decision,
            opinion=each.opinion,
            reason_code=each.reason_code,
            decided_by=each.decided_by,
            decided_at=each.decided_at,
            four_eyes=each.four_eyes,
            officer=names.get(each.decided_by, ""),
            note=open_note(sealer, each),
        )
        for each in kept
    ]


def visible(given: Sequence[Given], look: Look, officer: int) -> list[Given]:
    """The decisions that this officer may know of: while an opinion is still to be given without
    knowing the other, only their own."""
    if look in ("second", "given", "known"):
        return [each for each in given if each.decided_by == officer]
    return list(given)


async def write_down(
    connection: Connection, asker: Asker, found: Sequence[Record], at: datetime
) -> None:
    """The look at these records, in the ledger of each person and in the audit trail."""
    question_id = uuid.uuid4()
    # Where both carry the same number they are one subject of the ledger already.
    subjects = {each["subject_index"]: each for each in reversed(found)}
    rows = [
        ledger_row(
            asker,
            question="possible_link",
            question_id=question_id,
            subject=each["subject_index"],
            programme_id=each["programme_id"],
            answer="records",
            message_key=None,
            at=at,
        )
        for each in subjects.values()
    ]
    await record_questions(connection, rows)
    await record_event(
        connection,
        kind=QUESTION_LINK,
        asker=asker,
        details={"purpose": asker.purpose.code, "records": len(found)},
        at=at,
    )


async def _sides(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    found: Sequence[Record],
    pair: Pair,
    at: datetime,
) -> tuple[Side, Side]:
    records = [row["record_id"] for row in found]
    months = await shown.months(connection, records, at - _MONTHS, _MOST_MONTHS)
    statuses = await shown.statuses(connection, records, _MOST_STATUSES)
    persons = [row["person_id"] for row in found if row["person_id"] is not None]
    elsewhere = await shown.others_of(connection, persons, pair)
    low, high = (
        Side(
            record_id=row["record_id"],
            programme_id=row["programme_id"],
            unit=row["assistance_unit"],
            member_no=row["member_no"],
            written=written_side(row, sealer, blind_index),
            as_of=row["as_of"],
            enrolled_at=row["enrolled_at"],
            status=row["status"],
            status_at=row["status_at"],
            benefit_count=row["benefit_count"],
            last_benefit_at=row["last_benefit_at"],
            months=[
                MonthGiven(*(each[key] for key in MonthGiven.__struct_fields__))
                for each in months
                if each["record_id"] == row["record_id"]
            ],
            statuses=[
                (each["changed_at"], each["status"])
                for each in statuses
                if each["record_id"] == row["record_id"]
            ],
            elsewhere={
                each["programme_id"]: each["many"]
                for each in elsewhere
                if each["person_id"] == row["person_id"]
            },
            person_id=row["person_id"],
        )
        for row in found
    )
    return low, high


def written_side(row: Record, sealer: Sealer, blind_index: BlindIndex) -> Written | None:
    """The person of a row of `shown.sides`, read from the sealed record."""
    if row["member_no"] is None:
        return None
    place = place_of("beneficiary_record", "personal", row["record_id"])
    document = decode_document(sealer.open(row["personal"], place))
    return written_of(
        document, row["assistance_unit"], row["programme_id"], row["member_no"], blind_index
    )


def _hidden(side: Side) -> Side:
    if side.written is None:
        return side
    return msgspec.structs.replace(side, written=without_foundational(side.written))


async def _explained(
    connection: Connection, row: Row, low: Written | None, high: Written | None
) -> Explained | None:
    model = await model_of(connection, row.model_no)
    if model is None or low is None or high is None:
        return None
    # What the run found is told, for it saw the households too; anew only where that is not kept.
    levels = (
        row.levels or weigh(row.pair[0], low.features, row.pair[1], high.features, model).levels
    )
    if row.truth is not None:
        levels = without_number(levels)
    parts = explain_levels(levels, model)
    return Explained(sum(each.bits for each in parts), tuple(parts), model.review, model.link)


def without_number(levels: tuple[int, ...]) -> tuple[int, ...]:
    """The levels as if the foundational numbers were not known."""
    return tuple(
        UNKNOWN if comparison is UIN else level
        for comparison, level in zip(COMPARISONS, levels, strict=True)
    )
