"""Findings are kept once, closed with a reason, and never change what programmes reported."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from ibr.errors import Conflict, NotUnderstood
from ibr.overlaps.checks.model import Check, Period
from ibr.overlaps.findings import due, rules, store
from ibr.overlaps.snapshot.model import Snapshot
from tests.checking import YEAR, Checking, check_that_finds, found
from tests.door import Door
from tests.people import a_number, enrolled, given
from tests.snapshots import AT, Desk

LATER = AT + timedelta(days=1)


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    door.partner().report(
        enrolled(a_number(), "DCI001", **given("USD 5.00")), enrolled(a_number(), "DCI002")
    )
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture
def checking(desk: Desk) -> Iterator[Checking]:
    yield Checking(desk)
    for table in ("finding", "check_exemption", "check_run", "person_event", "person"):
        desk.door.owner(f"delete from {table}")


@pytest.fixture
def taken(desk: Desk) -> Snapshot:
    return desk.take()


@pytest.fixture
def programme(desk: Desk) -> int:
    return min(desk.programmes)


def test_the_same_again_opens_nothing(checking: Checking, taken: Snapshot, programme: int) -> None:
    check = check_that_finds(found("1-2", programme), found("3-4", programme))
    [first] = checking.run(taken, check)
    [again] = checking.run(taken, check, at=LATER)
    assert first.counts.opened == 2
    assert (again.counts.opened, again.counts.still, again.counts.closed) == (0, 2, 0)
    assert first.digest == again.digest
    assert checking.open() == 2
    assert {each["last_run"] for each in checking.findings()} == {again.run_no}
    assert {each["first_run"] for each in checking.findings()} == {first.run_no}


def test_the_order_of_what_is_found_is_no_matter(
    checking: Checking, taken: Snapshot, programme: int
) -> None:
    three = [found(subject, programme) for subject in ("1", "2", "3")]
    digests = {
        run.digest
        for order in permutations(three)
        for run in checking.run(taken, check_that_finds(*order))
    }
    assert len(digests) == 1
    assert checking.open() == 3


def test_control_another_fact_gives_another_digest(
    checking: Checking, taken: Snapshot, programme: int
) -> None:
    [one] = checking.run(taken, check_that_finds(found("1", programme)))
    [other] = checking.run(taken, check_that_finds(found("1", programme, facts={"months": 3})))
    assert one.digest != other.digest
    assert checking.open() == 1


def test_what_is_not_found_any_more_is_closed_and_comes_back_as_a_new_one(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    check = check_that_finds(found("1-2", programme))
    checking.run(taken, check)
    checking.run(desk.take(LATER), check_that_finds(), at=LATER)
    assert checking.reasons() == ["no_longer_found"]
    checking.run(desk.take(LATER), check, at=LATER)
    assert checking.open() == 1
    assert len(checking.findings()) == 2


def test_another_version_of_the_rule_closes_with_that_reason(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    checking.run(taken, check_that_finds(found("1", programme), found("2", programme)))
    checking.run(desk.take(), check_that_finds(found("1", programme), version=2))
    assert checking.reasons() == ["rule_changed"]
    versions = {each["check_version"]: each["closed_at"] is None for each in checking.findings()}
    assert versions == {2: True, 1: False}


def about_two(programme: int) -> Check:
    """Finds something about the persons 71 and 72."""
    return check_that_finds(
        found("1", programme, person_id=71), found("2", programme, person_id=72)
    )


def test_a_person_who_turned_out_to_be_another_closes_with_that_reason(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    checking.run(taken, about_two(programme))
    desk.door.owner(
        "insert into person values (71, now(), 1, 72, now()), (72, now(), 1, null, null)"
    )
    checking.run(desk.take(LATER), check_that_finds(), at=LATER)
    assert checking.reasons_by_person() == {71: "person_changed", 72: "no_longer_found"}


def test_an_appearance_that_moved_closes_with_that_reason(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    checking.run(taken, about_two(programme))
    desk.door.owner(
        "insert into person_event (record_id, appearance_no, programme_id, from_person, "
        "to_person, run_no, happened_at) values (1, 0, $1, 71, 73, 2, $2)",
        programme,
        LATER,
    )
    checking.run(desk.take(LATER), check_that_finds(), at=LATER)
    assert checking.reasons_by_person() == {71: "person_changed", 72: "no_longer_found"}


@pytest.mark.parametrize("only", ["finding", "programme"])
def test_who_is_exempt_is_not_found_again(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int, only: str
) -> None:
    other = max(desk.programmes)
    check = check_that_finds(found("1", programme), found("2", other))
    checking.run(taken, check)
    desk.door.owner(
        "insert into check_exemption (check_code, only_programme, same_as, reason, valid_from, "
        "entered_by, entered_at) values ('T01', $1, $2, 'an institution', '2026-01-01', 't', $3)",
        programme if only == "programme" else None,
        rules.same_as("T01", "1") if only == "finding" else None,
        AT,
    )
    [run] = checking.run(desk.take(), check)
    assert checking.reasons() == ["exempt"]
    assert run.counts.opened == 0
    assert checking.open() == 1
    desk.door.owner("update check_exemption set withdrawn_at = now(), withdrawn_by = 't'")
    [run] = checking.run(desk.take(), check)
    assert run.counts.opened == 1


def test_what_people_decided_is_not_asked_again_until_something_new_begins(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    checking.run(taken, check_that_finds(found("1", programme)))
    desk.door.owner(
        "update finding set closed_at = $1, closed_reason = 'decided'",
        datetime(2026, 7, 15, tzinfo=UTC),
    )
    [run] = checking.run(desk.take(), check_that_finds(found("1", programme)))
    assert (run.counts.settled, run.counts.opened) == (1, 0)
    anew = found("1", programme, first_day=date(2026, 9, 1), last_day=date(2026, 9, 30))
    [run] = checking.run(desk.take(), check_that_finds(anew))
    assert run.counts.opened == 1


def test_a_period_in_two_parts_keeps_what_the_whole_keeps(
    checking: Checking, taken: Snapshot, programme: int
) -> None:
    early = found("1", programme, first_day=date(2026, 2, 1), last_day=date(2026, 3, 31))
    late = found("2", programme, first_day=date(2026, 8, 1), last_day=date(2026, 9, 30))
    before = found("3", programme, first_day=date(2026, 5, 1), last_day=date(2026, 6, 30))
    after = found("3", programme, first_day=date(2026, 7, 1), last_day=date(2026, 7, 31))
    first = Period(date(2025, 12, 1), date(2026, 6, 30))
    second = Period(date(2026, 7, 1), date(2026, 11, 20))
    checking.run(taken, check_that_finds(early, before), period=first)
    checking.run(taken, check_that_finds(late, after), period=second)
    assert checking.open() == 3
    days = {(each["first_day"], each["last_day"]) for each in checking.findings()}
    assert (date(2026, 5, 1), date(2026, 7, 31)) in days
    # What ended in the part that is looked at again, and is not found there, is gone.
    checking.run(taken, check_that_finds(), period=second)
    assert checking.open() == 1
    checking.run(taken, check_that_finds(), period=YEAR)
    assert checking.open() == 0


def test_an_older_snapshot_proves_something_and_changes_nothing(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    check = check_that_finds(found("1", programme))
    [first] = checking.run(taken, check)
    newer = desk.take(LATER)
    checking.run(newer, check_that_finds(), at=LATER)
    [again] = checking.run(taken, check, at=LATER)
    assert not again.counts.merged
    assert again.digest == first.digest
    assert checking.open() == 0
    assert len(checking.findings()) == 1


def test_one_subject_found_twice_is_one_finding(
    checking: Checking, taken: Snapshot, programme: int
) -> None:
    twice = (found("1", programme, severity=1), found("1", programme, severity=3))
    [run] = checking.run(taken, check_that_finds(*twice))
    assert run.counts.opened == 1
    assert checking.findings()[0]["severity"] == 3


def test_a_check_that_fails_keeps_no_other_back(
    checking: Checking, taken: Snapshot, programme: int
) -> None:
    broken = check_that_finds(found("1", programme), code="T02")
    broken = msgspec.structs.replace(
        broken, sql=lambda _limits, _period: "select nothing from nowhere"
    )
    checking.run(taken, check_that_finds(found("9", programme), code="T02"))
    failed, done = checking.run(taken, broken, check_that_finds(found("1", programme)))
    assert (failed.state, done.state) == ("failed", "done")
    assert failed.reason == "CatalogException"
    # Nothing was looked for, so nothing is gone.
    assert checking.open() == 2


def test_two_at_once_are_one_after_the_other(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int
) -> None:
    check = check_that_finds(*(found(str(number), programme) for number in range(50)))

    async def meanwhile() -> None:
        async with due.alone(desk.database):
            await checking.running(taken, check)

    with pytest.raises(Conflict) as refused:
        desk.door.run(meanwhile())
    assert refused.value.code == "checks.running"
    assert checking.open() == 0
    # The lock is given back.
    checking.run(taken, check)
    assert len(checking.findings()) == 50


def test_what_is_killed_half_way_is_whole_after_the_next_run(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking.run(taken, check_that_finds(found("1", programme), found("2", programme)))
    before = checking.findings()
    newer = desk.take(LATER)
    check = check_that_finds(found("2", programme), found("3", programme))

    async def killed(*_: Any) -> int:
        raise asyncio.CancelledError

    monkeypatch.setattr(store, "open_new", killed)
    with pytest.raises(asyncio.CancelledError):
        checking.run(newer, check, at=LATER)
    # "1" was closed in the transaction that died, so it is open still.
    assert checking.findings() == before
    monkeypatch.undo()
    checking.run(newer, check, at=LATER)
    assert checking.reasons() == ["no_longer_found"]
    assert checking.open() == 2


def test_control_without_one_transaction_half_a_merge_would_show(
    checking: Checking, desk: Desk, taken: Snapshot, programme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same kill with a merge that commits after each of its steps leaves half a merge."""
    checking.run(taken, check_that_finds(found("1", programme), found("2", programme)))
    before = checking.findings()
    close_gone = store.close_gone

    async def close_and_commit(connection: Any, *rest: Any) -> int:
        closed = await close_gone(connection, *rest)
        await connection.execute("commit; begin")
        return closed

    async def killed(*_: Any) -> int:
        raise asyncio.CancelledError

    monkeypatch.setattr(store, "close_gone", close_and_commit)
    monkeypatch.setattr(store, "open_new", killed)
    with pytest.raises(asyncio.CancelledError):
        checking.run(desk.take(LATER), check_that_finds(found("3", programme)), at=LATER)
    assert checking.findings() != before


