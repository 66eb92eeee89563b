"""Requests that cannot be answered at once: those that fail, that take long, that are forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ibr.db.pool import Connection
from ibr.errors import Unavailable
from ibr.interop.dci import accept
from ibr.interop.dci.answered import Answered
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.services import Services
from ibr.jobs import answering
from ibr.jobs.answering import ANSWER_SLOW_REQUEST, refuse_forgotten
from ibr.jobs.model import Job, LeaseLostError
from tests.conftest import scratch_folder
from tests.door import SEARCH_LATER, STATUS, Door, Json, System
from tests.door_fixtures import PROGRAMMES
from tests.later import CALLBACKS, Worker, searching, status_of
from tests.people import a_number, enrolled

POISON = "txn-poison"


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    folder = scratch_folder()
    door = Door(dsn, folder, PROGRAMMES)
    yield door
    door.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()
    door.owner("delete from job")


@pytest.fixture
def system(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


def answer_by(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    """Searches are answered by this function from now on."""
    search = replace(accept.OPERATIONS["search"], answer=answer)
    monkeypatch.setitem(accept.OPERATIONS, "search", search)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that nobody foresaw, in one transaction alone."""
    search = accept.OPERATIONS["search"].answer

    async def answer(
        services: Services, connection: Connection, opened: Opened, correlation_id: str
    ) -> Answered:
        found = await search(services, connection, opened, correlation_id)
        if opened.message["transaction_id"] == POISON:
            raise ZeroDivisionError
        return found

    answer_by(monkeypatch, answer)


def post(system: System, transaction_id: str) -> None:
    body = searching(system, a_number(), transaction_id=transaction_id)
    assert system.post(SEARCH_LATER, body).message["ack_status"] == "ACK"


def told(system: System, transaction_id: str) -> list[Json]:
    reply = system.post(STATUS, status_of(system, transaction_id))
    return reply.message["txnstatus_response"]["txn_status"]["search_response"]


def give_up_the_job(door: Door) -> None:
    door.owner("update job set gave_up_at = now(), last_error = 'ZeroDivisionError'")
    door.owner("update accepted_request set accepted_at = now() - interval '1 hour'")


@pytest.mark.usefixtures("poisoned")
def test_one_that_fails_leaves_nothing_behind_and_holds_up_nobody(
    door: Door, worker: Worker, system: System
) -> None:
    post(system, POISON)
    post(system, "txn-good")
    asked = door.count("question_asked")
    [poison, good] = door.run(worker.claim())
    with pytest.raises(ZeroDivisionError):
        door.run(worker.attempt(poison))
    assert door.count("question_asked") == asked
    door.run(worker.attempt(good))
    assert [each.message["transaction_id"] for each in worker.callbacks(system)] == ["txn-good"]
    assert [item["status"] for item in told(system, POISON)] == ["pdng"]
    assert [item["reference_id"] for item in told(system, POISON)] == ["ref-0"]


@pytest.mark.usefixtures("poisoned")
def test_one_that_always_fails_ends_as_a_refusal_without_data(
    door: Door, worker: Worker, system: System
) -> None:
    post(system, POISON)
    give_up_the_job(door)
    door.run(worker.services.book.refresh(0))
    forget = Job(
        job_id=0,
        kind="refuse_forgotten",
        arguments={},
        attempts=1,
        every_seconds=60,
        lease_token="",
    )
    door.run(refuse_forgotten(worker.services, forget))
    [callback] = worker.callbacks(system)
    assert callback.header["status"] == "rjct"
    assert "status_reason_code" not in callback.header
    assert "failed" in callback.header["status_reason_message"]
    assert callback.outcomes == ["rjct"]
    [item] = told(system, POISON)
    assert (item["status"], "data" in item) == ("rjct", False)
    door.run(refuse_forgotten(worker.services, forget))
    assert len(worker.callbacks(system)) == 1


def test_one_that_a_job_still_takes_care_of_is_not_forgotten(
    door: Door, worker: Worker, system: System
) -> None:
    post(system, "txn-waiting")
    door.owner("update accepted_request set accepted_at = now() - interval '1 hour'")
    forget = Job(job_id=0, kind="", arguments={}, attempts=1, every_seconds=60, lease_token="")
    door.run(refuse_forgotten(worker.services, forget))
    assert worker.callbacks(system) == []
    assert worker.answer() == 1
    assert worker.callbacks(system)[0].outcomes == ["succ"]


def test_one_that_takes_long_is_answered_where_long_work_is_done(
    door: Door, worker: Worker, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = accept.OPERATIONS["search"].answer

    async def slow(
        services: Services, connection: Connection, opened: Opened, correlation_id: str
    ) -> Answered:
        await connection.execute("select pg_sleep(0.4)")
        return await search(services, connection, opened, correlation_id)

    answer_by(monkeypatch, slow)
    monkeypatch.setattr(answering, "QUICK_MILLISECONDS", 200)
    post(system, "txn-long")
    [job] = door.run(worker.claim())
    door.run(worker.attempt(job))
    assert worker.callbacks(system) == []
    [job] = door.run(worker.claim())
    assert job.kind == ANSWER_SLOW_REQUEST
    door.run(worker.attempt(job))
    assert worker.callbacks(system)[0].outcomes == ["succ"]
    assert door.count("job") == 0


def test_one_that_takes_too_long_even_there_is_refused(
    door: Door, worker: Worker, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_slow(*_: object) -> Answered:
        raise Unavailable("database.slow", "Too slow.")

    answer_by(monkeypatch, too_slow)
    post(system, "txn-endless")
    [job] = door.run(worker.claim())
    door.run(worker.attempt(job))
    [job] = door.run(worker.claim())
    with pytest.raises(Unavailable):
        door.run(worker.attempt(job))
    door.owner("update job set leased_until = null")
    [job] = door.run(worker.claim())
    door.run(worker.attempt(job))
    [callback] = worker.callbacks(system)
    assert callback.outcomes == ["rjct"]
    assert "Ask for less" in callback.items[0]["status_reason_message"]
    assert door.count("job") == 0


def test_a_worker_that_comes_too_late_changes_nothing(
    door: Door, worker: Worker, system: System
) -> None:
    uin = a_number()
    system.report(enrolled(uin, "DCI001"))
    system.post(SEARCH_LATER, searching(system, uin))
    [late] = door.run(worker.claim())
    door.owner("update job set leased_until = now() - interval '1 second'")
    [other] = door.run(worker.claim())
    asked = door.count("question_asked")
    with pytest.raises(LeaseLostError):
        door.run(worker.attempt(late))
    assert door.count("question_asked") == asked
    assert worker.callbacks(system) == []
    door.run(worker.attempt(other))
    assert len(worker.callbacks(system)) == 1
