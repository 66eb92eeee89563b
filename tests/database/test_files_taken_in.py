"""Files on their way in: tried without effect, taken in once, answered row by row."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, NotUnderstood
from ibr.files import kept
from ibr.files.mapping.model import Column, Mapping
from ibr.files.model import Counts, FileSent, FileTerms
from ibr.files.reading.open_rows import open_rows
from ibr.files.records import items
from ibr.files.sending import take_in
from ibr.files.sending.desk import FileDesk, opened, silent
from ibr.files.sending.respond import response_pieces
from ibr.files.sending.run import (
    job_of,
    keep_look,
    look,
    look_and_try,
    read,
    registry_asker,
    take,
    take_sent,
)
from ibr.files.sending.work_through import try_out
from tests.conftest import scratch_folder
from tests.door import Door
from tests.files_made import FORMS, as_csv, people

COUNTED = "select count(*) from "


@pytest.fixture
def desk(door: Door) -> Iterator[FileDesk]:
    folder = scratch_folder()
    services = door.services
    yield FileDesk(services.database, services.sealer, services.blind_index, services.book, folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def empty(door: Door) -> None:
    tables = ("file_sent", "file_part", "file_outcome", "file_response_part", "file_mapping")
    tables += ("record_key", "beneficiary_record", "enrolment", "benefit", "identifier")
    tables += ("refused_record", "delivery_part", "delivery_found", "delivery")

    async def work() -> None:
        async with owner_transaction(door.dsn) as owner:
            await owner.execute(";".join(f"delete from {table}" for table in tables))

    door.run(work())


def programme(desk: FileDesk) -> Any:
    return desk.book.programmes_by_code["dci001"]


async def arrived(desk: FileDesk, content: bytes, cycle: str = "2026-10") -> FileSent:
    """A file that lies in the registry, looked at by nobody yet."""
    own, at = programme(desk).programme_id, take_in.now()
    async with desk.database.transaction({own}) as connection:
        terms = FileTerms(cycle=cycle)
        number = await kept.announce(
            connection, registry_asker(own), own, "list.csv", terms, desk.sealer, at
        )
        sent = await kept.file_of(connection, number, desk.sealer)
        await kept.store_whole(connection, sent, io.BytesIO(content), desk.sealer, at)
    return await read(desk, number, frozenset({own}))


async def looked_at(
    desk: FileDesk, content: bytes, given: Mapping | None = None, cycle: str = "2026-10"
) -> FileSent:
    sent = await arrived(desk, content, cycle)
    seen = await look(desk, programme(desk), cycle, io.BytesIO(content), given)
    await keep_look(desk, sent, seen, None, "tried")
    return await read(desk, sent.file_no, frozenset({sent.programme_id}))


async def taken(
    desk: FileDesk, content: bytes, given: Mapping | None = None, cycle: str = "2026-10"
) -> FileSent:
    sent = await looked_at(desk, content, given, cycle)
    await take(desk, sent, io.BytesIO(content), None)
    return await read(desk, sent.file_no, frozenset({sent.programme_id}))


async def response_of(desk: FileDesk, sent: FileSent) -> list[list[str]]:
    async with desk.database.transaction({sent.programme_id}) as connection:
        pieces = [piece async for piece in response_pieces(connection, sent.file_no, desk.sealer)]
    return [cells for _, cells in open_rows(io.BytesIO(b"".join(pieces)), desk.folder).rows()]


async def held(door: Door) -> tuple[int, int, int]:
    """Records, benefits and deliveries that are kept."""
    async with owner_transaction(door.dsn) as owner:
        found = [
            await owner.fetchval(COUNTED + table)
            for table in ("beneficiary_record", "benefit", "delivery")
        ]
    return found[0], found[1], found[2]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_taken_in_and_answered_in_its_own_layout(
    door: Door, desk: FileDesk, form: str
) -> None:
    rows = people(12, Sex={3: "?"}, Payment_date={5: "31/02/2026"})

    async def work() -> None:
        sent = await taken(desk, FORMS[form](rows))
        assert (sent.state, sent.counts.new, sent.counts.refused) == ("done", 10, 2)
        assert await held(door) == (10, 10, 1)
        answer = await response_of(desk, sent)
        assert answer[0][:8] == rows[0]
        assert [row[8] for row in answer[1:]].count("refused") == 2
        third = answer[3]
        assert third[8] == "refused"
        assert third[9].startswith("Sex holds a word")
        assert third[10].startswith("Say in the mapping")

    door.run(work())


def test_a_dry_run_counts_and_writes_nothing(door: Door, desk: FileDesk) -> None:
    first, second = people(9), people(12, Surname={1: "Other"}, Sex={12: "?"})

    async def work() -> None:
        await taken(desk, as_csv(first))
        before = await held(door)
        sent = await looked_at(desk, as_csv(second))
        assert sent.mapping is not None
        job = job_of(desk, sent, io.BytesIO(as_csv(second)), sent.mapping)
        counts, reasons = await try_out(desk, job, silent)
        assert counts == Counts(records=12, new=2, changed=1, unchanged=8, refused=1)
        assert "Sex holds a word" in reasons[0]
        assert await held(door) == before

    door.run(work())


def test_what_a_dry_run_counts_is_what_comes_of_it(
    door: Door, desk: FileDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "BLOCK", 5)
    rows = people(17)
    rows += [list(rows[3]), [*rows[4][:6], "25/10/2026", "7.00"], list(rows[3])]

    async def work() -> None:
        sent = await looked_at(desk, as_csv(rows))
        assert sent.mapping is not None
        job = job_of(desk, sent, io.BytesIO(as_csv(rows)), sent.mapping)
        counts, _ = await try_out(desk, job, silent)
        done = await taken(desk, as_csv(rows))
        assert counts == done.counts
        assert (counts.new, counts.changed, counts.repeated) == (17, 1, 2)

    door.run(work())


def test_the_same_file_again_counts_once(door: Door, desk: FileDesk) -> None:
    async def work() -> None:
        await taken(desk, as_csv(people(4)))
        with pytest.raises(Conflict, match="very same file"):
            await taken(desk, as_csv(people(4)))
        assert await held(door) == (4, 4, 1)

    door.run(work())


@pytest.mark.parametrize("crash_at", [1, 2, 4])
def test_a_crash_between_blocks_loses_nothing_and_repeats_nothing(
    door: Door, desk: FileDesk, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    monkeypatch.setattr(items, "BLOCK", 5)
    rows = people(18, Sex={2: "?", 17: "?"})
    blocks = 0

    class _Killed(BaseException):
        pass

    def die(_step: str, _row: int) -> None:
        nonlocal blocks
        blocks += 1
        if blocks == crash_at:
            raise _Killed

    async def work() -> None:
        sent = await looked_at(desk, as_csv(rows))
        with pytest.raises(_Killed):
            await take(desk, sent, io.BytesIO(as_csv(rows)), None, die)
        reach = frozenset({sent.programme_id})
        assert (await read(desk, sent.file_no, reach)).state == "taking"
        await take_sent(desk, sent.file_no, reach)
        done = await read(desk, sent.file_no, reach)
        assert (done.state, done.counts.new, done.counts.refused) == ("done", 16, 2)
        assert await held(door) == (16, 16, 1)
        answer = await response_of(desk, done)
        assert [row[8] for row in answer[1:]].count("new") == 16

    door.run(work())


def test_without_its_progress_a_crash_would_be_seen(
    door: Door, desk: FileDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: from the beginning again the delivery refuses to count."""
    monkeypatch.setattr(items, "BLOCK", 5)
    rows = people(18)
    begun = 0

    class _Killed(BaseException):
        pass

    def die(_step: str, _row: int) -> None:
        raise _Killed

    from_where = take_in.blocks_of

    async def work() -> None:
        nonlocal begun
        sent = await looked_at(desk, as_csv(rows))
        with pytest.raises(_Killed):
            await take(desk, sent, io.BytesIO(as_csv(rows)), None, die)
        monkeypatch.setattr(take_in, "blocks_of", lambda desk, job, _first=0: from_where(desk, job))
        await take_sent(desk, sent.file_no, frozenset({sent.programme_id}))
        done = await read(desk, sent.file_no, frozenset({sent.programme_id}))
        assert done.counts.records == 23

    door.run(work())


