"""What a visit at the help desk kept of a person goes with the person, out of backups as well."""

from __future__ import annotations

import asyncpg
import pytest

from ibr.clock import now
from ibr.errors import Unavailable
from ibr.keeping.erasure.carry_out import carry_out
from ibr.protection.seal import OF_A_RECORD
from ibr.subject.places import request_place, visit_place
from tests.door import Door, System
from tests.erasing import approved, eraser, record_of, with_record_keys
from tests.people import a_number, enrolled


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    with_record_keys(door)
    return door.partner()


def visited(door: Door, system: System) -> tuple[int, int, int]:
    """Record, visit and request of somebody who is being served."""
    number = a_number()
    assert system.report(enrolled(number, "DCI001")).outcomes == ["succ"]
    record = record_of(door, number, "DCI001")
    [row] = door.owner("select nextval('help_visit_no') as v, nextval('person_request_no') as q")
    visit, request = row["v"], row["q"]
    seal = door.services.sealer.seal
    door.owner(
        """
        insert into help_visit (visit_no, officer_id, subjects, proved, proof_code, consent_version,
                                consent_digest, consent_language, consent_by, consent_at, note,
                                begun_at, until)
        values ($1, $4, array['s'::bytea], $2, 'passport', 'v', sha256('v'), 'en', 'person',
                $3::timestamptz, 'a note', $3::timestamptz, $3::timestamptz + interval '15 minutes')
        """,
        visit,
        seal(b"{}", visit_place([record], visit)),
        now(),
        visit,
    )
    door.owner("insert into help_visit_record values ($1, $2, 0)", visit, record)
    door.owner(
        "insert into statement_given values (sha256(int8send($1)), sha256('f'), sha256('t'), "
        "$1::bigint, 'pdf', 'en', now())",
        visit,
    )
    door.owner(
        """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, wished, before, opened_at, due_at)
        select $1, $2, programme_id, record_id, 's', 0, 'correction', 'name', $3, $4, 'b', now(),
               now() + interval '30 days' from beneficiary_record where record_id = $5
        """,
        request,
        visit,
        seal(b"{}", request_place("proved", record, request)),
        seal(b"Another Name", request_place("wished", record, request)),
        record,
    )
    return record, visit, request


def kept(door: Door, visit: int) -> asyncpg.Record:
    [row] = door.owner(
        """
        select v.subjects, v.proved, v.note, v.ended_at,
               (select count(*) from help_visit_record where visit_no = $1) as records,
               (select count(*) from person_request where visit_no = $1) as requests,
               (select count(*) from statement_given where visit_no = $1) as statements
        from help_visit v where visit_no = $1
        """,
        visit,
    )
    return row


def wished(door: Door, request: int) -> bytes:
    [row] = door.owner("select wished from person_request where request_no = $1", request)
    sealed: bytes = row["wished"]
    return sealed


def test_visits_requests_and_statements_go_with_the_record(door: Door, system: System) -> None:
    record, visit, request = visited(door, system)
    beside, other_visit, other_request = visited(door, system)
    in_a_backup = {"visit": kept(door, visit)["proved"], "request": wished(door, request)}
    assert {each[0] for each in in_a_backup.values()} == {OF_A_RECORD}

    async def work() -> None:
        number = await approved(door, [record])
        ready = await eraser(door)
        try:
            await carry_out(ready, number)
        finally:
            await ready.database.close()

    door.run(work())
    gone = kept(door, visit)
    assert (gone["subjects"], gone["proved"], gone["note"]) == ([], b"", None)
    assert (gone["records"], gone["requests"], gone["statements"]) == (0, 0, 0)
    assert gone["ended_at"] is not None
    sealer = door.services.sealer
    for sealed, place in (
        (in_a_backup["visit"], visit_place([record], visit)),
        (in_a_backup["request"], request_place("wished", record, request)),
    ):
        with pytest.raises(Unavailable) as refused:
            sealer.open(sealed, place)
        assert refused.value.code == "seal.destroyed"
    # The control: of whoever was not erased all is there, the visit lasts and opens.
    left = kept(door, other_visit)
    assert (left["records"], left["requests"], left["statements"]) == (1, 1, 1)
    assert left["ended_at"] is None
    assert sealer.open(left["proved"], visit_place([beside], other_visit)) == b"{}"
    place = request_place("wished", beside, other_request)
    assert sealer.open(wished(door, other_request), place) == b"Another Name"
