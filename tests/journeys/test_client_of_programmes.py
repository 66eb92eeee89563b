"""The client for programme systems against the registry itself: every operation, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ibr_client import (
    AsyncCallbackReceiver,
    AsyncRegistryClient,
    Credentials,
    Handlers,
    InMemory,
    NotPermitted,
    Options,
    Page,
    QueryRefused,
    Refused,
    StillPending,
    Wanted,
    expression,
    identifier,
    predicate,
)
from ibr_messages.encryption import encrypt, encryption_key, new_key
from ibr_messages.strict_json import canonical
from ibr_messages.types import (
    Beneficiary,
    Benefit,
    Envelope,
    Identifier,
    Member,
    MsgCallbackHeader,
    Name,
    NotifyEventRequest,
    Person,
    Programme,
    SearchResponse,
    Sort,
    SubscribeResponse,
    TxnStatusResponse,
    UnSubscribeResponse,
)
from tests.door import Door, System
from tests.later import CALLBACKS, Worker
from tests.people import a_number, enrolled, given, with_status
from tests.standard.test_typed_messages import lost
from tests.subscribing import Teller

JSON = {"content-type": "application/json"}
KINDS: dict[str, Any] = {
    "on-search": SearchResponse,
    "on-subscribe": SubscribeResponse,
    "on-unsubscribe": UnSubscribeResponse,
    "notify": NotifyEventRequest,
    "txn-on-status": TxnStatusResponse,
}


def client_of(system: System, **options: Any) -> AsyncRegistryClient:
    """The client of a partner, at the door without a network."""
    credentials = Credentials(
        sender_id=system.sender_id,
        client_id=system.credentials["client_id"],
        client_secret=system.credentials["client_secret"],
        key=system.key,
    )
    return AsyncRegistryClient(
        "http://registry.test",
        system.door.settings.registry_id,
        credentials,
        Options(plain_http=True, callbacks=CALLBACKS, **options),
        http=system.door.client,
    )


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


@pytest.fixture(scope="module")
def client(system: System) -> AsyncRegistryClient:
    return client_of(system)


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


async def pages(client: AsyncRegistryClient, wanted: Wanted, **how: Any) -> list[Page]:
    return [page async for page in client.search(wanted, **how)]


# Reporting and asking


def test_whoever_is_reported_is_enrolled(door: Door, client: AsyncRegistryClient) -> None:
    uin, other = a_number(), a_number()
    record = enrolled(uin, "DCI001") | given("USD 50.00")
    report = door.run(client.report([record], cycle="2026-01"))
    assert (report.accepted, report.refused) == (1, [])
    assert door.run(client.is_enrolled("UIN", uin, "DCI001")) is True
    assert door.run(client.is_enrolled("UIN", other, "DCI001")) is False
    assert door.run(client.are_enrolled("UIN", [uin, other], "DCI001")) == {uin: True, other: False}


def test_a_refused_record_says_how_to_mend_it(door: Door, client: AsyncRegistryClient) -> None:
    report = door.run(
        client.report([enrolled(a_number(), "DCI001"), enrolled(a_number(), "NOT_THERE")])
    )
    [refused] = report.refused
    assert refused.position == 1
    assert "programme_identifier" in (refused.reason or "")


def test_typed_records_are_stored_as_they_are(door: Door, client: AsyncRegistryClient) -> None:
    uin = a_number()
    since = datetime(2025, 12, 15, tzinfo=UTC)
    record = Beneficiary(
        own_id=f"case-{uin}",
        assistance_unit="1",
        member=Member(
            member_identifier=[Identifier(identifier_type="UIN", identifier_value=uin)],
            demographic_info=Person(
                name=Name(surname="Haddad", given_name="Amina"), sex="female", birth_date="1980-02"
            ),
        ),
        programme_identifier=[Programme(programme_identifier="DCI001")],
        enrollment_date=since,
        enrollment_status="1",
        benefits=[Benefit(benefit_type="1", benefit_date=since, benefit_value="USD 50.00")],
    )
    assert door.run(client.report([record])).outcomes[0].reference_id == f"case-{uin}"
    [page] = door.run(pages(client, identifier("UIN", uin)))
    [found] = page.records
    assert found.member.demographic_info.name == Name(
        kind="Name", surname="Haddad", given_name="Amina"
    )
    assert found.member.demographic_info.birth_date == "1980-02"
    assert found.enrollment_date == since
    assert found.benefits[0].benefit_value == "USD 50.00"


def test_many_records_in_several_messages_are_all_stored(
    door: Door, client: AsyncRegistryClient
) -> None:
    numbers = [a_number() for _ in range(25)]
    records = (enrolled(number, "DCI002") for number in numbers)
    report = door.run(client.report(records, cycle="2026-02", most_records=10))
    assert (report.accepted, len(report.correlation_ids)) == (25, 3)
    found = door.run(client.are_enrolled("UIN", numbers, "DCI002"))
    assert set(found.values()) == {True}
    status = door.run(client.status("receipt", "transaction_id", report.transaction_id))
    assert len(status.txn_status.enrolled_response or []) == 25


def test_a_programme_out_of_reach_is_refused(door: Door) -> None:
    limited = client_of(door.partner(report=["DCI001"], ask=["DCI001"]))
    uin = a_number()
    assert door.run(limited.is_enrolled("UIN", uin, "DCI001")) is False
    with pytest.raises(NotPermitted) as failed:
        door.run(limited.is_enrolled("UIN", uin, "DCI002"))
    assert (failed.value.http_status, failed.value.code) == (403, "err.request.forbidden")


def test_a_wrong_secret_gets_nowhere(door: Door, system: System) -> None:
    client = client_of(system)
    client._parts.credentials.client_secret = "wrong"
    with pytest.raises(NotPermitted, match="client_secret"):
        door.run(client.is_enrolled("UIN", "1", "DCI001"))


def test_a_key_that_is_not_registered_gets_nowhere(door: Door, system: System) -> None:
    other = door.partner()
    other.credentials, other.sender_id = system.credentials, system.sender_id
    with pytest.raises(Refused) as failed:
        door.run(client_of(other).is_enrolled("UIN", "1", "DCI001"))
    assert failed.value.code == "err.signature.invalid"


def test_a_page_of_nothing_is_refused_in_the_registrys_words(
    door: Door, client: AsyncRegistryClient
) -> None:
    with pytest.raises(Refused, match=r"rjct\.pagination\.invalid"):
        door.run(pages(client, identifier("UIN", "1"), page_size=0))


# Searching


@pytest.fixture(scope="module")
def three(door: Door, client: AsyncRegistryClient) -> list[str]:
    numbers = [a_number() for _ in range(3)]
    door.run(client.report([enrolled(number, "DCI003") for number in numbers]))
    return numbers


def numbers_of(found: list[Page]) -> list[list[str]]:
    return [
        [each.member.member_identifier[0].identifier_value for each in page.records]
        for page in found
    ]


def test_every_query_form_finds_page_by_page(
    door: Door, client: AsyncRegistryClient, three: list[str]
) -> None:
    programme = "programme_identifier.programme_identifier"
    for wanted in (
        expression({programme: {"$eq": "DCI003"}}),
        predicate((programme, "eq", "DCI003")),
    ):
        found = door.run(
            pages(client, wanted, page_size=2, sort=[Sort(attribute_name="enrollment_date")])
        )
        assert sorted(number for page in numbers_of(found) for number in page) == sorted(three)
        assert [len(page.records) for page in found] == [2, 1]
        assert {page.total for page in found} == {3}


def test_an_unknown_attribute_is_refused_by_name(door: Door, client: AsyncRegistryClient) -> None:
    with pytest.raises(QueryRefused) as failed:
        door.run(pages(client, expression({"shoe_size": {"$eq": "43"}})))
    assert failed.value.code == "rjct.search_criteria.invalid"


# Encrypted


def test_everything_works_encrypted(door: Door, worker: Worker) -> None:
    system = door.partner(callback_urls=[CALLBACKS])
    client = client_of(system, encrypted=True)
    uin = a_number()
    assert door.run(client.report([enrolled(uin, "DCI001")])).accepted == 1
    assert door.run(client.is_enrolled("UIN", uin, "DCI001")) is True
    ticket = door.run(client.start_search(identifier("UIN", uin)))
    worker.answer()
    found = door.run(client.result(ticket))
    assert found.search_response[0].pagination.total_count == 1


# Answered later


class Desk:
    """A partner's system that receives what the registry promised it."""

    def __init__(self, system: System, worker: Worker) -> None:
        self.system = system
        self.worker = worker
        self.memory = InMemory()
        self.client = client_of(system, memory=self.memory)
        self.got: list[tuple[Any, Any]] = []
        note = self.note
        self.receiver: AsyncCallbackReceiver = self.client.receiver(
            Handlers(
                on_search=note, on_subscribe=note, on_unsubscribe=note, notify=note, on_status=note
            )
        )

    async def note(self, message: Any, received: Any) -> None:
        self.got.append((message, received))

    def come(self) -> list[int]:
        """Brings every promised message to the receiver, signed as the registry signs."""
        statuses = []
        for each in self.worker.callbacks(self.system):
            body = self.worker.services.writer.sealed(each.header, each.message)
            kind = Envelope[MsgCallbackHeader, KINDS[each.kind]]
            assert lost(body, kind) is None
            status, answer = self.system.door.run(self.receiver.receive(each.address, JSON, body))
            assert msgspec.json.decode(answer)["message"]["ack_status"] == "ACK", answer
            statuses.append(status)
        return statuses