UNTOUCHED = (
    "enrolment",
    "enrolled_index",
    "benefit",
    "benefit_month",
    "beneficiary_record",
    "status_change",
    "group_member",
    "identifier",
    "change",
)


def digests(door: Door) -> dict[str, str]:
    """A digest of all rows of each table that no check may touch."""
    return {
        table: door.owner(
            f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"
        )[0][0]
        for table in UNTOUCHED
    }


def test_a_run_changes_no_enrolment_no_benefit_and_no_answer(
    checking: Checking, desk: Desk, programme: int
) -> None:
    before = digests(desk.door)
    checking.run(desk.take(), check_that_finds(found("1", programme, severity=3)))
    checking.run(desk.take(), check_that_finds())
    assert digests(desk.door) == before


def test_control_a_changed_row_changes_the_digest(desk: Desk) -> None:
    before = digests(desk.door)
    desk.door.owner("update enrolment set benefit_count = benefit_count + 1")
    after = digests(desk.door)
    desk.door.owner("update enrolment set benefit_count = benefit_count - 1")
    assert after["enrolment"] != before["enrolment"]
    assert after["benefit"] == before["benefit"]


@pytest.mark.parametrize("table", ["enrolment", "benefit", "enrolled_index"])
def test_the_findings_role_cannot_even_delete_what_programmes_reported(
    desk: Desk, table: str
) -> None:
    async def has_right() -> bool:
        async with desk.database.transaction(()) as connection:
            held: bool = await connection.fetchval(
                "select has_table_privilege($1, 'truncate')", f"ibr.{table}"
            )
            return held

    assert not desk.door.run(has_right())


