"""Snapshots: one moment, without names, whole or not at all, and never changed unseen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from ibr.db.pool import Database
from ibr.errors import Conflict, NotFound
from ibr.overlaps.snapshot import write
from ibr.overlaps.snapshot.read import snapshot_of
from ibr.overlaps.snapshot.tables import TABLES
from ibr.sources.told.learn import learn
from ibr.sources.told.model import News
from tests.door import Door, System
from tests.people import (
    a_household,
    a_member,
    a_number,
    deceased_on,
    enrolled,
    given,
    in_programme,
    suspended_on,
)
from tests.snapshots import Desk


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    system = door.partner()
    paid, stopped, died = a_number(), a_number(), a_number()
    members = [a_member(a_number()), a_member(a_number())]
    system.report(
        enrolled(paid, "DCI001", **given("USD 12.50", "2026-02-10T00:00:00+00:00")),
        enrolled(stopped, "DCI002"),
        enrolled(died, "DCI003"),
        {**a_household(a_number(), *members), **in_programme("DCI001")},
    )
    system.report({**enrolled(stopped, "DCI002"), **suspended_on("2026-03-01")})
    system.report({**enrolled(died, "DCI003"), **deceased_on("2026-04-05")})
    return system


def test_every_table_is_there_with_its_rows(desk: Desk, system: System) -> None:
    taken = desk.take()
    assert {f"{table.name}.parquet" for table in TABLES} == set(taken.files)
    with desk.opened(taken) as connection:
        for table in TABLES:
            shape = connection.execute(f'describe "{table.name}"').fetchall()
            assert [(row[0], row[1]) for row in shape] == [
                (column.name, column.type) for column in table.columns
            ]
            [(count,)] = connection.execute(f'select count(*) from "{table.name}"').fetchall()
            assert count == taken.rows[table.name], table.name
    assert taken.rows["record"] == 4
    assert taken.rows["appearance"] == 5
    assert taken.rows["programme"] == 3
    assert taken.vintages["programmes"]["DCI001"]["delivered_at"] is not None
    assert taken.through_change > 0


def test_an_enrolment_becomes_spans_of_status(desk: Desk, system: System) -> None:
    taken = desk.take()
    spans = desk.rows(
        taken,
        """
        select g.code, s.first_day, s.last_day, s.status, s.active, s.enrolled
        from span s join programme g using (programme_id)
        where g.code <> 'DCI001' order by 1, 2
        """,
    )
    begin = date(2025, 12, 15)
    assert spans == [
        ("DCI002", begin, date(2026, 2, 28), 1, True, True),
        # Suspended counts as enrolled in this programme; nothing is due all the same.
        ("DCI002", date(2026, 3, 1), None, 4, False, True),
        ("DCI003", begin, date(2026, 4, 4), 1, True, True),
        ("DCI003", date(2026, 4, 5), None, 2, False, False),
    ]


def test_a_benefit_stands_in_its_month(desk: Desk, system: System) -> None:
    rows = desk.rows(desk.take(), "select given_on, month, value_minor, currency from benefit")
    assert rows == [(date(2026, 2, 10), date(2026, 2, 1), 1250, "USD")]


def test_who_is_not_linked_yet_is_nobody_else(desk: Desk, system: System) -> None:
    rows = desk.rows(desk.take(), "select person_id from appearance")
    numbers = [number for (number,) in rows]
    assert all(number < 0 for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_linked_appearances_share_their_person(desk: Desk, door: Door, system: System) -> None:
    records = door.owner(
        "select record_id, programme_id from beneficiary_record where assistance_unit = 1 "
        "order by 1 limit 2"
    )
    try:
        for record in records:
            door.owner(
                "insert into person_member values ($1, 0, $2, 77, now(), 1)",
                record["record_id"],
                record["programme_id"],
            )
        rows = desk.rows(desk.take(), "select record_id from appearance where person_id = 77")
    finally:
        door.owner("delete from person_member")
    assert sorted(number for (number,) in rows) == [each["record_id"] for each in records]


def test_a_death_that_a_programme_reports_is_known_with_its_source(
    desk: Desk, system: System
) -> None:
    rows = desk.rows(desk.take(), "select died_on, source, sources_agreeing from death")
    assert rows == [(None, "programme:DCI003", 1)]


def told(desk: Desk, door: Door, *news: tuple[bytes, str, Any]) -> None:
    """A civil registry tells something, as it would by a message."""
    partner = door.partner()
    [row] = door.owner("select partner_id from partner where sender_id = $1", partner.sender_id)
    [source] = door.owner(
        """
        insert into source_registry (partner_id, kind, address, token_address, client_id,
            secret_sealed, reg_type, record_type, event_type, identifier_type, attributes,
            purpose_code, purpose_text, legal_basis, added_at)
        values ($1, 'civil', 'https://crvs.example.org', 'https://crvs.example.org/t', 'c', '',
                'r', 'r', 'e', 'UIN', '{vital_status,death_date,address}', 'p', 'p', 'Act', now())
        returning source_id
        """,
        row["partner_id"],
    )

    async def work() -> None:
        async with desk.database.transaction(()) as connection:
            await learn(
                connection,
                door.services.sealer,
                door.services.blind_index,
                source["source_id"],
                [
                    News(
                        subject=subject,
                        attribute=attribute,
                        value=value,
                        as_of=datetime(2026, 5, 1 + place, tzinfo=UTC),
                    )
                    for place, (subject, attribute, value) in enumerate(news)
                ],
                message_key=b"m",
                at=datetime(2026, 5, 20, tzinfo=UTC),
            )

    door.run(work())


def test_what_other_registries_tell_is_there_without_addresses(
    desk: Desk, door: Door, system: System
) -> None:
    rows = door.owner(
        """
        select b.subject_index, p.code from beneficiary_record b join programme p using
        (programme_id) where b.assistance_unit = 1 order by p.code
        """
    )
    subject = {row["code"]: row["subject_index"] for row in rows}
    told(
        desk,
        door,
        (subject["DCI003"], "death_date", "2026-04-03"),
        (subject["DCI001"], "death_date", "2026-04-04"),
        (subject["DCI001"], "address", {"region_code": "R1"}),
        # Taken back: the newest word of the source is that this one lives.
        (subject["DCI002"], "vital_status", "deceased"),
        (subject["DCI002"], "vital_status", "alive"),
    )
    taken = desk.take()
    deaths = desk.rows(
        taken,
        """
        select g.code, d.died_on, d.known_on, d.source, d.sources_agreeing
        from death d join record r using (record_id) join programme g using (programme_id)
        order by 1, 4
        """,
    )
    learned = date(2026, 5, 20)
    [(_, _, reported, *_)] = [each for each in deaths if each[3].startswith("programme")]
    assert deaths == [
        ("DCI001", date(2026, 4, 4), learned, "civil", 1),
        ("DCI003", date(2026, 4, 3), learned, "civil", 2),
        ("DCI003", None, reported, "programme:DCI003", 2),
    ]
    attributes = desk.rows(taken, "select distinct attribute, value from told order by 1, 2")
    assert attributes == [
        ("death_date", '"2026-04-03"'),
        ("death_date", '"2026-04-04"'),
        ("vital_status", '"alive"'),
    ]
    assert taken.vintages["sources"]
    door.owner("delete from known_attribute")
    door.owner("delete from source_registry")


def test_no_name_and_no_number_of_anybody_is_in_the_files(desk: Desk, system: System) -> None:
    taken = desk.take()
    uins = {row["subject"] for row in desk.door.owner("select '10000001' as subject")}
    for name in taken.files:
        rows = desk.rows(taken, f'select * from "{name.removesuffix(".parquet")}"')
        said = " ".join(str(value) for row in rows for value in row)
        assert not re.search("Phumchai|Sudarat", said)
        assert not any(uin in said for uin in uins)


def test_only_the_registrys_user_may_look(desk: Desk, system: System) -> None:
    taken = desk.take()
    place = write.folder_of(desk.folder, taken.snapshot_no)
    assert desk.folder.stat().st_mode & 0o077 == 0
    assert place.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in place.iterdir())
    assert [each.name for each in desk.folder.iterdir() if not each.name.isdigit()] == []


def test_a_changed_file_is_refused(desk: Desk, system: System) -> None:
    taken = desk.take()
    file = write.folder_of(desk.folder, taken.snapshot_no) / "record.parquet"
    written = file.read_bytes()
    assert desk.rows(taken, "select count(*) from record") == [(4,)]
    file.write_bytes(written[:-1] + bytes([written[-1] ^ 1]))
    with pytest.raises(Conflict) as refused, desk.opened(taken):
        pass
    assert refused.value.code == "snapshot.damaged"
    file.unlink()
    with pytest.raises(Conflict) as refused, desk.opened(taken):
        pass
    assert refused.value.code == "snapshot.missing"


@pytest.mark.parametrize(
    "statement",
    [
        "copy record to '/tmp/ibr-leak.csv'",
        "select * from read_csv('/etc/passwd')",
        "install httpfs",
        "set enable_external_access = true",
        "attach 'https://127.0.0.1:1/x.duckdb'",
    ],
)
def test_a_check_reads_the_snapshot_and_nothing_else(
    desk: Desk, system: System, statement: str
) -> None:
    with desk.opened(desk.take()) as connection:
        assert connection.execute("select count(*) from record").fetchall() == [(4,)]
        with pytest.raises(duckdb.Error):
            connection.execute(statement)


def taken_while_others_write(
    desk: Desk, door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> dict[str, int]:
    """The rows of a snapshot during which somebody new is reported, half of the tables read."""
    steps = list(write.store.OUT.items())
    late = a_number()

    async def copy_slowly(connection: object, folder: object) -> None:
        monkeypatch.setattr(write.store, "OUT", dict(steps[:7]))
        await real(connection, folder)
        body = system.updates([enrolled(late, "DCI001", **given("USD 1.00"))])
        reply = await system.posted("/registry/sync/enrollment/updates", body)
        assert reply.status == 200
        monkeypatch.setattr(write.store, "OUT", dict(steps[7:]))
        await real(connection, folder)

    real = write.store.copy_out
    monkeypatch.setattr(write.store, "copy_out", copy_slowly)
    rows = desk.take().rows
    monkeypatch.undo()
    return rows


def test_it_is_one_moment_while_others_write(
    desk: Desk, door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that is stored while the tables are read out is in all of them or in none."""
    before = door.count("enrolment")
    rows = taken_while_others_write(desk, door, system, monkeypatch)
    assert door.count("enrolment") == before + 1
    assert rows["record"] == rows["enrolment"] == before
    assert desk.take().rows["enrolment"] == before + 1


