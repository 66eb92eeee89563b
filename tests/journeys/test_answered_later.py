"""From a signed request to the promise of a signed callback: what is acknowledged is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ibr.access.partners import suspend_partner
from ibr.db.pool import owner_transaction
from tests.door import SEARCH, SEARCH_LATER, STATUS, STATUS_LATER, Door, System
from tests.later import CALLBACKS, HOST, Worker, searching, status_of
from tests.people import a_number, enrolled

ON_SEARCH = f"{CALLBACKS}/on-search"
ON_STATUS = f"{CALLBACKS}/txn/on-status"


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture
def system(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


@pytest.fixture(scope="module")
def somebody(door: Door) -> str:
    """A person enrolled in two programmes."""
    uin = a_number()
    door.partner().report(enrolled(uin, "DCI001"), enrolled(uin, "DCI002"))
    return uin


def test_a_search_is_acknowledged_and_answered_by_a_callback(
    system: System, worker: Worker, somebody: str
) -> None:
    ack = system.post(
        SEARCH_LATER, searching(system, somebody, transaction_id="txn-1", sender_uri=ON_SEARCH)
    )
    assert (ack.status, ack.message["ack_status"]) == (200, "ACK")
    assert set(ack.body) == {"message"}
    assert set(ack.message) == {"ack_status", "timestamp", "correlation_id"}
    assert worker.callbacks(system) == []
    callback = worker.answered(system)
    assert (callback.address, callback.kind) == (ON_SEARCH, "on-search")
    assert callback.message["transaction_id"] == "txn-1"
    assert callback.message["correlation_id"] == ack.message["correlation_id"]
    [item] = callback.items
    assert (item["reference_id"], item["status"]) == ("ref-0", "succ")
    assert len(item["data"]["reg_records"]) == 2
    header = callback.header
    assert (header["action"], header["status"]) == ("on-search", "succ")
    assert (header["total_count"], header["completed_count"]) == (1, 1)
    assert (header["sender_id"], header["receiver_id"]) == (
        worker.door.settings.registry_id,
        system.sender_id,
    )


def test_the_callback_says_what_the_answer_at_once_says(
    system: System, worker: Worker, somebody: str
) -> None:
    at_once = system.post(SEARCH, searching(system, somebody, "nobody"))
    system.post(SEARCH_LATER, searching(system, somebody, "nobody", sender_uri=ON_SEARCH))
    now, later = at_once.message["search_response"], worker.answered(system).items
    for item in (*now, *later):
        del item["timestamp"]
    assert later == now


def test_the_callback_knows_whose_records_it_shows(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    system.post(SEARCH_LATER, searching(system, somebody, sender_uri=ON_SEARCH))
    programmes = door.owner(
        "select programme_id from programme where code = any ($1)", ["DCI001", "DCI002"]
    )
    assert worker.answered(system).programmes == sorted(row[0] for row in programmes)
    system.post(SEARCH_LATER, searching(system, a_number(), sender_uri=ON_SEARCH))
    assert worker.answered(system).programmes == []


def test_the_question_is_in_the_ledger_once_it_is_answered_and_once_only(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    asked = door.count("question_asked")
    body = searching(system, somebody, sender_uri=ON_SEARCH)
    system.post(SEARCH_LATER, body)
    assert door.count("question_asked") == asked
    worker.answer()
    written = door.count("question_asked")
    assert written > asked
    system.post(SEARCH_LATER, body)
    assert worker.answer() == 0
    assert door.count("question_asked") == written


def test_the_same_message_again_gets_the_same_ack_and_one_callback(
    system: System, worker: Worker, somebody: str
) -> None:
    body = searching(system, somebody, sender_uri=ON_SEARCH)
    first = system.post(SEARCH_LATER, body)
    assert system.post(SEARCH_LATER, body).raw == first.raw
    worker.answer()
    assert system.post(SEARCH_LATER, body).raw == first.raw
    worker.answer()
    assert len(worker.callbacks(system)) == 1


def test_twenty_at_once_are_one_request(system: System, worker: Worker, somebody: str) -> None:
    body = searching(system, somebody, sender_uri=ON_SEARCH)

    async def race() -> set[bytes]:
        replies = await asyncio.gather(*(system.posted(SEARCH_LATER, body) for _ in range(20)))
        return {reply.raw for reply in replies}

    assert len(system.door.run(race())) == 1
    assert worker.answer() == 1
    assert len(worker.callbacks(system)) == 1


def test_other_bytes_under_the_same_id_are_refused_and_nothing_comes_of_them(
    system: System, worker: Worker, somebody: str
) -> None:
    number = f"m-{a_number()}"
    first = system.post(
        SEARCH_LATER, searching(system, somebody, message_id=number, sender_uri=ON_SEARCH)
    )
    other = system.post(
        SEARCH_LATER, searching(system, a_number(), message_id=number, sender_uri=ON_SEARCH)
    )
    assert (first.message["ack_status"], other.message["ack_status"]) == ("ACK", "ERR")
    assert "rjct.message_id.duplicate" in other.text
    assert worker.answer() == 1
    [item] = worker.callbacks(system)[-1].items
    assert item["pagination"]["total_count"] == 2


@pytest.mark.parametrize(("first", "second"), [(SEARCH_LATER, SEARCH), (SEARCH, SEARCH_LATER)])
def test_one_message_is_answered_on_the_address_that_it_came_on_first(
    system: System, worker: Worker, somebody: str, first: str, second: str
) -> None:
    body = searching(system, somebody, sender_uri=ON_SEARCH)
    system.post(first, body)
    reply = system.post(second, body)
    assert reply.error == "err.request.bad"
    assert first in reply.text
    worker.answer()
    assert len(worker.callbacks(system)) == (first == SEARCH_LATER)


def test_one_status_is_answered_on_the_address_that_it_came_on_first(
    system: System, worker: Worker
) -> None:
    body = status_of(system, "txn-x", sender_uri=ON_STATUS)
    system.post(STATUS_LATER, body)
    assert STATUS_LATER in system.post(STATUS, body).text
    worker.answer()
    assert len(worker.callbacks(system)) == 1


def test_an_unusable_item_is_told_in_the_callback_and_not_in_the_ack(
    system: System, worker: Worker, somebody: str
) -> None:
    bad = searching(system, somebody, query={"type": "", "value": ""}, sender_uri=ON_SEARCH)
    assert system.post(SEARCH_LATER, bad).message["ack_status"] == "ACK"
    callback = worker.answered(system)
    assert callback.outcomes == ["rjct"]
    assert callback.items[0]["status_reason_code"] == "rjct.search_criteria.invalid"
    assert callback.header["status"] == "rjct"


def test_the_programmes_of_now_are_searched_and_not_those_of_the_ack(
    door: Door, worker: Worker, somebody: str
) -> None:
    system = door.partner(callback_urls=[CALLBACKS], ask=["DCI001", "DCI002"], report=[])
    system.post(SEARCH_LATER, searching(system, somebody, sender_uri=ON_SEARCH))
    door.owner(
        "update agreement_clause set programmes = array_remove(programmes, (select programme_id "
        "from programme where code = 'DCI002')) where agreement_no in (select agreement_no "
        "from agreement join partner using (partner_id) where sender_id = $1)",
        system.sender_id,
    )
    [item] = worker.answered(system).items
    shown = [
        each["programme_identifier"][0]["programme_identifier"]
        for each in item["data"]["reg_records"]
    ]
    assert shown == ["DCI001"]


def test_who_was_shut_out_meanwhile_is_told_so_without_data(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    system.post(SEARCH_LATER, searching(system, somebody, a_number(), sender_uri=ON_SEARCH))
    asked = door.count("question_asked")
    door.run(_suspend(door, system))
    callback = worker.answered(system)
    assert (callback.header["status"], callback.header["status_reason_code"]) == (
        "rjct",
        "rjct.action.not_supported",
    )
    assert callback.outcomes == ["rjct", "rjct"]
    assert [item["reference_id"] for item in callback.items] == ["ref-0", "ref-1"]
    assert all("data" not in item for item in callback.items)
    assert callback.programmes == []
    assert door.count("question_asked") == asked


async def _suspend(door: Door, system: System) -> None:
    async with owner_transaction(door.dsn) as owner:
        await suspend_partner(owner, system.sender_id, suspended=True)


def test_a_scope_that_was_taken_away_meanwhile_no_longer_counts(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    system.post(SEARCH_LATER, searching(system, somebody, sender_uri=ON_SEARCH))
    door.owner(
        "update partner set scopes = array_remove(scopes, 'registry.search') where sender_id = $1",
        system.sender_id,
    )
    assert worker.answered(system).outcomes == ["rjct"]


def test_a_scope_that_the_token_never_had_does_not_come_by_waiting(
    door: Door, worker: Worker, somebody: str
) -> None:
    """A txn-status asked with a token that may not search shows no records later either."""
    system = door.partner(callback_urls=[CALLBACKS])
    system.post(SEARCH, searching(system, somebody, transaction_id="txn-9"))
    partner = door.run(door.services.book.by_client(system.credentials["client_id"]))
    assert partner is not None
    system.token = door.services.tokens.make(partner.client_id, frozenset({"registry.txn.status"}))
    reply = system.post(STATUS_LATER, status_of(system, "txn-9", sender_uri=ON_STATUS))
    assert reply.status == 403
    assert worker.answer() == 0


def test_without_sender_uri_the_registered_address_for_it_is_used(
    door: Door, worker: Worker, somebody: str
) -> None:
    system = door.partner(callback_urls=[f"{CALLBACKS}/on-subscribe", ON_SEARCH, ON_STATUS])
    system.post(SEARCH_LATER, searching(system, somebody))
    assert worker.answered(system).address == ON_SEARCH
    system.post(STATUS_LATER, status_of(system, "txn-x"))
    assert worker.answered(system).address == ON_STATUS


def test_without_sender_uri_the_only_registered_address_is_used(
    door: Door, worker: Worker, somebody: str
) -> None:
    system = door.partner(callback_urls=[f"{HOST}/in"])
    system.post(SEARCH_LATER, searching(system, somebody))
    assert worker.answered(system).address == f"{HOST}/in"


@pytest.mark.parametrize("registered", [[], [f"{HOST}/a", f"{HOST}/b"]])
def test_without_any_address_the_result_is_kept_for_transaction_status(
    door: Door, worker: Worker, somebody: str, registered: list[str]
) -> None:
    system = door.partner(callback_urls=registered)
    ack = system.post(SEARCH_LATER, searching(system, somebody, transaction_id="txn-kept"))
    assert ack.message["ack_status"] == "ACK"
    worker.answer()
    assert worker.callbacks(system) == []
    told = system.post(STATUS, status_of(system, "txn-kept"))
    [item] = told.message["txnstatus_response"]["txn_status"]["search_response"]
    assert item["pagination"]["total_count"] == 2


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example.org/dci/registry/on-search",
        "http://mis.example.org/dci/registry/on-search",
        "https://mis.example.org:8443/dci/registry/on-search",
        "https://mis.example.org/other/on-search",
        "https://mis.example.org/dci/registry/../../on-search",
        "https://mis.example.org@elsewhere.example.org/dci/registry/on-search",
        "not an address",
    ],
)
def test_an_address_that_is_not_registered_is_refused_at_the_door(
    door: Door, system: System, worker: Worker, somebody: str, address: str
) -> None:
    before = door.count("accepted_request")
    reply = system.post(SEARCH_LATER, searching(system, somebody, sender_uri=address))
    assert (reply.status, reply.error) == (200, "err.sender_uri.invalid")
    assert set(reply.body) == {"message"}
    assert door.count("accepted_request") == before
    assert worker.answer() == 0


def test_nothing_readable_is_kept_of_what_was_asked(
    door: Door, system: System, worker: Worker, somebody: str
) -> None:
    system.post(SEARCH_LATER, searching(system, somebody, sender_uri=ON_SEARCH))
    worker.answer()
    kept = door.owner(
        "select body, coalesce(answer, '') as answer "
        "from accepted_request join message_received using (message_key)"
    )
    assert kept
    assert all(somebody.encode() not in row["body"] + row["answer"] for row in kept)
    jobs = door.owner("select arguments::text from job where kind = 'answer_request'")
    assert all(somebody not in row[0] for row in jobs)


@pytest.mark.parametrize("namespace", ["", "/ibr/v1.0.0"])
def test_a_namespace_before_the_address_means_the_same(
    system: System, worker: Worker, namespace: str
) -> None:
    reply = system.post(namespace + SEARCH_LATER, searching(system, a_number()))
    assert reply.message["ack_status"] == "ACK"
    assert worker.answer() == 1