def test_people_enrolled_are_counted_once_in_each_programme(
    checking: Checking, desk: Desk, taken: Snapshot
) -> None:
    checking.run(taken, check_that_finds())
    counted = {
        (row["programme_id"], row["what"], row["which"]): row["persons"]
        for row in desk.door.owner("select * from enrolled_people")
    }
    snapshots = {row["snapshot_no"] for row in desk.door.owner("select * from enrolled_people")}
    assert snapshots == {taken.snapshot_no}
    people: dict[tuple[int, str, str], set[int]] = defaultdict(set)
    rows = desk.rows(
        taken,
        "select a.programme_id, a.person_id, a.sex, year(a.birth_date), r.region_code "
        "from appearance a join record r using (record_id) join span s using (record_id) "
        "where a.member_no is not null and s.enrolled and s.last_day is null",
    )
    for programme, person, sex, year, region in rows:
        people[programme, "sex", str(sex or 0)].add(person)
        people[programme, "birth_year", str(year or "")].add(person)
        people[programme, "region", region or ""].add(person)
    assert rows
    assert counted == {group: len(who) for group, who in people.items()}
    # An older snapshot that is looked at again does not take the place of the newest.
    newer = desk.take(LATER)
    checking.run(newer, check_that_finds(), at=LATER)
    checking.run(taken, check_that_finds(), at=LATER)
    snapshots = {row["snapshot_no"] for row in desk.door.owner("select * from enrolled_people")}
    assert snapshots == {newer.snapshot_no}


def test_checks_are_due_once_a_day_and_when_it_was_worked_out_who_is_who(
    checking: Checking, desk: Desk
) -> None:
    desk.take(AT)

    def is_due(hours: int) -> bool:
        at = AT + timedelta(hours=hours)
        since = desk.door.run(due.due_since(desk.database, desk.programmes, at))
        return since is not None

    assert not is_due(2)
    assert is_due(24)
    desk.door.owner(
        "insert into link_run (kind, model_no, state, started_at) values ('full', 1, 'applied', "
        "$1)",
        AT + timedelta(hours=1),
    )
    assert is_due(2)
    desk.door.owner("delete from link_run")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-07..2026-09", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-11", date(2026, 11, 1), date(2026, 11, 20)),
    ],
)
def test_a_period_is_read_in_months(text: str, first: date, last: date) -> None:
    assert rules.read_period(text, AT.date()) == Period(first, last)


@pytest.mark.parametrize("text", ["2026-09..2026-07", "2026-12", "last year", "", "2026-13"])
def test_another_period_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood, match=r"period|month"):
        rules.read_period(text, AT.date())


def test_the_usual_period_is_a_year() -> None:
    assert rules.usual_period(date(2026, 11, 20)) == Period(date(2025, 12, 1), date(2026, 11, 20))


def test_the_lock_is_free_when_nobody_runs(desk: Desk) -> None:
    async def twice() -> None:
        for _ in range(2):
            async with due.alone(desk.database):
                pass

    desk.door.run(twice())