def test_control_without_a_frozen_transaction_it_would_be_two_moments(
    desk: Desk, door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = Database.transaction
    monkeypatch.setattr(
        Database, "transaction", lambda database, programmes, **_: frozen(database, programmes)
    )
    rows = taken_while_others_write(desk, door, system, monkeypatch)
    assert rows["enrolment"] == rows["record"] + 1


def test_what_is_killed_half_way_leaves_no_snapshot(
    desk: Desk, door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = door.count("snapshot")

    def killed(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(write, "_rename", killed)
    # A process that is killed deletes nothing behind itself.
    monkeypatch.setattr(write.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(asyncio.CancelledError):
        desk.take()
    monkeypatch.undo()
    assert door.count("snapshot") == count
    left = [each for each in desk.folder.iterdir() if each.name.startswith("making-")]
    assert left
    desk.take()
    assert not any(each.exists() for each in left)


def test_old_ones_are_dropped_but_those_that_open_findings_rest_on(
    desk: Desk, door: Door, system: System
) -> None:
    needed = desk.take()
    door.owner(
        "insert into check_run (snapshot_no, check_code, check_version, parameters, period_from, "
        "period_to, state, digest, started_at, finished_at) values ($1, 'T01', 1, '{}', "
        "'2026-01-01', '2026-02-01', 'done', '', now(), now())",
        needed.snapshot_no,
    )
    door.owner(
        "insert into finding (check_code, same_as, check_version, severity, programme_id, facts, "
        "first_run, last_run, found_at) select 'T01', 'x', 1, 1, (select min(programme_id) from "
        "programme), '{}', run_no, run_no, now() from check_run"
    )
    old = desk.take()
    newest = desk.take(kept=1)
    folders = {each.name for each in desk.folder.iterdir()}
    assert folders == {f"{each.snapshot_no:06d}" for each in (needed, newest)}
    with pytest.raises(NotFound):
        door.run(snapshot_of(desk.database, old.snapshot_no))
    assert door.run(snapshot_of(desk.database)).snapshot_no == newest.snapshot_no
    door.owner("delete from finding")
    door.owner("delete from check_run")


def test_the_moment_is_the_one_given(desk: Desk, system: System) -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    taken = desk.take(at)
    assert desk.rows(taken, "select as_known_on from moment") == [(date(2026, 12, 1),)]
    assert taken.as_known_at == at
