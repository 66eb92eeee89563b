"""The own view of a visitor: benefits, data by source and date, who asked and why, decisions.

Another person's acts are never in it. Of a household there is only what it says of the visitor;
of officers there is role and office; of partners' and officers' own words there is nothing, for
they may speak of others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker
from ibr.audit.questions_asked import record_question
from ibr.db.pool import Connection, Database
from ibr.overlaps.cases.letters import opened
from ibr.protection.seal import Sealer, place_of
from ibr.registry.overview import counts
from ibr.registry.overview.model import ProgrammeFacts
from ibr.subject.content import fields_of, person_in
from ibr.subject.view import store
from ibr.subject.view.model import (
    AskedAbout,
    FieldSeen,
    MonthGiven,
    OwnRecord,
    OwnView,
    StatusSeen,
    ToldDecision,
)
from ibr.subject.visits.during import over, within
from ibr.subject.visits.model import OF_THE_PERSON, HelpVisit, Proved

_PERSON_UNIT: Final = 1
_MOST_VERSIONS: Final = 40
_MOST_MONTHS: Final = 1500
_MOST_QUESTIONS: Final = 300
_MOST_LETTERS: Final = 20
_EVERY_PROGRAMME: Final = "registry"


async def own_view(
    database: Database, sealer: Sealer, asker: Asker, visit: HelpVisit, at: datetime
) -> OwnView:
    """All that is the visitor's; Conflict where the visit has ended meanwhile."""
    async with within(database, asker, visit) as connection:
        rows = await store.records(connection, list(visit.records))
        if not rows:
            raise over()
        if asker.kind == "person":
            # What a person sees by themselves is in the ledger like every look at them.
            await record_question(
                connection,
                asker,
                question="person_record",
                subjects=visit.subjects,
                programme_id=None,
                answer="records",
                message_key=None,
                at=at,
            )
        facts = {
            each.programme_id: each for each in await counts.programmes(connection, asker.reach)
        }
        found = await _records(connection, sealer, visit, rows, facts)
        asked = await store.asked(connection, visit.subjects, _MOST_QUESTIONS)
        codes = {number: each.code for number, each in facts.items()}
        decisions = await _decisions(connection, sealer, visit, codes)
        every = await counts.numbers_by_code(connection)
    names = [field.value for each in found for field in each.fields if field.code == "name"]
    return OwnView(
        at=at,
        name=names[0] if names else "",
        birth_date=visit.proved.birth_date,
        number=(visit.proved.kind, visit.proved.value),
        records=found,
        asked=[_asked(row, codes) for row in asked],
        asked_cut=len(asked) == _MOST_QUESTIONS,
        decisions=decisions,
        whole=asker.areas is None and set(every.values()) <= asker.reach,
    )


async def _records(
    connection: Connection,
    sealer: Sealer,
    visit: HelpVisit,
    rows: Sequence[Record],
    facts: Mapping[int, ProgrammeFacts],
) -> list[OwnRecord]:
    own = [row["record_id"] for row in rows if visit.records[row["record_id"]] == OF_THE_PERSON]
    before = _by_record(await store.versions(connection, list(visit.records), _MOST_VERSIONS))
    statuses = _by_record(await store.statuses(connection, own))
    rows_given = await store.given(connection, own, _MOST_MONTHS)
    given = _by_record(rows_given)
    found = []
    for row in rows:
        number, role = row["record_id"], visit.records[row["record_id"]]
        programme, mine = facts[row["programme_id"]], role == OF_THE_PERSON
        months = _months(given.get(number, []))
        found.append(
            OwnRecord(
                record_id=number,
                programme_id=programme.programme_id,
                programme=programme.code,
                names=programme.names,
                as_member=not mine,
                of_household=row["assistance_unit"] != _PERSON_UNIT,
                status=row["status"] if mine else None,
                status_at=row["status_at"] if mine else None,
                enrolled_at=row["enrolled_at"] if mine else None,
                fields=_fields(sealer, row, before.get(number, []), role, visit.proved),
                reported_at=row["as_of"],
                known_at=row["known_at"],
                statuses=[
                    StatusSeen(each["status"], each["changed_at"])
                    for each in statuses.get(number, [])
                ],
                months=months,
                money=_sum(months),
                cut=len(rows_given) == _MOST_MONTHS,
            )
        )
    # What the person is in themselves first, then households that name them.
    return sorted(found, key=lambda each: (each.as_member, each.programme, each.record_id))


