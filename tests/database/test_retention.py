"""What is past its time goes, what is held stays, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ibr.access.approvals.acts import register
from ibr.access.approvals.decide import approve
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.deliveries.acts import reach_back
from ibr.deliveries.acts.model import Undoing
from ibr.errors import Conflict, NotAllowed, NotUnderstood, Unavailable
from ibr.keeping import change_rule, hold, look, rules
from ibr.keeping.disposing.dispose import dispose_due, keep_tonight
from ibr.keeping.model import CLASSES, Disposed
from ibr.protection.seal import place_of
from tests.door import Door, System
from tests.erasing import keeper, record_of, with_record_keys
from tests.people import a_number, enrolled

LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    with_record_keys(door)
    return door.partner()


def reported(door: Door, system: System, programme: str = "DCI001") -> tuple[str, int]:
    number = a_number()
    assert system.report(enrolled(number, programme)).outcomes == ["succ"]
    return number, record_of(door, number, programme)


def run(door: Door) -> dict[str, Disposed]:
    async def work() -> list[Disposed]:
        ready = await keeper(door)
        try:
            return await dispose_due(ready)
        finally:
            await ready.database.close()

    return {each.data_class: each for each in door.run(work())}


def due(door: Door) -> dict[str, tuple[int, int]]:
    async def work() -> look.Kept:
        async with owner_transaction(door.dsn) as connection:
            return await look.counted(connection, now())

    return door.run(work()).due


def place(door: Door, **what: Any) -> int:
    async def work() -> int:
        async with owner_transaction(door.dsn) as connection:
            return await hold.place(
                connection, None, reason="A court asked.", until=what.pop("until", None), at=now(),
                **what,
            )  # fmt: skip

    return door.run(work())


def lift(door: Door, number: int) -> None:
    async def work() -> None:
        async with owner_transaction(door.dsn) as connection:
            await hold.lift(connection, number, "Over.", asked_by=None, asker=None, at=now())

    door.run(work())


def age(door: Door, what: str, record: int) -> None:
    """Lets what belongs to a record be long past its time."""
    touched = "delivery_id in (select delivery_id from delivery_touched where $1 = any(record_ids))"
    statements = {
        "delivery_bytes": f"update delivery set done_at = '2010-01-01' where {touched}",
        "record_versions": "insert into beneficiary_version (record_id, as_of, known_at, "
        "programme_id, personal, delivery_id) select record_id, '2010-01-01', '2010-01-01', "
        "programme_id, personal, delivery_id from beneficiary_record where record_id = $1",
        "ended_enrolments": "update enrolment set status = 3, status_at = '2010-01-01' "
        "where record_id = $1",
        "withdrawn": "insert into withdrawn_enrolment (record_id, programme_id, status, status_at, "
        "status_rank, as_of, known_at, delivery_id, withdrawn_at, voided_delivery) "
        "select record_id, programme_id, 1, now(), 1, now(), now(), delivery_id, '2010-01-01', "
        "delivery_id from enrolment where record_id = $1",
        "closed_findings": "insert into finding (check_code, same_as, check_version, severity, "
        "programme_id, record_id, facts, first_run, last_run, found_at, closed_at, closed_reason) "
        "select 'made', int8send($1), 1, 1, programme_id, record_id, '{}', 1, 1, '2010-01-01', "
        "'2010-01-01', 'no_longer_found' from enrolment where record_id = $1",
        "case_notes": "with made as (insert into overlap_case (programme_id, record_id, state, "
        "checks, severity, opened_at, since, closed_at, closed_why, step_no) "
        "select programme_id, record_id, 'closed', '{}', 1, '2010-01-01', '2010-01-01', "
        "'2010-01-01', 'cleared', 1 from enrolment where record_id = $1 returning case_id, "
        "programme_id) insert into case_letter (letter_no, case_id, programme_id, kind, language, "
        "content, digest, made_by, made_at) select nextval('case_letter_no'), case_id, "
        "programme_id, 'decision', 'en', 'x', 'x', 1, '2010-01-01' from made",
        "help_visits": "with made as (insert into help_visit (visit_no, officer_id, subjects, "
        "proved, proof_code, consent_version, consent_digest, consent_language, consent_by, "
        "consent_at, begun_at, until, ended_at, ended_how) select nextval('help_visit_no'), 1, "
        "'{}', 'x', 'passport', 'v', sha256('v'), 'en', 'person', '2010-01-01', '2010-01-01', "
        "'2010-01-01 00:15', '2010-01-01 00:15', 'time' returning visit_no) "
        "insert into help_visit_record select visit_no, $1, 0 from made",
        "told_elsewhere": "insert into known_attribute (subject_index, source_id, attribute, "
        "as_of, value_index, value_sealed, known_at, message_key) select blind_index, 1, 'vital', "
        "'2010-01-01', 'x', 'x', '2010-01-01', 'x' from identifier where record_id = $1",
    }
    door.owner(statements[what], record)


LEFT = {
    "delivery_bytes": "select count(*) from delivery_part p join delivery_touched t "
    "using (delivery_id) where $1 = any (t.record_ids)",
    "record_versions": "select count(*) from beneficiary_version where record_id = $1",
    "ended_enrolments": "select count(*) from identifier where record_id = $1",
    "withdrawn": "select count(*) from withdrawn_enrolment where record_id = $1",
    "closed_findings": "select count(*) from finding where record_id = $1",
    "case_notes": "select count(*) from case_letter l join overlap_case c using (case_id) "
    "where c.record_id = $1",
    "help_visits": "select count(*) from help_visit join help_visit_record using (visit_no) "
    "where record_id = $1",
    "told_elsewhere": "select count(*) from known_attribute k join identifier i "
    "on i.blind_index = k.subject_index where i.record_id = $1",
}


def left(door: Door, what: str, record: int) -> int:
    return int(door.owner(LEFT[what], record)[0][0])


@pytest.mark.parametrize("what", sorted(LEFT))
def test_what_is_past_its_time_goes_and_the_rest_stays(
    door: Door, system: System, what: str
) -> None:
    _, old = reported(door, system)
    _, young = reported(door, system)
    number, held = reported(door, system)
    _, of_programme = reported(door, system, "DCI002")
    for record in (old, held, of_programme):
        age(door, what, record)
    index = door.services.blind_index.of("UIN", number)
    holds = [place(door, number=index), place(door, programme="DCI002")]
    young_before = left(door, what, young)
    try:
        assert due(door)[what] == (3, 2) if what != "told_elsewhere" else due(door)[what] == (3, 1)
        done = run(door)[what]
        assert left(door, what, old) == 0
        assert left(door, what, held) == 1
        assert left(door, what, young) == young_before
        if what != "told_elsewhere":
            # What others told is of a number, and of no programme.
            assert left(door, what, of_programme) == 1
            assert (done.disposed, done.held) == (1, 2)
        assert done.since is not None
        assert done.since.year == 2010
    finally:
        for each in holds:
            lift(door, each)
    # The control: without the holds it goes.
    again = run(door)[what]
    assert again.disposed == (1 if what == "told_elsewhere" else 2)
    assert left(door, what, held) == left(door, what, of_programme) == 0


@pytest.mark.parametrize("what", sorted(LEFT))
def test_a_class_that_is_held_stays_whole(door: Door, system: System, what: str) -> None:
    _, old = reported(door, system)
    age(door, what, old)
    number = place(door, data_class=what)
    try:
        done = run(door)[what]
        assert done.disposed == 0
        assert left(door, what, old) == 1
    finally:
        lift(door, number)
    assert run(door)[what].disposed == 1


def test_answers_that_showed_records_go_and_yes_or_no_stays(door: Door, system: System) -> None:
    def received(kind: str, at: str) -> bytes:
        key = bytes.fromhex(f"{len(a_number()):02x}") + a_number().encode()
        door.owner(
            "insert into message_received (message_key, partner_id, kind, body_digest, "
            "transaction_id, correlation_id, answer, received_at) "
            "values ($1, 1, $2, 'x', 't', 'c', 'x', $3)",
            key,
            kind,
            datetime.fromisoformat(at),
        )
        return key

    old = received("search", "2010-01-01T00:00:00+00:00")
    stay = [
        received("enrolled", "2010-01-01T00:00:00+00:00"),
        received("enrollment_updates", "2010-01-01T00:00:00+00:00"),
        received("search", now().isoformat()),
    ]
    number = place(door, data_class="search_answers")
    assert run(door)["search_answers"].disposed == 0
    lift(door, number)
    assert run(door)["search_answers"].disposed == 1
    left_over = {
        row["message_key"] for row in door.owner("select message_key from message_received")
    }
    assert old not in left_over
    assert left_over.issuperset(stay)


def test_a_hold_that_is_over_holds_nothing(door: Door, system: System) -> None:
    _, old = reported(door, system)
    age(door, "record_versions", old)
    number = place(door, data_class="record_versions", until=now().date())
    assert run(door)["record_versions"].disposed == 0
    door.owner("update legal_hold set until = current_date - 1 where hold_id = $1", number)
    assert run(door)["record_versions"].disposed == 1


def test_a_record_reported_after_the_hold_is_held_too(door: Door, system: System) -> None:
    number = a_number()
    placed = place(door, number=door.services.blind_index.of("UIN", number))
    system.report(enrolled(number, "DCI001"))
    record = record_of(door, number, "DCI001")
    age(door, "ended_enrolments", record)
    try:
        assert run(door)["ended_enrolments"].disposed == 0
    finally:
        lift(door, placed)
    assert run(door)["ended_enrolments"].disposed == 1


def test_a_stripped_record_keeps_what_was_paid_and_nobody(door: Door, system: System) -> None:
    number, record = reported(door, system)
    [before] = door.owner("select * from beneficiary_record where record_id = $1", record)
    age(door, "ended_enrolments", record)
    run(door)
    [after] = door.owner("select * from beneficiary_record where record_id = $1", record)
    opened = door.services.sealer.open(
        after["personal"], place_of("beneficiary_record", "personal", record)
    )
    assert opened == b"{}"
    assert after["subject_index"] != before["subject_index"]
    assert (after["birth_date"].month, after["birth_date"].day) == (1, 1)
    assert after["birth_date"].year == before["birth_date"].year
    assert door.owner("select count(*) from enrolment where record_id = $1", record)[0][0] == 1
    assert door.owner("select count(*) from record_key where record_id = $1", record)[0][0] == 0
    assert system.ask(number, "DCI001").says == ["no"]
    # Once is enough: the next night leaves it alone.
    assert run(door)["ended_enrolments"].disposed == 0


def test_a_key_of_disposed_bytes_opens_no_backup(door: Door, system: System) -> None:
    _, old = reported(door, system)
    _, young = reported(door, system)
    bytes_of = (
        "select p.delivery_id, p.sealed from delivery_part p join delivery_touched t "
        "using (delivery_id) where $1 = any (t.record_ids)"
    )
    gone, kept = door.owner(bytes_of, old)[0], door.owner(bytes_of, young)[0]
    age(door, "delivery_bytes", old)
    run(door)
    sealer = door.services.sealer

    def opens(row: Any) -> bytes:
        at = place_of("delivery_part", "sealed", row["delivery_id"]) + (0).to_bytes(4, "big")
        return sealer.open(row["sealed"], at)

    with pytest.raises(Unavailable):
        opens(gone)
    assert opens(kept)


def test_nobody_disposes_ahead_of_the_clock(door: Door, system: System) -> None:
    """A worker whose clock is wrong by years disposes of nothing."""

    async def work() -> None:
        ready = await keeper(door, lambda: now() + timedelta(days=4000))
        try:
            with pytest.raises(asyncpg.RaiseError):
                await dispose_due(ready)
        finally:
            await ready.database.close()

    door.run(work())


def test_it_is_once_a_night(door: Door, system: System) -> None:
    at = now().replace(hour=2)

    async def work() -> tuple[bool, bool, bool]:
        ready = await keeper(door, lambda: at)
        async with owner_transaction(door.dsn) as connection:
            await connection.execute("update retention_run set started_at = '2010-01-01'")
        try:
            first, second = await keep_tonight(ready), await keep_tonight(ready)
            noon = await keeper(door, lambda: at.replace(hour=12) + timedelta(hours=10))
            third = await keep_tonight(noon)
            await noon.database.close()
            return bool(first), bool(second), bool(third)
        finally:
            await ready.database.close()

    assert door.run(work()) == (True, False, False)


def test_a_rule_without_days_keeps_everything(door: Door, system: System) -> None:
    _, old = reported(door, system)
    age(door, "record_versions", old)

    async def change(days: str) -> None:
        wanted = rules.wanted_rule("record_versions", days, "delete", "Act 7")
        async with owner_transaction(door.dsn) as connection:
            await change_rule.set_rule(connection, wanted, asked_by=None, asker=None, at=now())

    door.run(change(""))
    assert "record_versions" not in run(door)
    door.run(change("1825"))
    assert run(door)["record_versions"].disposed == 1


def test_the_ledger_and_the_audit_trail_are_no_class_of_data() -> None:
    assert not {name for name in CLASSES if "audit" in name or "ledger" in name}


def officer(door: Door, name: str, role: str) -> Asker:
    rows = door.owner(
        "with made as (insert into officer (email, name, role, programme_ids, known_at) "
        "values ($1 || '@example.org', $1, null, null, now()) "
        "on conflict (email) do update set name = excluded.name returning officer_id), "
        "given as (insert into officer_role (officer_id, role, given_at) "
        "select officer_id, $2, now() from made) select officer_id from made",
        name,
        role,
    )
    return Asker(
        kind="officer",
        id=rows[0][0],
        name=name,
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=RIGHTS[role].scopes,  # type: ignore[index]  # a role of the table
        role=role,
    )


def test_a_rule_takes_two_people(door: Door, system: System) -> None:
    register((*change_rule.RETENTION_ACTS, *hold.HOLD_ACTS))
    one = officer(door, "keeper-one", "data_protection_officer")
    two = officer(door, "keeper-two", "data_protection_officer")
    wanted = rules.wanted_rule("withdrawn", "400", "delete", "Act 7, section 4")

    async def work() -> dict[str, Any]:
        database = await open_database(door.dsn, "ibr_app", size=2, name="test")
        try:
            async with database.transaction((), asker=one) as connection:
                number = await change_rule.ask_for(connection, one, wanted, now())
            with pytest.raises(NotAllowed):
                async with database.transaction((), asker=one) as connection:
                    await approve(connection, one, number, now())
            async with database.transaction((), asker=two) as connection:
                before = (await change_rule.rules_now(connection))["withdrawn"]
                await approve(connection, two, number, now())
                after = (await change_rule.rules_now(connection))["withdrawn"]
            # Without such an act the pages' role writes no rule, whatever the code forgets.
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction((), asker=one) as connection:
                    await change_rule.set_rule(
                        connection, wanted, asked_by=None, asker=one, at=now()
                    )
            return {"before": before, "after": after}
        finally:
            await database.close()

    seen = door.run(work())
    assert seen["before"].keep_days == 1825
    assert (seen["after"].keep_days, seen["after"].legal_basis) == (400, "Act 7, section 4")
    assert (seen["after"].asked_by_name, seen["after"].set_by_name) == ("keeper-one", "keeper-two")


def test_lifting_a_hold_takes_two_people(door: Door, system: System) -> None:
    register((*change_rule.RETENTION_ACTS, *hold.HOLD_ACTS))
    one = officer(door, "holder-one", "data_protection_officer")
    two = officer(door, "holder-two", "data_protection_officer")

    async def work() -> None:
        database = await open_database(door.dsn, "ibr_app", size=2, name="test")
        try:
            async with database.transaction((), asker=one) as connection:
                placed = await hold.place(
                    connection, one, data_class="withdrawn", reason="A court.", until=None, at=now()
                )
                number = await hold.ask_to_lift(connection, one, placed, "It is over.", now())
            async with database.transaction((), asker=one) as connection:
                # What only a second person does changes nothing without that act.
                await connection.execute("update legal_hold set lifted_at = now()")
                assert (await hold.holds(connection))[0].lifted_at is None
            async with database.transaction((), asker=two) as connection:
                await approve(connection, two, number, now())
                lifted = {each.hold_id: each for each in await hold.holds(connection)}[placed]
            assert lifted.lifted_at is not None
            assert lifted.lifted_by_name == "holder-two"
        finally:
            await database.close()

    door.run(work())


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("audit", "400", "delete", "Act"), "data_class"),
        (("withdrawn", "6", "delete", "Act"), "days"),
        (("withdrawn", "36501", "delete", "Act"), "days"),
        (("withdrawn", "-9", "delete", "Act"), "days"),
        (("withdrawn", "٤٠٠", "delete", "Act"), "days"),
        (("withdrawn", "400", "pseudonymise", "Act"), "disposal"),
        (("withdrawn", "400", "forget", "Act"), "disposal"),
        (("withdrawn", "400", "delete", " "), "legal_basis"),
        (("withdrawn", "400", "delete", "x" * 501), "legal_basis"),
    ],
)
def test_a_rule_that_is_not_in_order_is_refused(
    given: tuple[str, str, str, str], field: str
) -> None:
    with pytest.raises(NotUnderstood) as refused:
        rules.wanted_rule(*given)
    assert refused.value.field == field


def test_what_must_be_read_again_and_is_gone_is_said_and_not_guessed(
    door: Door, system: System
) -> None:
    """A void of one delivery reads the others again; without the bytes of one it is refused."""
    number, record = reported(door, system)
    system.report(enrolled(number, "DCI001", enrollment_status="4"))
    touched = "select delivery_id from delivery_touched where $1 = any (record_ids) order by 1"
    first, second = (row["delivery_id"] for row in door.owner(touched, record))
    undoing = Undoing(
        delivery_id=second, state="voiding", programme_ids=sorted(door.services.book.programmes)
    )

    async def to_read() -> list[int]:
        async with door.services.database.transaction(door.services.book.programmes) as connection:
            found = await reach_back.to_read(connection, undoing, [record])
            return [each.delivery_id for each in found]

    assert first in door.run(to_read())
    door.owner("update delivery set done_at = '2010-01-01' where delivery_id = $1", first)
    run(door)
    with pytest.raises(Conflict) as refused:
        door.run(to_read())
    assert refused.value.code == "delivery.bytes_gone"