def test_rows_of_one_household_are_one_record_wherever_they_stand(
    door: Door, desk: FileDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ["HH ID", "Name", "Sex", "Relationship to head", "Date of birth"]
    rows = [
        titles,
        ["H1", "Ali", "M", "Child", "2015"],
        ["H2", "Bea", "F", "Head", "1980-02-01"],
        ["H1", "Cyd", "F", "Head", "1979-02-01"],
        ["", "Dan", "M", "Child", "2012"],
        ["H1", "Eve", "F", "Other relative", "1950"],
    ]

    async def work() -> None:
        sent = await taken(desk, as_csv(rows))
        assert sent.mapping is not None
        assert (sent.mapping.rows, sent.mapping.unit) == ("member", 2)
        async with owner_transaction(door.dsn) as owner:
            sizes = await owner.fetch(
                "select assistance_unit, group_size from beneficiary_record order by group_size"
            )
        assert [tuple(row) for row in sizes] == [(2, 1), (2, 3)]
        answer = await response_of(desk, sent)
        assert [row[5] for row in answer[1:]] == ["new", "new", "new", "refused", "new"]

    door.run(work())


def test_a_mapping_is_remembered_for_the_layout_and_not_for_another_programme(
    door: Door, desk: FileDesk
) -> None:
    rows = people(3)
    rows[0][5] = "Etat du dossier"
    rows[1][5] = rows[2][5] = rows[3][5] = "OK"
    given = Mapping(
        [
            Column("Beneficiary No", "identifier:PROGRAMME_NUMBER"),
            Column("Etat du dossier", "status", codes={"OK": "1"}),
        ]
    )

    async def work() -> None:
        await taken(desk, as_csv(rows), given)
        again = [rows[0], *people(5)[4:]]
        again[1][5] = "OK"
        seen = await look(desk, programme(desk), "2026-11", io.BytesIO(as_csv(again)), None)
        assert seen.look.known
        assert seen.mapping.target_of("Etat du dossier") == "status"
        other = desk.book.programmes_by_code["dci002"]
        seen = await look(desk, other, "2026-11", io.BytesIO(as_csv(again)), None)
        assert not seen.look.known

    door.run(work())


def test_nothing_is_sent_while_something_must_be_decided(door: Door, desk: FileDesk) -> None:
    rows = people(6, **{"Date_of_birth": {n: f"0{n}/0{n + 1}/1990" for n in range(1, 7)}})
    rows = [row[:6] for row in rows]

    async def work() -> None:
        sent = await looked_at(desk, as_csv(rows))
        assert [each.column for each in sent.must_be_answered] == ["Date of birth"]
        with pytest.raises(NotUnderstood, match="day or the month"):
            await take(desk, sent, io.BytesIO(as_csv(rows)), None)
        assert await held(door) == (0, 0, 0)

    door.run(work())


def test_a_later_month_is_not_overruled_by_a_late_file(door: Door, desk: FileDesk) -> None:
    async def work() -> None:
        await taken(desk, as_csv(people(1, Status={1: "Suspended"})), cycle="2026-10")
        await taken(desk, as_csv(people(1, Status={1: "Active"})), cycle="2026-09")
        async with owner_transaction(door.dsn) as owner:
            assert await owner.fetchval("select status from enrolment") == 4

    door.run(work())


def test_a_page_asks_and_the_worker_does(door: Door, desk: FileDesk) -> None:
    content = as_csv(people(5, Sex={2: "?"}))

    async def work() -> None:
        sent = await arrived(desk, content)
        reach = frozenset({sent.programme_id})
        await _set(desk, sent, "trying")
        await look_and_try(desk, sent.file_no, reach)
        tried = await read(desk, sent.file_no, reach)
        assert tried.state == "tried"
        assert tried.tried == Counts(records=5, new=4, refused=1)
        await _set(desk, sent, "taking")
        await take_sent(desk, sent.file_no, reach)
        assert (await read(desk, sent.file_no, reach)).state == "done"
        assert await held(door) == (4, 4, 1)

    door.run(work())


def test_a_file_that_cannot_be_read_says_what_to_do(door: Door, desk: FileDesk) -> None:
    async def work() -> None:
        sent = await arrived(desk, b"%PDF-1.7 nothing of use")
        await _set(desk, sent, "trying")
        await look_and_try(desk, sent.file_no, frozenset({sent.programme_id}))
        failed = await read(desk, sent.file_no, frozenset({sent.programme_id}))
        assert failed.state == "failed"
        assert "XLSX or CSV" in (failed.refused_reason or "")

    door.run(work())


def test_bytes_are_kept_sealed_and_go_to_the_delivery(door: Door, desk: FileDesk) -> None:
    content = as_csv(people(3))

    async def work() -> None:
        sent = await arrived(desk, content)
        async with owner_transaction(door.dsn) as owner:
            assert b"Awa" not in await owner.fetchval("select sealed from file_part")
        done = await taken(desk, as_csv(people(4)))
        async with opened(desk, done) as back:
            assert back.read() == as_csv(people(4))
        async with owner_transaction(door.dsn) as owner:
            left = await owner.fetchval(
                "select count(*) from file_part where file_no = $1", done.file_no
            )
        assert left == 0
        async with opened(desk, sent) as back:
            assert back.read() == content

    door.run(work())


def test_a_file_of_another_programme_is_not_there(door: Door, desk: FileDesk) -> None:
    async def work() -> None:
        sent = await arrived(desk, as_csv(people(1)))
        other = desk.book.programmes_by_code["dci002"].programme_id
        with pytest.raises(Exception, match="no such file"):
            await read(desk, sent.file_no, frozenset({other}))
        assert (await read(desk, sent.file_no, frozenset({sent.programme_id}))).length > 0

    door.run(work())


async def _set(desk: FileDesk, sent: FileSent, state: str) -> None:
    async with desk.database.transaction({sent.programme_id}) as connection:
        await kept.store.change(connection, sent.file_no, take_in.now(), {"state": state})