def _by_record(rows: Sequence[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for row in rows:
        found.setdefault(row["record_id"], []).append(row)
    return found


def _fields(
    sealer: Sealer, row: Record, before: Sequence[Record], role: int, proved: Proved
) -> list[FieldSeen]:
    """Each field with the oldest report since which it has stood as it stands."""
    now = _said(sealer, row["personal"], "beneficiary_record", row["record_id"], role, proved)
    since = dict.fromkeys(now, row["as_of"])
    going = dict(now)
    for each in before:
        then = _said(
            sealer, each["personal"], "beneficiary_version", each["record_id"], role, proved
        )
        going = {code: value for code, value in going.items() if then.get(code) == value}
        since |= dict.fromkeys(going, each["as_of"])
    return [FieldSeen(code, value, since[code]) for code, value in now.items()]


def _said(
    sealer: Sealer, sealed: bytes, table: str, record: int, role: int, proved: Proved
) -> dict[str, str]:
    content = sealer.open(sealed, place_of(table, "personal", record))
    return fields_of(person_in(content, role, proved.kind, proved.value))


def _months(rows: Sequence[Record]) -> list[MonthGiven]:
    found: dict[object, MonthGiven] = {}
    for row in rows:
        month = found.get(row["month"])
        if month is None:
            month = found[row["month"]] = MonthGiven(
                month=row["month"], money={}, things={}, benefits=0
            )
        money, things = dict(month.money), dict(month.things)
        if row["value_minor"] is not None and row["currency"]:
            money[row["currency"]] = money.get(row["currency"], 0) + row["value_minor"]
        elif row["description"]:
            things[row["description"]] = things.get(row["description"], 0) + (row["quantity"] or 1)
        found[row["month"]] = MonthGiven(
            month=month.month, money=money, things=things, benefits=month.benefits + row["benefits"]
        )
    return list(found.values())


def _sum(months: Sequence[MonthGiven]) -> dict[str, int]:
    found: dict[str, int] = {}
    for month in months:
        for currency, minor in month.money.items():
            found[currency] = found.get(currency, 0) + minor
    return dict(sorted(found.items()))


def _asked(row: Record, codes: Mapping[int, str]) -> AskedAbout:
    role = _role(row["roles"], row["purpose_code"]) if row["officer_id"] is not None else None
    offices = json.loads(row["offices"]).get(role) if role else None
    known = row["programme_id"] is None or row["programme_id"] in codes
    return AskedAbout(
        at=row["at"],
        partner=row["partner"],
        role=role,
        office=tuple(codes[each] for each in offices or () if each in codes),
        programme=codes.get(row["programme_id"]),
        question=row["question"],
        purpose=row["purpose_code"],
        # What was answered about a programme out of the desk's reach is not the desk's to know.
        answer=row["answer"] if known else "",
        by_self=row["by_self"],
    )


def _role(held: Sequence[str], purpose: str) -> str:
    """Of the roles that an officer held then, the one whose work such a question is."""
    fitting = [each for each in held if each in RIGHTS and purpose in RIGHTS[each].purposes]
    return (fitting or list(held) or [_EVERY_PROGRAMME])[0]


async def _decisions(
    connection: Connection, sealer: Sealer, visit: HelpVisit, codes: Mapping[int, str]
) -> list[ToldDecision]:
    found = []
    for row in await store.letters(connection, visit.own, _MOST_LETTERS):
        seen = await opened(connection, sealer, row["case_id"], row["letter_no"])
        found.append(
            ToldDecision(
                programme=codes.get(row["programme_id"], ""),
                kind=row["kind"],
                made_at=row["made_at"],
                letter=seen.letter,
            )
        )
    return found