@pytest.fixture
def desk(door: Door, worker: Worker) -> Desk:
    return Desk(door.partner(callback_urls=[CALLBACKS]), worker)


def test_a_search_is_answered_by_callback_and_by_status(door: Door, desk: Desk) -> None:
    uin = a_number()
    door.run(desk.client.report([enrolled(uin, "DCI001")]))
    ticket = door.run(desk.client.start_search(identifier("UIN", uin)))
    with pytest.raises(StillPending):
        door.run(desk.client.result(ticket))
    desk.worker.answer()
    assert desk.come() == [200]
    [(message, received)] = desk.got
    assert received.ticket == ticket
    [item] = message.search_response
    assert item.reference_id == ticket.references[0]
    [record] = item.data.reg_records
    assert record.member.member_identifier[0].identifier_value == uin
    by_status = door.run(desk.client.result(ticket)).search_response
    assert by_status[0].data.reg_records == item.data.reg_records


def test_a_callback_that_comes_twice_is_handed_over_once(door: Door, desk: Desk) -> None:
    door.run(desk.client.start_search(identifier("UIN", a_number())))
    desk.worker.answer()
    assert desk.come() == [200]
    assert desk.come() == [200]
    assert len(desk.got) == 1


def test_a_callback_for_another_partner_is_refused(door: Door, desk: Desk) -> None:
    other = Desk(door.partner(callback_urls=[CALLBACKS]), desk.worker)
    door.run(other.client.start_search(identifier("UIN", a_number())))
    desk.worker.answer()
    [promised] = desk.worker.callbacks(other.system)
    body = desk.worker.services.writer.sealed(promised.header, promised.message)
    _, answer = door.run(desk.receiver.receive(promised.address, JSON, body))
    assert msgspec.json.decode(answer)["message"]["error"]["code"] == "err.receiver_id.invalid"
    assert desk.got == []


