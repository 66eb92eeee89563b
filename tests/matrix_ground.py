"""A country with somebody in each cell of the matrix, and each operation of the matrix carried out.

For every programme and area of tests/matrix.py there are two people whom a possible link joins, a
finding and a case about the first of them; for every programme one delivery with a refused record.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from ibr.access.budgets.spend import Budgets
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.db.pool import Database
from ibr.deliveries.report.model import DeliveryFilter
from ibr.errors import NotAllowed, NotFound
from ibr.identity.review.model import Wanted as WantedLinks
from ibr.identity.review.waiting import queue
from ibr.overlaps.cases.desk.look import Wanted as WantedCases
from ibr.overlaps.cases.desk.look import cases
from ibr.overlaps.cases.desk.one_case import one_case
from ibr.overlaps.cases.figures.look import figures
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.findings.desk.look import finding_counts, finding_list, one_finding
from ibr.overlaps.findings.model import Wanted as WantedFindings
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.country_today import country_today
from ibr.questions.kept import Kept
from ibr.questions.person_record import Subject, person_record
from ibr.questions.programme import one_programme
from ibr.questions.reporting import deliveries, one_delivery
from ibr.reporting.desk import feeds_seen, one_calendar
from ibr.subject.places import request_place
from ibr.subject.requests.look import request_to_answer, requests
from ibr.subject.view.own_view import own_view
from ibr.subject.visits.begin import begin_visit
from ibr.subject.visits.during import end_visit, visit_of
from ibr.subject.visits.model import Asked as AskedVisit
from tests import people_web
from tests.cases_web import TERMS
from tests.matrix import AREA_REACH, AREAS, PROGRAMMES, REACH, Cell, Seen
from tests.web_country import KEYRING

NOW: Final = people_web.NOW
# A check of its own for each cell, so that counts by check are counts by cell.
CHECKS: Final = dict(
    zip([(p, a) for p in PROGRAMMES for a in AREAS], sorted(BY_CODE), strict=False)
)
_CHANGED_OFF: Final = ("must_hold", "must_hold_purpose")
_REGION: Final = people_web._COLUMNS["beneficiary_record"].split().index("region_code")


class Ground(msgspec.Struct, frozen=True):
    """What stands where, by programme and area."""

    programmes: dict[str, int]
    records: dict[tuple[str, str], int]
    findings: dict[tuple[str, str], int]
    cases: dict[tuple[str, str], int]
    requests: dict[tuple[str, str], int]
    sealer: Any
    blind_index: Any


async def fill(dsn: str) -> Ground:
    """Fills a migrated database."""
    made = people_web.Country(Sealer(KEYRING), BlindIndex(KEYRING.index))
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await people_web._catalogues(connection, made, None)
        await connection.execute(
            "insert into area (code, parent, level, names) values ('R1-D1', 'R1', 2, '{}')"
        )
        records = {cell: _two_people(made, *cell) for cell in CHECKS}
        _deliveries(made)
        await connection.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        for table, rows in made.rows.items():
            columns = people_web._COLUMNS[table].split()
            marks = ", ".join(f"${number + 1}" for number in range(len(columns)))
            await connection.executemany(
                f"insert into {table} ({', '.join(columns)}) values ({marks})", rows
            )
        await connection.execute(
            """
            insert into snapshot (as_known_at, through_change, files, rows, vintages)
            values (now(), 0, '[]', '{}', '{}');
            insert into check_run (snapshot_no, check_code, check_version, parameters, period_from,
                                   period_to, state, digest, started_at, finished_at)
            values (1, 'K01', 1, '{}', '2026-10-01', '2026-10-31', 'done', '', now(), now())
            """
        )
        await _contacts(connection, made)
        found = {cell: await _finding(connection, made, cell, records[cell]) for cell in CHECKS}
        asked = {cell: await _request(connection, made, cell, records[cell]) for cell in CHECKS}
        for cell in CHECKS:
            await _pair(connection, made.programmes[cell[0]], records[cell])
        return Ground(
            made.programmes,
            records,
            {cell: finding for cell, (finding, _) in found.items()},
            {cell: case for cell, (_, case) in found.items()},
            asked,
            made.sealer,
            made.blind_index,
        )
    finally:
        await connection.close()


def uin_of(programme: str, area: str) -> str:
    """The number of the somebody of a cell."""
    return f"UIN-{PROGRAMMES.index(programme)}{AREAS.index(area)}000-X"


def _two_people(made: people_web.Country, programme: str, area: str) -> int:
    """The number of the first one's record; the second one's follows it."""
    facts = next(each for each in people_web._PROGRAMMES if each["code"] == programme)
    first = made.next_record + 1
    for uin in (uin_of(programme, area), uin_of(programme, area).replace("000", "001")):
        people_web._record(made, facts, uin, "", date(1956, 3, 1), precision=3, status=1)
        row = list(made.rows["beneficiary_record"][-1])
        # Of a district only its own code may be reported; what it lies in is known to the areas.
        row[_REGION : _REGION + 2] = (None, area) if "-" in area else (area, None)
        made.rows["beneficiary_record"][-1] = tuple(row)
    return first


def _deliveries(made: people_web.Country) -> None:
    for number, code in enumerate(PROGRAMMES, 1):
        programme, at = made.programmes[code], datetime(2026, 11, number, tzinfo=UTC)
        made.add(
            "delivery",
            *(number, 1, [programme], f"m{number}".encode(), "message", "2026-10", 1, "delta"),
            *(at, b"d", 1, "k", 1, "done", 1, 0, 0, 1, 0, "{}", 0.0, at, at),
        )
        made.add("refused_record", number, 0, "r", programme, "sex", "sex.unknown", "Send it.")


async def _contacts(connection: asyncpg.Connection, made: people_web.Country) -> None:
    """Somebody named for each programme, a rule and a reminder."""
    for number in (made.programmes[code] for code in PROGRAMMES):
        await connection.execute(
            """
            insert into reporting_contact (programme_id, email, language, before_days,
                                           escalation_days, known_at, changed_by)
            values ($1, 'reports@agency.example', 'en', 3, 14, now(), 'somebody')
            """,
            number,
        )
        await connection.execute(
            """
            insert into reporting_rule (programme_id, first_month, cycle_months, report_days,
                                        known_at, changed_by)
            values ($1, '2026-10', 1, 15, now(), 'somebody')
            """,
            number,
        )
        await connection.execute(
            """
            insert into report_reminder (programme_id, last_month, step, first_month, due_on,
                                         made_at, mail, message_id)
            values ($1, '2026-09', 'late', '2026-09', '2026-10-15', now(), 'none', '<x@y>')
            """,
            number,
        )


async def _finding(
    connection: asyncpg.Connection, made: people_web.Country, cell: tuple[str, str], record: int
) -> tuple[int, int]:
    programme, check = made.programmes[cell[0]], CHECKS[cell]
    case: int = await connection.fetchval(
        """
        insert into overlap_case (programme_id, record_id, checks, severity, region_code, state,
                                  step_no, opened_at, since)
        values ($1, $2, array[$3], 2, 'R8', 'triage', 1, $4, $4) returning case_id
        """,
        programme,
        record,
        check,
        NOW,
    )
    finding: int = await connection.fetchval(
        """
        insert into finding (check_code, same_as, check_version, severity, programme_id, record_id,
                             facts, first_run, last_run, found_at, case_id)
        values ($1, $2, 99, 2, $3, $4, '{}', 1, 1, $5, $6) returning finding_id
        """,
        check,
        str(record).encode(),
        programme,
        record,
        NOW,
        case,
    )
    return finding, case


async def _request(
    connection: asyncpg.Connection, made: people_web.Country, cell: tuple[str, str], record: int
) -> int:
    """A correction that the somebody of a cell asked for in a visit that is over."""
    visit: int = await connection.fetchval(
        """
        insert into help_visit (visit_no, officer_id, subjects, proved, proof_code, consent_version,
                                consent_digest, consent_language, consent_by, consent_at, begun_at,
                                until, ended_at, ended_how)
        values (nextval('ibr.help_visit_no'), 9, array['s'::bytea], 'x', 'passport', 'v',
                sha256('v'::bytea), 'en', 'person', $1::timestamptz, $1, $1 + interval '1 minute',
                $1, 'officer')
        returning visit_no
        """,
        NOW,
    )
    number: int = await connection.fetchval("select nextval('ibr.person_request_no')")
    proved = json.dumps({"kind": "UIN", "value": uin_of(*cell), "birth_date": "1956-03-01"})
    sealed = made.sealer.seal(proved.encode(), request_place("proved", record, number))
    wished = made.sealer.seal(b"1957-03-01", request_place("wished", record, number))
    await connection.execute(
        """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, wished, before, opened_at, due_at)
        values ($1, $2, $3, $4, $5, 0, 'correction', 'birth_date', $6, $7, 'b', $8, $8)
        """,
        *(number, visit, made.programmes[cell[0]], record),
        *(made.blind_index.of("UIN", uin_of(*cell)), sealed, wished, NOW),
    )
    return number


async def _pair(connection: asyncpg.Connection, programme: int, record: int) -> None:
    await connection.execute(
        """
        insert into link_pair (low_record, low_no, high_record, high_no, low_programme,
                               high_programme, weight, levels, state, run_no, first_at)
        values ($1, 0, $2, 0, $3, $3, 5, '{}', 'open', 1, $4)
        """,
        record,
        record + 1,
        programme,
        NOW,
    )


def asker_of(ground: Ground, role: str) -> Asker:
    """An officer of this role with the reach of the matrix."""
    rights = RIGHTS[role]
    return Asker(
        kind="officer",
        id=1,
        name="Omar Officer",
        purpose=Purpose(rights.purposes[0] if rights.purposes else "complaint"),
        ask=frozenset(ground.programmes[code] for code in REACH),
        scopes=rights.scopes,
        areas=AREA_REACH,
    )


class Desk(msgspec.Struct, frozen=True):
    """What an operation is given."""

    database: Database
    ground: Ground
    asker: Asker
    cell: Cell

    @property
    def place(self) -> tuple[str, str]:
        return self.cell.programme, self.cell.area

    @property
    def programme(self) -> int:
        return self.ground.programmes[self.cell.programme]


async def _look_up(desk: Desk) -> bool:
    found = await person_record(
        desk.database,
        desk.ground.sealer,
        desk.ground.blind_index,
        desk.asker,
        subject=Subject("UIN", uin_of(*desk.place)),
        budgets=Budgets(),
        at=NOW,
    )
    return bool(found.records)


async def _count_people(desk: Desk) -> bool:
    seen = await one_programme(desk.database, Kept(), desk.asker, desk.cell.programme, NOW)
    # Two live in each place. Where only the district was reported, no region is named.
    region = None if "-" in desk.cell.area else desk.cell.area
    reached = {each.region.code if each.region else None: each.reached for each in seen.regions}
    assert reached.get(region, 0) in (0, 2)
    assert seen.current == sum(reached.values()) == seen.people
    return reached.get(region, 0) == 2


async def _list_deliveries(desk: Desk) -> bool:
    wanted = DeliveryFilter(programme_id=desk.programme)
    return bool((await deliveries(desk.database, desk.asker, wanted, 1)).total)


async def _open_delivery(desk: Desk) -> bool:
    number = PROGRAMMES.index(desk.cell.programme) + 1
    return bool((await one_delivery(desk.database, desk.asker, number, 1)).refused)


async def _list_findings(desk: Desk) -> bool:
    wanted = WantedFindings(check=CHECKS[desk.place])
    found = await finding_list(desk.database, desk.asker, wanted, 1)
    assert found.total == len(found.findings)
    return bool(found.total)


async def _open_finding(desk: Desk) -> bool:
    number = desk.ground.findings[desk.place]
    return (await one_finding(desk.database, desk.asker, number)).finding_id == number


async def _count_findings(desk: Desk) -> bool:
    counted = {each.check: each.open for each in await finding_counts(desk.database, desk.asker)}
    # A count so small that it is not told is a count nevertheless.
    return counted.get(CHECKS[desk.place], 0) != 0


async def _list_cases(desk: Desk) -> bool:
    wanted = WantedCases(check=CHECKS[desk.place])
    found = await cases(desk.database, desk.asker, wanted, 1, NOW)
    assert found.total == len(found.lines)
    return bool(found.total)


async def _open_case(desk: Desk) -> bool:
    number = desk.ground.cases[desk.place]
    seen = await one_case(desk.database, desk.ground.sealer, desk.asker, number, NOW, TERMS)
    return bool(seen.people)


async def _count_cases(desk: Desk) -> bool:
    found = await figures(desk.database, desk.asker, NOW)
    return CHECKS[desk.place] in {line.which for line in found.checks}


async def _queue_of_links(desk: Desk) -> bool:
    found = await queue(desk.database, desk.asker, WantedLinks(), 1, NOW)
    assert found.total == len(found.pairs)
    records = {each.pair[0].record_id for each in found.pairs}
    return desk.ground.records[desk.place] in records


async def _serve_person(desk: Desk) -> bool:
    """Begins a visit, shows the own view and ends the visit. By the clock on the wall, which the
    database goes by."""
    at, ground = datetime.now(UTC), desk.ground
    asked = AskedVisit(
        kind="UIN",
        value=uin_of(*desk.place),
        birth_date="1956-03-01",
        proof="passport",
        agreed_by="person",
        agreed=True,
        language="en",
    )
    number = await begin_visit(
        desk.database,
        ground.sealer,
        ground.blind_index,
        desk.asker,
        asked,
        budgets=Budgets(),
        at=at,
    )
    if number is None:
        return False
    visit = await visit_of(desk.database, ground.sealer, desk.asker, number, at)
    seen = await own_view(desk.database, ground.sealer, desk.asker, visit, at)
    await end_visit(desk.database, desk.asker, number, at)
    return [each.record_id for each in seen.records] == [ground.records[desk.place]]


async def _list_requests(desk: Desk) -> bool:
    found = await requests(desk.database, desk.asker, "open", 1, NOW)
    assert found.total == len(found.requests)
    return desk.ground.requests[desk.place] in {each.request_no for each in found.requests}


async def _open_request(desk: Desk) -> bool:
    found = await request_to_answer(
        desk.database,
        desk.ground.sealer,
        desk.asker,
        desk.ground.requests[desk.place],
        budgets=Budgets(),
        at=NOW,
    )
    return found.whose is not None and found.whose.wished == "1957-03-01"


async def _see_feeds(desk: Desk) -> bool:
    found = (await feeds_seen(desk.database, desk.asker, NOW)).feed(desk.cell.programme)
    # The catalogue is everybody's; what came is not.
    return found is not None and any(each.first_at for each in found.slots)


async def _see_contact(desk: Desk) -> bool:
    seen = await one_calendar(desk.database, desk.asker, desk.cell.programme, NOW)
    return bool(seen.contacts) and bool(seen.rules)


async def _news_of_today(desk: Desk) -> bool:
    found = await country_today(desk.database, desk.asker, NOW)
    return any(desk.programme in each.programme_ids for each in found.last_deliveries)


DO: Final[dict[str, Callable[[Desk], Awaitable[bool]]]] = {
    "look_up": _look_up,
    "count_people": _count_people,
    "list_deliveries": _list_deliveries,
    "open_delivery": _open_delivery,
    "list_findings": _list_findings,
    "open_finding": _open_finding,
    "count_findings": _count_findings,
    "list_cases": _list_cases,
    "open_case": _open_case,
    "count_cases": _count_cases,
    "queue_of_links": _queue_of_links,
    "serve_person": _serve_person,
    "list_requests": _list_requests,
    "open_request": _open_request,
    "see_feeds": _see_feeds,
    "see_contact": _see_contact,
    "news_of_today": _news_of_today,
}


async def outcome(database: Database, ground: Ground, cell: Cell) -> Seen:
    """What comes of a cell."""
    desk = Desk(database, ground, asker_of(ground, cell.who), cell)
    with suppress(NotFound):
        try:
            return "seen" if await DO[cell.operation](desk) else "nothing"
        except NotAllowed:
            return "refused"
    return "nothing"


def switch_the_gate_off(monkeypatch: pytest.MonkeyPatch) -> int:
    """Nothing refuses an officer any more; how many places were changed."""
    changed = 0
    for name, module in list(sys.modules.items()):
        if not name.startswith("ibr."):
            continue
        for check in _CHANGED_OFF:
            if hasattr(module, check):
                monkeypatch.setattr(module, check, lambda *_: None)
                changed += 1
    return changed
