"""Erasing a person: everything goes, nobody else loses anything, and nothing comes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ibr.clock import now, written
from ibr.db.locks import release_linkage, try_linkage
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, Unavailable
from ibr.keeping import hold
from ibr.keeping.erasure import ask, journal
from ibr.keeping.erasure import carry_out as carrying
from ibr.keeping.erasure.carry_out import carry_out, open_erasures
from ibr.keeping.erasure.replay import forgotten, keys_left, replay
from ibr.protection.seal import OF_A_RECORD, place_of
from tests.door import Door, System
from tests.erasing import approved, eraser, record_of, with_record_keys
from tests.people import a_number, enrolled

TABLES = (
    "beneficiary_record",
    "beneficiary_version",
    "identifier",
    "enrolled_index",
    "enrolment",
    "status_change",
    "benefit",
    "group_member",
    "appearance",
    "record_key",
)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    with_record_keys(door)
    return door.partner()


def rows_of(door: Door, record: int) -> dict[str, int]:
    return {
        table: door.owner(f"select count(*) from {table} where record_id = $1", record)[0][0]
        for table in TABLES
    }


def erase(door: Door, *records: int, **more: object) -> int:
    async def work() -> int:
        number = await approved(door, list(records), **more)
        ready = await eraser(door)
        try:
            await carry_out(ready, number)
        finally:
            await ready.database.close()
        return number

    return door.run(work())


def reported(
    door: Door, system: System, programme: str = "DCI001", **more: object
) -> tuple[str, int]:
    number = a_number()
    assert system.report(enrolled(number, programme, **more)).outcomes == ["succ"]
    return number, record_of(door, number, programme)


def test_everything_of_the_record_goes_and_the_others_stay(door: Door, system: System) -> None:
    number, record = reported(door, system)
    other, beside = reported(door, system)
    before = rows_of(door, beside)
    assert rows_of(door, record)["identifier"] == 1
    erasure = erase(door, record)
    assert set(rows_of(door, record).values()) == {0}
    assert rows_of(door, beside) == before
    assert system.ask(number, "DCI001").says == ["no"]
    assert system.ask(other, "DCI001").says == ["yes"]
    [row] = door.owner("select state, counts from erasure where erasure_id = $1", erasure)
    assert row["state"] == "done"
    events = door.owner("select kind from audit_event where kind like 'erasure%'")
    assert {row["kind"] for row in events} >= {"erasure.approved", "erasure.done"}


def test_the_key_goes_with_the_record(door: Door, system: System) -> None:
    _, record = reported(door, system)
    _, beside = reported(door, system)
    sealed = {
        row["record_id"]: row["personal"]
        for row in door.owner(
            "select record_id, personal from beneficiary_record where record_id = any ($1)",
            [record, beside],
        )
    }
    assert sealed[record][0] == OF_A_RECORD
    erase(door, record)
    sealer = door.services.sealer
    with pytest.raises(Unavailable) as refused:
        sealer.open(sealed[record], place_of("beneficiary_record", "personal", record))
    assert refused.value.code == "seal.destroyed"
    # The control: whoever was not erased can be read as before.
    sealer.open(sealed[beside], place_of("beneficiary_record", "personal", beside))


def test_a_late_delivery_does_not_bring_it_back(door: Door, system: System) -> None:
    number, record = reported(door, system)
    erase(door, record)
    other = a_number()
    answer = system.report(enrolled(number, "DCI001"), enrolled(other, "DCI001"))
    assert answer.outcomes == ["rjct", "succ"]
    assert "enrollment_date" in str(answer.items[0])
    assert system.ask(number, "DCI001").says == ["no"]
    assert system.ask(other, "DCI001").says == ["yes"]
    again = system.report(enrolled(number, "DCI001"))
    assert again.outcomes == ["rjct"]
    [row] = door.owner(
        "select sum(refused) as refused from erased_key k join erasure e using (erasure_id) "
        "where $1 = any (e.record_ids)",
        record,
    )
    assert row["refused"] == 2


def test_who_enrols_anew_is_taken_in_and_stays(door: Door, system: System) -> None:
    number, record = reported(door, system)
    erase(door, record)
    old = written(now() - timedelta(days=400))
    fresh = written(now() + timedelta(seconds=1))
    assert system.report(enrolled(number, "DCI001", enrollment_date=old)).outcomes == ["rjct"]
    assert system.report(enrolled(number, "DCI001", enrollment_date=fresh)).outcomes == ["succ"]
    # The next report names no date, as many do.
    undated = enrolled(number, "DCI001")
    del undated["enrollment_date"]
    assert system.report(undated).outcomes == ["succ"]
    assert system.ask(number, "DCI001").says == ["yes"]
    assert record_of(door, number, "DCI001") != record


def test_the_same_number_in_another_programme_is_another_record(door: Door, system: System) -> None:
    number, record = reported(door, system)
    system.report(enrolled(number, "DCI002"))
    erase(door, record)
    assert system.ask(number, "DCI002").says == ["yes"]
    assert system.report(enrolled(number, "DCI002")).outcomes == ["succ"]


def test_what_is_held_is_not_erased_by_anybody(door: Door, system: System) -> None:
    number, record = reported(door, system)
    index = door.services.blind_index.of("UIN", number)

    async def work() -> int:
        async with owner_transaction(door.dsn) as connection:
            placed = await hold.place(
                connection, None, number=index, reason="A court asked.", until=None, at=now()
            )
        with pytest.raises(Conflict) as refused:
            async with owner_transaction(door.dsn) as connection:
                await ask.must_be_erasable(connection, [record])
        assert refused.value.code == "erasure.held"
        return placed

    placed = door.run(work())
    # Approved all the same, as if the hold had come in between: the database itself refuses.
    with pytest.raises(Conflict) as refused:
        erase(door, record)
    assert refused.value.code == "erasure.held"
    assert rows_of(door, record)["beneficiary_record"] == 1
    [open_one] = door.run(_open(door))

    async def lifted() -> None:
        async with owner_transaction(door.dsn) as connection:
            await hold.lift(connection, placed, "It is over.", asked_by=None, asker=None, at=now())
        ready = await eraser(door)
        try:
            await carry_out(ready, open_one)
        finally:
            await ready.database.close()

    door.run(lifted())
    assert rows_of(door, record)["beneficiary_record"] == 0


async def _open(door: Door) -> list[int]:
    ready = await eraser(door)
    try:
        return await open_erasures(ready.database)
    finally:
        await ready.database.close()


def test_the_worker_takes_out_only_what_was_approved(door: Door, system: System) -> None:
    """No role of the registry can delete a record, nor approve for itself."""
    _, record = reported(door, system)

    async def as_role(role: str, statement: str) -> None:
        connection = await asyncpg.connect(door.dsn, server_settings={"search_path": "ibr"})
        try:
            async with connection.transaction():
                await connection.execute(f"set local role {role}")
                await connection.execute(
                    "select set_config('ibr.programmes', '1,2,3', true), "
                    "set_config('ibr.areas', '*', true)"
                )
                await connection.execute(statement)
        finally:
            await connection.close()

    insert = (
        f"insert into erasure (record_ids, ground, approved_at) values ('{{{record}}}', "
        "'request', now())"
    )
    for role in ("ibr_app", "ibr_worker"):
        for statement in (
            f"delete from beneficiary_record where record_id = {record}",
            f"delete from identifier where record_id = {record}",
            f"select take_out_person('{{{record}}}')",
            insert,
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                door.run(as_role(role, statement))
    with pytest.raises(asyncpg.RaiseError):
        door.run(as_role("ibr_worker", "select take_out_erased(999999, now())"))
    assert rows_of(door, record)["beneficiary_record"] == 1


@pytest.mark.parametrize("dies_in", ["append", "destroy_keys"])
def test_killed_half_way_it_goes_on_to_its_end(
    door: Door, system: System, dies_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, record = reported(door, system)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if dies_in == "append":
            patched.setattr(carrying.journal, "append", dies)
        else:
            patched.setattr(carrying, "destroy_keys", dies)
        with pytest.raises(KeyboardInterrupt):
            erase(door, record)
    own = door.services.sealer.record_keys
    assert own is not None
    assert not own.is_destroyed("record", record)
    [waiting] = door.run(_open(door))

    async def on() -> None:
        ready = await eraser(door)
        try:
            await carry_out(ready, waiting)
            await carry_out(ready, waiting)  # and twice is once
        finally:
            await ready.database.close()

    door.run(on())
    assert own.is_destroyed("record", record)
    assert door.run(_open(door)) == []
    entries = journal.entries(door.settings.data_dir / "keys")
    assert sum(record in each.records for each in entries) == 1
    assert system.report(enrolled(number, "DCI001")).outcomes == ["rjct"]


def test_it_waits_while_records_are_linked(door: Door, system: System) -> None:
    _, record = reported(door, system)

    async def work() -> None:
        number = await approved(door, [record])
        ready = await eraser(door)
        try:
            async with ready.database.session() as other:
                assert await try_linkage(other)
                try:
                    with pytest.raises(Unavailable) as refused:
                        await carry_out(ready, number)
                    assert refused.value.code == "erasure.busy"
                finally:
                    await release_linkage(other)
            await carry_out(ready, number)
        finally:
            await ready.database.close()

    door.run(work())
    assert rows_of(door, record)["beneficiary_record"] == 0


def test_a_delivery_under_way_does_not_slip_in(door: Door, system: System) -> None:
    """Whichever comes first, in the end the record is not there; many rounds of the race."""
    for _ in range(8):
        number, record = reported(door, system)
        body = system.updates([enrolled(number, "DCI001")])

        async def race(body: bytes = body, record: int = record) -> None:
            erasure = await approved(door, [record])
            ready = await eraser(door)
            try:
                await asyncio.gather(
                    carry_out(ready, erasure),
                    system.posted("/registry/sync/enrollment/updates", body),
                )
            finally:
                await ready.database.close()

        door.run(race())
        assert rows_of(door, record)["beneficiary_record"] == 0
        assert system.ask(number, "DCI001").says == ["no"]


def test_a_restored_backup_is_told_again_whom_to_forget(door: Door, system: System) -> None:
    number, record = reported(door, system)
    other, beside = reported(door, system)
    kept = {
        table: door.owner(f"select * from {table} where record_id = $1", record)
        for table in ("beneficiary_record", "enrolment", "identifier", "enrolled_index",
                      "record_key")
    }  # fmt: skip
    erase(door, record)
    # As an old backup has it: the rows are there again, and nobody knows of the erasure.
    door.owner(
        "delete from erased_key where erasure_id in "
        "(select erasure_id from erasure where $1 = any (record_ids))",
        record,
    )
    door.owner("delete from erasure where $1 = any (record_ids)", record)
    for table, rows in kept.items():
        for row in rows:
            names = ", ".join(row.keys())
            marks = ", ".join(f"${at + 1}" for at in range(len(row)))
            door.owner(f"insert into {table} ({names}) values ({marks})", *row.values())
    assert system.ask(number, "DCI001").says == ["yes"]

    async def again() -> None:
        ready = await eraser(door)
        folder = door.settings.data_dir / "keys"
        try:
            async with owner_transaction(door.dsn) as connection:
                assert len(await forgotten(connection, folder)) == 1
            done = await replay(ready, door.dsn)
            assert (done.erasures, done.records) == (1, 1)
            async with owner_transaction(door.dsn) as connection:
                assert await forgotten(connection, folder) == []
                assert await keys_left(connection, folder, ready.sealer) == 0
            assert (await replay(ready, door.dsn)).erasures == 0
        finally:
            await ready.database.close()

    door.run(again())
    assert rows_of(door, record)["beneficiary_record"] == 0
    assert system.ask(number, "DCI001").says == ["no"]
    assert system.ask(other, "DCI001").says == ["yes"]
    assert system.report(enrolled(number, "DCI001")).outcomes == ["rjct"]
    assert rows_of(door, beside)["beneficiary_record"] == 1
    [row] = door.owner("select replayed from erasure where $1 = any (record_ids)", record)
    assert row["replayed"] == 1


def test_no_number_is_given_again_whose_key_is_gone(door: Door, system: System) -> None:
    _, record = reported(door, system)
    erase(door, record)
    door.owner("select setval('record_id', $1, false)", record - record % 1000)

    async def again() -> None:
        ready = await eraser(door)
        try:
            await replay(ready, door.dsn)
        finally:
            await ready.database.close()

    door.run(again())
    fresh, new = reported(door, system)
    assert new > record
    assert system.ask(fresh, "DCI001").says == ["yes"]


def test_bytes_of_deliveries_go_at_once_where_that_was_asked(door: Door, system: System) -> None:
    _, record = reported(door, system)
    _, beside = reported(door, system)
    parts = (
        "select count(*) from delivery_part p join delivery_touched t using (delivery_id) "
        "where $1 = any (t.record_ids)"
    )
    assert door.owner(parts, record)[0][0] == 1
    erase(door, record, with_bytes=True)
    assert door.owner(parts, record)[0][0] == 0
    assert door.owner(parts, beside)[0][0] == 1


def test_a_moment_that_is_wrong_changes_nothing_of_another_person(
    door: Door, system: System
) -> None:
    """The wrong person: a record that is not named by the erasure is never touched."""
    _, record = reported(door, system)
    before = rows_of(door, record)
    with pytest.raises(asyncpg.PostgresError):
        door.owner("select take_out_erased(123456, $1)", datetime.now(UTC))
    assert rows_of(door, record) == before


def test_links_cases_and_what_others_told_go_and_the_others_stay_joined(
    door: Door, system: System
) -> None:
    number, record = reported(door, system)
    _, one = reported(door, system, "DCI002")
    _, two = reported(door, system, "DCI003")
    for each in (record, one, two):
        door.owner(
            "insert into confirmed_person (record_id, appearance_no, first_record, first_no) "
            "values ($1, 0, $2, 0)",
            each,
            record,
        )
        door.owner(
            "insert into person_member (record_id, appearance_no, programme_id, person_id, since, "
            "run_no) select record_id, 0, programme_id, 900, now(), 1 from enrolment "
            "where record_id = $1",
            each,
        )
    [case] = door.owner(
        "insert into overlap_case (programme_id, record_id, state, checks, severity, opened_at, "
        "since, closed_at, closed_why, step_no, sex) select programme_id, record_id, 'closed', "
        "'{}', 1, now(), now(), now(), 'cleared', 1, 2 from enrolment where record_id = $1 "
        "returning case_id",
        record,
    )
    door.owner(
        "insert into case_letter (letter_no, case_id, programme_id, kind, language, content, "
        "digest, made_by, made_at) values (nextval('case_letter_no'), $1, 1, 'decision', 'en', "
        "'x', 'x', 1, now())",
        case["case_id"],
    )
    door.owner(
        "insert into known_attribute (subject_index, source_id, attribute, as_of, value_index, "
        "value_sealed, known_at, message_key) values ($1, 1, 'vital', now(), 'x', 'x', now(), 'x')",
        door.services.blind_index.of("UIN", number),
    )
    erase(door, record)
    joined = door.owner(
        "select record_id, first_record from confirmed_person where record_id = any ($1)",
        [record, one, two],
    )
    assert {(row["record_id"], row["first_record"]) for row in joined} == {(one, one), (two, one)}
    assert door.owner("select count(*) from person_member where person_id = 900")[0][0] == 2
    assert door.owner("select count(*) from case_letter")[0][0] == 0
    [kept] = door.owner("select sex from overlap_case where case_id = $1", case["case_id"])
    assert kept["sex"] == 0
    assert door.owner("select count(*) from known_attribute")[0][0] == 0