def test_a_status_is_answered_by_callback(door: Door, desk: Desk) -> None:
    report = door.run(desk.client.report([enrolled(a_number(), "DCI001")]))
    door.run(desk.client.start_status("receipt", "transaction_id", report.transaction_id))
    desk.worker.answer()
    desk.come()
    [(message, _)] = desk.got
    outcomes = message.txnstatus_response.txn_status.enrolled_response
    assert [each.status for each in outcomes] == ["succ"]


def test_changes_are_told_until_the_subscription_ends(door: Door, desk: Desk) -> None:
    uin = a_number()
    client, teller = desk.client, Teller(door, desk.worker)
    door.run(client.report([enrolled(uin, "DCI001")]))
    teller.match()
    ticket = door.run(client.subscribe(identifier("UIN", uin), "enrollement_status_change"))
    with pytest.raises(StillPending):
        door.run(client.result(ticket))
    desk.worker.answer()
    desk.come()
    [item] = desk.got.pop()[0].subscribe_response
    code = item.subscriptions[0].code
    assert door.run(client.result(ticket)).subscribe_response[0].subscriptions[0].code == code

    door.run(client.report([enrolled(uin, "DCI001", **with_status(4))]))
    teller.tell()
    desk.come()
    [(news, received)] = desk.got
    assert (received.subscription_code, received.known) == (code, True)
    [event] = news.notify_event
    assert event.data.reg_records.enrollment_status == "4"

    desk.got.clear()
    ticket = door.run(client.unsubscribe(code))
    with pytest.raises(StillPending):
        door.run(client.result(ticket))
    desk.worker.answer()
    desk.come()
    [(ended, _)] = desk.got
    assert (ended.status, ended.subscription_status[0].status) == ("succ", "unsubscribe")
    [by_status] = door.run(client.result(ticket)).unsubscribe_response
    assert by_status.subscription_status == ended.subscription_status
    desk.got.clear()
    door.run(client.report([enrolled(uin, "DCI001", **with_status(6, "2026-02-01T00:00:00Z"))]))
    teller.tell()
    desk.come()
    assert desk.got == []


def test_the_same_subscription_again_is_refused_with_its_code(door: Door, desk: Desk) -> None:
    wanted = identifier("UIN", a_number())
    door.run(desk.client.subscribe(wanted, "enrollement"))
    door.run(desk.client.subscribe(wanted, "enrollement"))
    desk.worker.answer()
    desk.come()
    first, second = (message.subscribe_response[0] for message, _ in desk.got)
    assert second.status_reason_code == "rjct.event.already_subscribed"
    assert second.subscriptions[0].code == first.subscriptions[0].code


def test_an_address_that_is_not_registered_is_refused_at_once(door: Door) -> None:
    client = client_of(door.partner())
    with pytest.raises(Refused) as failed:
        door.run(client.start_search(identifier("UIN", "1")))
    assert failed.value.code == "err.sender_uri.invalid"


def test_encrypted_callbacks_are_opened(door: Door, desk: Desk) -> None:
    key = new_key("ECDH-ES+A256KW")
    desk.client._parts.credentials.decryption_keys.append(key)
    ticket = door.run(desk.client.start_search(identifier("UIN", a_number())))
    desk.worker.answer()
    [promised] = desk.worker.callbacks(desk.system)
    message = encrypt(canonical(promised.message), encryption_key(key.public_jwk()))
    header = promised.header | {"is_msg_encrypted": True}
    body = desk.worker.services.writer.sealed(header, message)
    status, _ = door.run(desk.receiver.receive(promised.address, JSON, body))
    assert (status, desk.got[0][0].transaction_id) == (200, ticket.transaction_id)
