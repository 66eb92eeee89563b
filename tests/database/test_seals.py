"""Sealing: everything once, whatever commits late or never, whoever seals at the same time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import datetime

import asyncpg
import pytest

from ibr.audit.events import PROGRAMME_ADDED, SIGNED_IN
from ibr.audit.record import event, record_event, record_events
from ibr.audit.seals import keys, seal_due
from ibr.audit.seals.anchor import FileAnchor, read_anchor
from ibr.audit.seals.begin import acknowledge_restore
from ibr.audit.seals.how_far import how_far, in_words, outside_in_words
from ibr.audit.seals.model import EVERY, MOST, State
from ibr.audit.seals.seal_due import Sealing
from ibr.audit.seals.store import Gap
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, NotUnderstood, Unavailable
from ibr.operation.dependencies import Watched, look
from tests.audit_desk import AuditDesk, ago, fresh_desk


@pytest.fixture
def desk(cluster: str, template: str) -> Iterator[AuditDesk]:
    with fresh_desk(cluster, template) as desk:
        yield desk


def late_of(desk: AuditDesk) -> list[int]:
    rows = desk.owner("select late from ibr.audit_seal order by seal_no")
    return [number for row in rows for number in row["late"]]


def gaps_of(desk: AuditDesk) -> str:
    return str(desk.value("select open_gaps::text from ibr.audit_sealing"))


def state_of(desk: AuditDesk) -> State:
    async def work() -> State:
        async with desk.app.transaction(()) as connection:
            return await how_far(connection)

    return desk.run(work())


class Writer:
    """Somebody whose transaction takes its time."""

    def __init__(self, desk: AuditDesk) -> None:
        self.desk = desk

    async def begin(self) -> None:
        self.connection = await asyncpg.connect(
            self.desk.dsn, server_settings={"search_path": "ibr", "timezone": "UTC"}
        )
        self.transaction = self.connection.transaction()
        await self.transaction.start()

    async def write(self, times: int = 1) -> None:
        for _ in range(times):
            await record_event(
                self.connection, kind=PROGRAMME_ADDED, asker=None, details={}, at=now()
            )

    async def end(self, *, commit: bool) -> None:
        await (self.transaction.commit() if commit else self.transaction.rollback())
        await self.connection.close()


def begun(desk: AuditDesk, times: int = 1) -> Writer:
    writer = Writer(desk)
    desk.run(writer.begin())
    desk.run(writer.write(times))
    return writer


def test_what_happens_is_sealed_and_verifies(desk: AuditDesk) -> None:
    desk.happens(3)
    desk.asks(2)
    assert desk.verify().waiting == 7
    assert desk.seals().seals == 1
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.waiting, report.anchored) == (None, 0, 1)
    # With the event of the audit key, and the batch for what stood in the ledger before.
    assert (report.events, report.asked) == (5, 2)


def test_a_batch_is_closed_when_it_is_full_or_old(desk: AuditDesk) -> None:
    desk.seals()
    desk.happens(2)
    assert desk.seals(at_once=False).seals == 0
    assert desk.seals(at_once=False, at=now() + EVERY).seals == 1
    many = [event(PROGRAMME_ADDED, None, {"n": number}, now()) for number in range(2 * MOST + 5)]

    async def write() -> None:
        async with desk.app.transaction(()) as connection:
            await record_events(connection, many)

    desk.run(write())
    assert desk.seals(at_once=False).seals == 3
    assert desk.verify(anchor=desk.anchor).broken is None


def test_an_idle_registry_is_never_late(desk: AuditDesk) -> None:
    desk.seals()
    desk.sealed_long_ago()
    assert desk.seals(at_once=False, at=now() + EVERY).seals == 0
    sealed_at: datetime = desk.value("select sealed_at from ibr.audit_sealing")
    assert (now() - sealed_at).total_seconds() < 60


def test_a_transaction_that_commits_late_is_sealed_late_and_once(desk: AuditDesk) -> None:
    slow = begun(desk)
    desk.happens()
    desk.seals()
    assert "[" in gaps_of(desk)[1:]
    assert desk.verify(anchor=desk.anchor).broken is None
    desk.run(slow.end(commit=True))
    between = desk.verify(anchor=desk.anchor)
    assert (between.broken, between.waiting) == (None, 1)
    desk.seals()
    assert len(late_of(desk)) == 1
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.waiting, report.events) == (None, 0, 3)
    assert gaps_of(desk) == "[]"


def test_control_without_the_gaps_the_late_one_is_never_sealed(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(gaps: Sequence[Gap], came: set[int], below: int, own: int) -> list[Gap]:
        return []

    slow = begun(desk)
    desk.happens()
    desk.seals()
    monkeypatch.setattr(seal_due, "_still_open", forget)
    desk.seals()
    desk.run(slow.end(commit=True))
    desk.seals()
    broken = desk.verify().broken
    assert broken is not None
    assert broken.what == "event_inserted"


def test_a_number_that_was_rolled_back_is_given_up_when_nobody_can_bring_it(
    desk: AuditDesk,
) -> None:
    undone, other = begun(desk, 2), begun(desk)
    desk.happens()
    desk.seals()
    desk.run(undone.end(commit=False))
    desk.seals()
    assert gaps_of(desk) != "[]"
    desk.run(other.end(commit=False))
    desk.seals()
    assert gaps_of(desk) == "[]"
    assert desk.verify(anchor=desk.anchor).broken is None


def with_a_writer_in_between(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch, *, locked_first: bool
) -> Writer:
    """One round of sealing into which somebody writes just before the newest number is read."""
    writer, read = Writer(desk), seal_due.store.newest_number

    async def newest_number(connection: asyncpg.Connection) -> tuple[int, int]:
        if locked_first:
            await connection.execute("select pg_current_xact_id()")
        await writer.begin()
        await writer.write()
        async with desk.app.transaction(()) as other:
            await record_event(other, kind=PROGRAMME_ADDED, asker=None, details={}, at=now())
        return await read(connection)

    with monkeypatch.context() as patched:
        patched.setattr(seal_due.store, "newest_number", newest_number)
        desk.seals()
    desk.seals()
    desk.run(writer.end(commit=True))
    desk.seals()
    return writer


def test_who_writes_while_the_sealer_looks_is_waited_for(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_writer_in_between(desk, monkeypatch, locked_first=False)
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.events, report.waiting) == (None, 3, 0)


def test_control_a_sealer_that_draws_its_number_first_misses_them(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_writer_in_between(desk, monkeypatch, locked_first=True)
    broken = desk.verify().broken
    assert broken is not None
    assert broken.what == "event_inserted"


def test_gaps_of_a_database_that_was_carried_here_are_given_up() -> None:
    foreign = Gap(5, 9, 4_000_000)
    assert seal_due._still_open([foreign], set(), below=700, own=700) == []
    assert seal_due._still_open([Gap(5, 9, 700)], {6}, below=700, own=701) == [
        Gap(5, 5, 700),
        Gap(7, 9, 700),
    ]


def test_two_workers_at_once_seal_everything_once(desk: AuditDesk) -> None:
    desk.happens(30)

    async def both() -> None:
        rounds = [
            Sealing(desk.jobs, desk.sealer, [FileAnchor(desk.anchor)]).run(now(), at_once=True)
            for _ in range(4)
        ]
        await asyncio.gather(*rounds)

    desk.run(both())
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.events, report.waiting) == (None, 31, 0)
    numbers = [line.seal for line in read_anchor(desk.anchor)]
    assert numbers == sorted(set(numbers)) == list(range(1, report.seals + 1))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_of_commits_everything_is_sealed_once(
    desk: AuditDesk, seed: int
) -> None:
    chance = random.Random(seed)
    open_: list[Writer] = []
    for _ in range(40):
        step = chance.choice(("begin", "begin", "write", "end", "end", "seal"))
        if step == "begin" and len(open_) < 5:
            open_.append(begun(desk, chance.randint(0, 3)))
        elif step == "write" and open_:
            desk.run(chance.choice(open_).write())
        elif step == "end" and open_:
            writer, commit = open_.pop(chance.randrange(len(open_))), chance.random() < 0.6
            desk.run(writer.end(commit=commit))
        elif step == "seal":
            desk.seals()
            assert desk.verify(anchor=desk.anchor).broken is None
    for writer in open_:
        desk.run(writer.end(commit=True))
    desk.seals()
    # What was rolled back is given up in the round after the one that first missed it.
    desk.seals()
    written = desk.value("select count(*) from ibr.audit_event")
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.events, report.waiting) == (None, written, 0)
    assert gaps_of(desk) == "[]"


def test_when_sealing_is_late_nothing_is_written(desk: AuditDesk) -> None:
    desk.seals()
    desk.happens(at=ago(17))
    desk.sealed_long_ago()
    for write in (desk.happens, desk.asks):
        with pytest.raises(Unavailable) as refused:
            write()
        assert (refused.value.code, refused.value.retry_after) == ("audit.sealing_late", 60)
    state = state_of(desk)
    assert state.late(now())
    assert "ibr audit seal" in in_words(state, now())
    before = desk.value("select count(*) from ibr.question_asked")
    assert before == 0


def test_it_goes_on_by_itself_once_it_is_sealed(desk: AuditDesk) -> None:
    desk.seals()
    desk.happens(at=ago(17))
    desk.sealed_long_ago()
    desk.seals()
    desk.happens()
    desk.asks()
    assert in_words(state_of(desk), now()) == "ok"


def test_control_what_happened_just_now_is_not_late(desk: AuditDesk) -> None:
    """A registry that nobody used for an hour while its worker was away takes the first message."""
    desk.seals()
    desk.sealed_long_ago(60)
    desk.happens()
    desk.happens()
    assert not state_of(desk).late(now())


def test_an_officer_comes_in_to_see_what_is_wrong(desk: AuditDesk) -> None:
    desk.seals()
    desk.happens(at=ago(17))
    desk.sealed_long_ago()

    async def sign_in() -> None:
        async with desk.app.transaction(()) as connection:
            await record_event(connection, kind=SIGNED_IN, asker=None, details={}, at=now())

    desk.run(sign_in())


def test_before_sealing_begins_nothing_is_late(desk: AuditDesk) -> None:
    desk.owner("update ibr.audit_sealing set sealed_at = null, chain = null")
    desk.happens(at=ago(60))
    desk.happens()
    assert desk.seals().seals == 0
    assert not state_of(desk).late(now())


def test_seals_go_on_while_the_anchor_is_away_and_are_added_when_it_is_back(
    desk: AuditDesk,
) -> None:
    desk.happens()
    blocked = desk.folder / "a file" / "seals.jsonl"
    blocked.parent.write_text("no folder")
    done = desk.run(desk.sealing(blocked).run(now(), at_once=True))
    assert (done.seals, done.trouble) == (1, "unreachable")
    assert outside_in_words(state_of(desk), now()) != "ok"
    desk.happens()
    done = desk.seals()
    assert (done.seals, done.anchored, done.trouble) == (1, 2, None)
    assert [line.seal for line in read_anchor(desk.anchor)] == [1, 2]
    assert outside_in_words(state_of(desk), now()) == "ok"


def test_a_line_that_a_crash_cut_off_is_written_again(desk: AuditDesk) -> None:
    desk.happens()
    desk.seals()
    whole = desk.anchor.read_bytes()
    desk.anchor.write_bytes(whole[:-40])
    desk.happens()
    desk.seals()
    assert [line.seal for line in read_anchor(desk.anchor)] == [1, 2]
    assert desk.verify(anchor=desk.anchor).anchored == 2


def test_nothing_is_sealed_on_top_of_a_database_that_was_rolled_back(desk: AuditDesk) -> None:
    desk.happens()
    desk.seals()
    desk.happens()
    desk.seals()
    desk.owner("delete from ibr.audit_seal where seal_no = 2")
    desk.happens()
    assert desk.seals().trouble == "rolled_back"
    assert desk.value("select max(seal_no) from ibr.audit_seal") == 1


def test_a_restored_backup_is_noted_and_said_for_ever(desk: AuditDesk) -> None:
    desk.happens()
    desk.seals()
    last_id = desk.value("select last_id from ibr.audit_sealing")
    desk.happens()
    desk.seals()
    # What a restore of the moment between the two would have left.
    desk.owner("delete from ibr.audit_seal where seal_no = 2")
    desk.owner("delete from ibr.audit_event where event_id > $1", last_id)
    desk.owner("update ibr.audit_sealing set last_id = $1", last_id)

    async def acknowledge(reason: str) -> tuple[int, int]:
        async with owner_transaction(desk.dsn) as owner:
            return await acknowledge_restore(owner, [FileAnchor(desk.anchor)], None, reason, now())

    with pytest.raises(NotUnderstood):
        desk.run(acknowledge("oops"))
    assert desk.run(acknowledge("The disk failed; last night's backup.")) == (2, 2)
    assert desk.seals().trouble is None
    report = desk.verify(anchor=desk.anchor)
    assert (report.broken, report.lost, report.last) == (None, [(2, 2)], 3)
    with pytest.raises(Conflict):
        desk.run(acknowledge("And once more, for no reason."))


def test_the_next_key_is_endorsed_by_the_one_before(desk: AuditDesk) -> None:
    desk.happens()
    desk.seals()

    async def new_key() -> None:
        async with owner_transaction(desk.dsn) as owner:
            await keys.make_key(owner, desk.sealer, None, now())

    desk.run(new_key())
    desk.seals()
    assert len({line.key for line in read_anchor(desk.anchor)}) == 2
    assert desk.verify(anchor=desk.anchor).broken is None
    desk.owner("update ibr.audit_key set endorsement = 'x' where endorsement is not null")
    broken = desk.verify().broken
    assert broken is not None
    assert (broken.what, broken.seal) == ("key_unknown", 2)


def test_look_ups_of_before_sealing_began_are_bound_too(cluster: str, template: str) -> None:
    with fresh_desk(cluster, template) as desk:
        desk.owner("update ibr.audit_sealing set chain = null, sealed_at = null")
        desk.owner("delete from ibr.audit_key")
        desk.owner("delete from ibr.ledger_batch")
        for _ in range(3):
            desk.asks()
        desk.owner("update ibr.question_asked set batch_id = 0")
        desk.owner("delete from ibr.ledger_batch")
        desk.begin()
        desk.seals()
        assert desk.verify().asked == 6
        desk.owner(
            "delete from ibr.question_asked where ctid in "
            "(select ctid from ibr.question_asked limit 1)"
        )
        broken = desk.verify().broken
        assert broken is not None
        assert broken.what == "asked_missing"


def test_readiness_says_that_sealing_is_late(desk: AuditDesk) -> None:
    desk.seals()
    well = desk.run(look(Watched(desk.app)))
    desk.happens(at=ago(17))
    desk.sealed_long_ago()
    late = desk.run(look(Watched(desk.app)))
    assert (well.checks["sealing"], well.anchor) == ("ok", "ok")
    assert "has not been sealed for" in late.checks["sealing"]
    assert not late.ready
