"""The registry as client and subscriber: asked, answered, told; and everything that must not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ibr.clock import now, written
from ibr.interop.dci.services import Services
from tests.door import Door, System
from tests.other_registry import (
    NOTIFY,
    ON_SEARCH,
    ON_STATUS,
    ON_SUBSCRIBE,
    ON_UNSUBSCRIBE,
    OtherRegistry,
    Sent,
    day,
    dead_person,
    disabled_person,
    household,
    values_of,
    worker_of,
)
from tests.people import a_number, an_identifier, enrolled, with_status


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Services]:
    with worker_of(door) as services:
        yield services


@pytest.fixture
def disability(door: Door, worker: Services) -> OtherRegistry:
    return OtherRegistry(door, worker, "disability")


@pytest.fixture
def social(door: Door, worker: Services) -> OtherRegistry:
    return OtherRegistry(door, worker, "social")


@pytest.fixture
def civil(door: Door, worker: Services) -> OtherRegistry:
    return OtherRegistry(door, worker, "civil")


def somebody(system: System, programme: str = "DCI001", **further: Any) -> str:
    """A person the registry holds, by UIN."""
    uin = a_number()
    record = enrolled(uin, programme)
    record["member"] |= further
    assert system.report(record).outcomes == ["succ"]
    return uin


def asked(registry: OtherRegistry, *uins: str, programme: str | None = None) -> Sent:
    """The first message of a search that names these people."""
    chosen = {"programmes": (number_of(registry, programme),)} if programme else {}
    for sent in registry.order("search", **chosen):
        if set(uins) <= set(sent.values):
            return sent
    raise AssertionError("nobody was asked about")


def number_of(registry: OtherRegistry, code: str) -> int:
    return registry.door.owner("select programme_id from programme where code = $1", code)[0][0]


def refused(reply: Any) -> str | None:
    """An ERR answer in HTTP 200, by its code."""
    assert (reply.status, reply.message["ack_status"]) == (200, "ERR")
    return reply.error


# Asking


def test_only_those_chosen_are_asked_about_and_each_once(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    yes = somebody(system, is_disabled=True)
    assert system.report(enrolled(yes, "DCI002")).outcomes == ["succ"]
    no = somebody(system, is_disabled=False)
    silent = somebody(system)
    gone = somebody(system, is_disabled=True)
    ended = {**enrolled(gone, "DCI001"), **with_status(3)}
    ended["member"]["is_disabled"] = True
    system.report(ended)
    values = [value for sent in disability.order("search", disabled=True) for value in sent.values]
    assert values.count(yes) == 1
    assert not {no, silent, gone} & set(values)


def test_a_question_is_written_as_the_standard_and_the_agreement_say(
    system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    assert sent.address == "https://other.example.org/dci/registry/search"
    assert sent.header["action"] == "search"
    assert sent.header["sender_uri"].endswith("/callbacks/registry/on-search")
    assert sent.header["receiver_id"] == disability.system.sender_id
    assert sent.header["total_count"] == len(sent.items)
    assert "status" not in sent.header
    criteria = sent.items[sent.values.index(uin)]["search_criteria"]
    assert criteria["query_type"] == "idtype-value"
    assert criteria["query"] == {"type": "UIN", "value": uin}
    assert criteria["reg_type"] == "ns:org:RegistryType:DR"
    assert criteria["authorize"]["purpose"]["code"] == "coverage_analysis"
    assert criteria["response_fields"] == [
        "disability_identifier",
        "disability_info",
        "is_disabled",
    ]
    assert "consent" not in criteria
    assert len({each["reference_id"] for each in sent.items}) == len(sent.items)


def test_a_consent_is_sent_where_the_agreement_says_that_there_is_one(
    door: Door, worker: Services, system: System
) -> None:
    registry = OtherRegistry(door, worker, "disability", consent=True)
    uin = somebody(system)
    criteria = asked(registry, uin).items[0]["search_criteria"]
    assert criteria["consent"]["purpose"] == criteria["authorize"]["purpose"]


def test_a_large_order_is_cut_into_messages_and_waits_for_answers(
    door: Door, worker: Services, system: System
) -> None:
    registry = OtherRegistry(door, worker, "disability", batch_size=1)
    for _ in range(22):
        somebody(system, "DCI003")
    chosen = (number_of(registry, "DCI003"),)
    first = registry.order("search", programmes=chosen)
    assert [len(each.items) for each in first] == [1] * 20
    assert registry.watch() == []
    for sent in first:
        assert registry.answer(sent, {sent.values[0]: []}).status == 200
    rest = registry.next_day()
    names = [value for sent in first + rest for value in sent.values]
    people = door.owner(
        "select count(distinct subject_index) from beneficiary_record where programme_id = $1",
        chosen[0],
    )[0][0]
    assert len(names) == len(set(names)) == people


def test_control_an_order_that_forgets_how_far_it_was_asks_twice(
    door: Door, worker: Services, system: System
) -> None:
    registry = OtherRegistry(door, worker, "disability", batch_size=1)
    for _ in range(22):
        somebody(system, "DCI003")
    first = registry.order("search", programmes=(number_of(registry, "DCI003"),))
    for sent in first:
        registry.answer(sent, {sent.values[0]: []})
    door.owner("update source_order set reached = '' where done_at is null")
    named = [value for sent in first + registry.next_day() for value in sent.values]
    assert len(named) > len(set(named))


def test_who_was_asked_about_stands_in_the_ledger_and_the_batch_in_the_audit(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    subject = door.services.blind_index.of("UIN", uin)
    [row] = door.owner(
        "select * from question_asked where subject_index = $1 and question = 'other_registry'",
        subject,
    )
    assert (row["partner_id"], row["officer_id"], row["answer"]) == (None, None, "sent")
    assert row["purpose_code"] == "coverage_analysis"
    assert disability.system.sender_id in row["purpose_text"]
    [event] = door.owner(
        "select details from audit_event where kind = 'source.asked' "
        "and details ->> 'transaction_id' = $1",
        sent.transaction_id,
    )
    assert f'"people": {len(sent.items)}' in event["details"]
    assert uin not in event["details"]


# Being answered


def test_an_answer_is_kept_with_its_source_and_its_time(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    reply = disability.answer(sent, {uin: disabled_person(uin, last_updated=day(2))})
    assert (reply.status, reply.message["ack_status"]) == (200, "ACK")
    assert values_of(disability, uin) == {
        "disability_info": [[{"severity": "3", "type": "MOB_SS"}]],
        "is_disabled": [True],
    }
    [row] = door.owner(
        "select distinct as_of, known_at from known_attribute where source_id = $1",
        disability.source_id,
    )
    assert written(row["as_of"]) == day(2)
    assert row["known_at"] > row["as_of"]


def test_nothing_that_a_programme_reported_changes(
    door: Door, system: System, civil: OtherRegistry
) -> None:
    uin = somebody(system)
    watched = ("beneficiary_record", "enrolment", "enrolled_index", "status_change", "change")
    before = [door.owner(f"select * from {table} order by 1, 2") for table in watched]
    sent = asked(civil, uin)
    assert civil.answer(sent, {uin: dead_person(uin, "2026-03-01")}).status == 200
    assert values_of(civil, uin)["vital_status"] == ["deceased"]
    assert [door.owner(f"select * from {table} order by 1, 2") for table in watched] == before
    assert system.ask(uin, "DCI001").says == ["yes"]


def test_what_was_not_agreed_is_dropped_and_counted(
    door: Door, worker: Services, system: System
) -> None:
    registry = OtherRegistry(door, worker, "social", attributes=("poverty_score",))
    uin = somebody(system)
    sent = asked(registry, uin)
    record = household("HH-1", uin, score=12.5, address={"region_code": "R1"})
    registry.answer(sent, {uin: record})
    assert values_of(registry, uin) == {"poverty_score": ["12.5"]}
    assert registry.dropped() == {"not_agreed": 2}


def test_the_answer_about_another_person_is_dropped(
    system: System, disability: OtherRegistry
) -> None:
    one, other = somebody(system), somebody(system)
    sent = asked(disability, one, other)
    disability.answer(sent, {one: disabled_person(other)})
    assert values_of(disability, one) == values_of(disability, other) == {}
    assert disability.dropped() == {"wrong_person": 1}


def test_an_item_that_was_never_asked_is_dropped(system: System, disability: OtherRegistry) -> None:
    uin, unasked = somebody(system), a_number()
    sent = asked(disability, uin)
    message = disability.answered(sent, {uin: disabled_person(uin)})
    extra = {**message["search_response"][0], "reference_id": f"{sent.transaction_id}-9999"}
    extra["data"] = {"reg_records": disabled_person(unasked)}
    message["search_response"].append(extra)
    assert disability.tell(ON_SEARCH, message, "on-search").status == 200
    assert set(values_of(disability, uin)) == {"disability_info", "is_disabled"}
    assert values_of(disability, unasked) == {}
    assert disability.dropped() == {"not_asked": 1}


def test_an_answer_counts_once_and_gets_the_same_ack(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    message = disability.answered(sent, {uin: disabled_person(uin)})
    body = disability.written(message, "on-search")
    first, again = (disability.system.post(ON_SEARCH, body) for _ in range(2))
    assert first.raw == again.raw
    assert len(values_of(disability, uin)["is_disabled"]) == 1
    told = door.owner("select count(*) from audit_event where kind = 'source.told'")[0][0]
    disability.system.post(ON_SEARCH, body)
    assert door.owner("select count(*) from audit_event where kind = 'source.told'")[0][0] == told


def test_the_same_message_id_with_other_words_is_refused(
    system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    message = disability.answered(sent, {uin: disabled_person(uin)})
    assert disability.tell(ON_SEARCH, message, "on-search", message_id="m-1").error is None
    other = disability.answered(sent, {uin: disabled_person(uin, severity="4")})
    reply = disability.tell(ON_SEARCH, other, "on-search", message_id="m-1")
    assert refused(reply) == "err.request.bad"
    assert "rjct.message_id.duplicate" in reply.text
    assert values_of(disability, uin)["disability_info"][0][0]["severity"] == "3"


def test_older_news_is_history_and_never_overwrites(system: System, social: OtherRegistry) -> None:
    uin = somebody(system)
    sent = asked(social, uin)
    for number, score in ((5, 50.5), (2, 20.5), (9, 90.5), (7, 70.5)):
        record = household("HH-1", uin, score=score, last_updated=day(number))
        assert social.answer(sent, {uin: record}).error is None
    assert values_of(social, uin)["poverty_score"] == ["90.5", "70.5", "50.5", "20.5"]


def test_news_from_the_future_does_not_block_what_follows(
    system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(social, uin)
    ahead = household("HH-1", uin, score=1.5, last_updated="2099-01-01T00:00:00Z")
    social.answer(sent, {uin: ahead}, at="2099-01-01T00:00:00Z")
    assert values_of(social, uin) == {}
    assert social.dropped()["wrong_time"] == 2
    social.answer(sent, {uin: household("HH-1", uin, score=2.5, last_updated=day(1))})
    assert values_of(social, uin)["poverty_score"] == ["2.5"]


def test_pages_of_one_answer_may_come_one_by_one(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    one, other = somebody(system, "DCI003"), somebody(system, "DCI003")
    sent = asked(disability, one, other, programme="DCI003")
    disability.answer(sent, {other: disabled_person(other)})
    assert state_of(door, sent) == ("open", 1)
    rest = [value for value in sent.values if value != other]
    disability.answer(sent, {value: disabled_person(value) for value in rest})
    assert state_of(door, sent) == ("answered", len(sent.items))
    assert values_of(disability, one)
    assert values_of(disability, other)


def test_records_may_come_as_a_list_or_alone_and_loosely_written(
    system: System, disability: OtherRegistry
) -> None:
    listed, single = somebody(system), somebody(system)
    sent = asked(disability, listed, single)
    loose = {
        "personal_details": {"identifier": single, "name": {"first_name": "John"}},
        "disability_status": "Approved",
        "disability_details": [{"impairment_type": "Mobility", "impairment_level": "3"}],
        "last_updated": "2023-09-20T00:00:00Z",
    }
    disability.answer(sent, {listed: [disabled_person(listed)], single: loose})
    assert values_of(disability, listed)["is_disabled"] == [True]
    assert values_of(disability, single) == {
        "disability_info": [[{"severity": "3", "type": "MOB_SS"}]],
        "is_disabled": [True],
    }


def test_an_answer_about_many_may_be_large_but_not_any_size(
    system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    for megabytes, status in ((2, 200), (9, 413)):
        record = disabled_person(uin, remarks="x" * megabytes * 1024 * 1024)
        assert disability.answer(sent, {uin: record}).status == status
    assert values_of(disability, uin)["is_disabled"] == [True]


# Whose answer it is


def test_an_answer_to_a_question_of_nobody_is_unknown(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    before = door.count("known_attribute"), door.count("message_received")
    message = disability.answered(sent, {uin: disabled_person(uin)}, transaction_id="made-up")
    assert refused(disability.tell(ON_SEARCH, message, "on-search")) == "err.request.not_found"
    wild = disability.answered(sent, {uin: disabled_person(uin)}, transaction_id="%")
    assert refused(disability.tell(ON_SEARCH, wild, "on-search")) == "err.request.not_found"
    assert (door.count("known_attribute"), door.count("message_received")) == before


def test_nobody_else_can_answer_a_question_to_a_source(
    door: Door, system: System, disability: OtherRegistry, social: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    before = door.count("known_attribute")
    message = disability.answered(sent, {uin: disabled_person(uin)})
    assert refused(social.tell(ON_SEARCH, message, "on-search")) == "err.request.not_found"
    stranger = door.partner()
    body = stranger.sealed(stranger.header("on-search", 1) | {"status": "succ"}, message)
    assert refused(stranger.post(ON_SEARCH, body)) == "err.request.not_found"
    assert door.count("known_attribute") == before
    assert disability.tell(ON_SEARCH, message, "on-search").error is None


def test_the_correlation_id_must_be_the_one_of_the_ack(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    assert disability.answer(sent, {uin: disabled_person(uin)}).error is None
    for other in ("corr-2", "%", None):
        reply = disability.answer(sent, {uin: disabled_person(uin)}, correlation_id=other)
        assert refused(reply) == "err.request.not_found"
    assert disability.answer(sent, {uin: disabled_person(uin)}).error is None


def test_an_answer_comes_through_its_own_address_with_its_own_scope(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    message = disability.answered(sent, {uin: disabled_person(uin)})
    assert refused(disability.tell(NOTIFY, message, "on-search")) == "err.request.bad"
    assert refused(disability.tell(ON_SUBSCRIBE, message, "on-subscribe")) == (
        "err.request.not_found"
    )
    assert disability.system.post(ON_SEARCH, b"{}", authorization=None).status == 401
    limited = door.partner(scopes=("registry.search",))
    body = limited.sealed(limited.header("on-search", 1), message)
    assert limited.post(ON_SEARCH, body).status == 403
    unsigned = b'{"header":{},"message":{}}'
    assert refused(disability.system.post(ON_SEARCH, unsigned)) == "err.request.bad"


def test_a_forged_answer_is_refused(system: System, disability: OtherRegistry) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    body = disability.written(
        disability.answered(sent, {uin: disabled_person(uin, severity="3")}), "on-search"
    )
    forged = body.replace(b'"functional_severity":"3"', b'"functional_severity":"1"')
    assert forged != body
    assert refused(disability.system.post(ON_SEARCH, forged)) == "err.signature.invalid"
    assert values_of(disability, uin) == {}


def test_after_the_agreement_nothing_is_asked_and_nothing_read(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    disability.end()
    reply = disability.answer(sent, {uin: disabled_person(uin)})
    assert refused(reply) == "err.request.not_found"
    assert disability.next_day() == []


def test_a_refusal_without_a_message_is_taken_note_of(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    reply = disability.tell(
        ON_SEARCH,
        None,
        "on-search",
        status="rjct",
        status_reason_code="rjct.total_count.limit_exceeded",
    )
    assert reply.message["ack_status"] == "ACK"
    [event] = door.owner(
        "select details from audit_event where kind = 'source.refused' "
        "order by event_id desc limit 1"
    )
    assert "rjct.total_count.limit_exceeded" in event["details"]
    assert refused(disability.tell(ON_SEARCH, None, "on-search")) == "err.request.bad"


def test_both_headers_of_the_standard_are_read(system: System, disability: OtherRegistry) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    message = disability.answered(sent, {uin: disabled_person(uin)})
    for header in ({"total_count": None, "status": "succ"}, {"total_count": 1, "status": None}):
        kept = {
            name: value
            for name, value in (disability.system.header("on-search", 1) | header).items()
            if value is not None
        }
        assert (
            disability.system.post(ON_SEARCH, disability.system.sealed(kept, message)).error is None
        )


def test_a_question_that_the_source_rejects_as_a_whole_is_closed(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    message = {"transaction_id": sent.transaction_id, "correlation_id": "c", "search_response": []}
    reply = disability.tell(
        ON_SEARCH,
        message,
        "on-search",
        status="rjct",
        status_reason_code="rjct.version.invalid",
    )
    assert reply.error is None
    assert state_of(door, sent) == ("refused", 0)


def state_of(door: Door, sent: Sent) -> tuple[str, int]:
    [row] = door.owner(
        "select state, answered from own_transaction where transaction_id = $1",
        sent.transaction_id,
    )
    return row["state"], row["answered"]


# Answers that never come


def acknowledged(registry: OtherRegistry, sent: Sent) -> None:
    registry.door.owner(
        "update own_transaction set acknowledged_at = now(), correlation_id = 'corr-1' "
        "where transaction_id = $1",
        sent.transaction_id,
    )


def status_answer(poll: Sent, sent: Sent, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "transaction_id": poll.transaction_id,
        "correlation_id": "corr-poll",
        "txnstatus_response": {
            "txn_type": "search",
            "txn_status": {
                "transaction_id": sent.transaction_id,
                "correlation_id": "corr-1",
                "search_response": items,
            },
        },
    }


def test_an_answer_that_does_not_come_is_asked_for_once(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = asked(disability, uin)
    acknowledged(disability, sent)
    polls = [each for each in disability.watch(late=True) if each.kind == "txn-status"]
    [poll] = [
        each
        for each in polls
        if each.message["txnstatus_request"]["attribute_value"] == sent.transaction_id
    ]
    assert poll.address.endswith("/registry/txn/status")
    assert poll.header["sender_uri"].endswith("/callbacks/registry/txn/on-status")
    assert poll.message["txnstatus_request"]["attribute_type"] == "transaction_id"
    item = disability.answered(sent, {uin: disabled_person(uin)})["search_response"][0]
    reply = disability.tell(ON_STATUS, status_answer(poll, sent, [item]), "txn-on-status")
    assert reply.error is None
    assert values_of(disability, uin)["is_disabled"] == [True]


def test_a_source_that_stays_silent_is_shown_as_overdue_and_may_still_answer(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system, "DCI003")
    sent = asked(disability, uin, programme="DCI003")
    acknowledged(disability, sent)
    assert len(disability.watch(late=True)) == 1
    assert disability.watch(late=True) == []
    assert state_of(door, sent) == ("overdue", 0)
    [event] = door.owner(
        "select details from audit_event where kind = 'source.silent' "
        "and details ->> 'transaction_id' = $1",
        sent.transaction_id,
    )
    assert uin not in event["details"]
    disability.answer(sent, {value: disabled_person(value) for value in sent.values})
    assert state_of(door, sent)[0] == "answered"


def test_a_question_that_never_arrived_is_not_asked_about(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    sent = asked(disability, somebody(system))
    assert disability.watch(late=True) == []
    assert state_of(door, sent) == ("overdue", 0)


def test_a_source_that_knows_nothing_of_a_question_closes_it(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    sent = asked(disability, somebody(system))
    acknowledged(disability, sent)
    [poll] = disability.watch(late=True)
    lost = {
        "reference_id": poll.message["txnstatus_request"]["reference_id"],
        "timestamp": written(now()),
        "status": "rjct",
        "status_reason_code": "rjct.reference_id.invalid",
    }
    disability.tell(ON_STATUS, status_answer(poll, sent, [lost]), "txn-on-status")
    assert state_of(door, sent) == ("refused", 0)


def test_the_status_of_another_question_is_unknown(
    door: Door, system: System, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    sent, other = asked(disability, uin), asked(disability, uin)
    acknowledged(disability, sent)
    polls = disability.watch(late=True)
    poll = next(each for each in polls if each.kind == "txn-status")
    reply = disability.tell(ON_STATUS, status_answer(poll, other, []), "txn-on-status")
    assert refused(reply) == "err.request.not_found"


# Listening


def listened(registry: OtherRegistry, uin: str) -> Sent:
    """Subscribes for everybody held; the message that names this person, with its codes given."""
    messages = registry.order("subscribe")
    for sent in messages:
        assert registry.subscribed(sent).error is None
    return next(sent for sent in messages if uin in sent.values)


def test_a_subscription_names_the_person_the_event_and_the_purpose(
    system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    sent = listened(social, uin)
    assert sent.header["sender_uri"].endswith("/callbacks/registry/on-subscribe")
    criteria = sent.items[sent.values.index(uin)]["subscribe_criteria"]
    assert criteria["filter_type"] == "idtype-value"
    assert criteria["filter"] == {"type": "UIN", "value": uin}
    assert criteria["reg_event_type"] == "REGISTER"
    assert criteria["authorize"]["purpose"]["code"] == "coverage_analysis"
    assert criteria["frequency"]["start_time"] < criteria["frequency"]["end_time"]


def test_news_under_a_code_is_kept(system: System, social: OtherRegistry) -> None:
    uin = somebody(system)
    listened(social, uin)
    moved = household("HH-1", uin, score=31.5, address={"region_code": "R7", "city": "Town"})
    assert social.notify(moved, code=f"sub-{uin}", event="REGISTER").error is None
    assert values_of(social, uin)["address"] == [{"region_code": "R7"}]


def test_the_code_may_stand_in_the_header(system: System, social: OtherRegistry) -> None:
    uin = somebody(system)
    listened(social, uin)
    message = social.news(household("HH-1", uin, score=31.5), code=None)
    reply = social.tell(NOTIFY, message, "notify", meta={"subscription_code": f"sub-{uin}"})
    assert reply.error is None
    assert values_of(social, uin)["poverty_score"] == ["31.5"]


def test_news_without_a_code_is_bound_by_event_and_person(
    system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    listened(social, uin)
    record = household("HH-1", uin, score=11.5)
    reply = social.notify(record, code=None, event="ns:RegistryEventType:Register")
    assert reply.error is None
    assert values_of(social, uin)["poverty_score"] == ["11.5"]
    other = social.notify(household("HH-1", uin, score=12.5), code=None, event="NewHouseHoldMember")
    assert refused(other) == "err.request.not_found"


def test_news_under_an_unknown_or_foreign_code_is_unknown(
    door: Door, system: System, social: OtherRegistry, disability: OtherRegistry
) -> None:
    uin = somebody(system)
    listened(social, uin)
    before = door.count("known_attribute")
    record = household("HH-1", uin, score=1.5)
    for code in ("sub-unknown", "%", f"sub-{uin} "):
        assert refused(social.notify(record, code=code)) == "err.request.not_found"
    foreign = disability.notify(disabled_person(uin), code=f"sub-{uin}")
    assert refused(foreign) == "err.request.not_found"
    assert door.count("known_attribute") == before


def test_news_about_somebody_else_under_a_persons_code_is_dropped(
    system: System, social: OtherRegistry
) -> None:
    uin, other = somebody(system), somebody(system)
    listened(social, uin)
    social.notify(household("HH-2", other, score=1.5), code=f"sub-{uin}")
    assert values_of(social, uin) == values_of(social, other) == {}
    assert social.dropped() == {"wrong_person": 1}


def test_a_registry_that_is_subscribed_already_keeps_its_code(
    door: Door, system: System, social: OtherRegistry
) -> None:
    uin = somebody(system, "DCI003")
    [sent] = social.order("subscribe", programmes=(number_of(social, "DCI003"),))
    item = sent.items[sent.values.index(uin)]
    social.subscribed(
        sent,
        subscribe_response=[
            {
                "reference_id": item["reference_id"],
                "timestamp": written(now()),
                "status": "rjct",
                "status_reason_code": "rjct.event.already_subscribed",
                "subscriptions": [{"code": "old-code", "status": "subscribe"}],
            }
        ],
    )
    assert social.notify(household("HH-1", uin, score=3.5), code="old-code").error is None
    assert values_of(social, uin)["poverty_score"] == ["3.5"]


def test_nobody_is_subscribed_for_twice_and_newcomers_follow_the_next_day(
    door: Door, system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    listened(social, uin)
    assert social.next_day() == []
    newcomer = somebody(system)
    assert [each.values for each in social.next_day()] == [[newcomer]]


def test_a_subscription_is_asked_for_again_before_it_ends(
    door: Door, system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    listened(social, uin)
    door.owner(
        "update own_subscription set ends_at = now() + interval '3 days' where subject_index = $1",
        door.services.blind_index.of("UIN", uin),
    )
    assert [each.values for each in social.next_day()] == [[uin]]


def test_after_unsubscribing_news_is_unknown(
    door: Door, system: System, social: OtherRegistry
) -> None:
    uin = somebody(system)
    listened(social, uin)
    messages = social.order("unsubscribe")
    codes = [code for sent in messages for code in sent.message["subscription_codes"]]
    assert f"sub-{uin}" in codes
    for sent in messages:
        statuses = [
            {"code": code, "status": "unsubscribe"} for code in sent.message["subscription_codes"]
        ]
        message = {
            "transaction_id": sent.transaction_id,
            "correlation_id": "corr-3",
            "timestamp": written(now()),
            "status": "succ",
            "subscription_status": statuses,
        }
        assert social.tell(ON_UNSUBSCRIBE, message, "on-unsubscribe").error is None
        assert state_of(door, sent) == ("answered", len(statuses))
    reply = social.notify(household("HH-1", uin, score=9.5), code=f"sub-{uin}")
    assert refused(reply) == "err.request.not_found"
    assert social.next_day() == []


# Deaths


def test_a_death_is_known_and_everybody_else_in_the_news_is_dropped_unseen(
    door: Door, system: System, civil: OtherRegistry
) -> None:
    uin, stranger = somebody(system), a_number()
    [sent] = civil.order("subscribe", everyone=True)
    [item] = sent.items
    assert item["subscribe_criteria"]["filter_type"] == "expression"
    assert item["subscribe_criteria"]["reg_event_type"] == "Death"
    civil.subscribed(sent)
    assert civil.order("subscribe", everyone=True) == []
    reply = civil.notify(
        dead_person(uin, "2026-03-09"), dead_person(stranger, "2026-03-10"), code="sub-all"
    )
    assert reply.error is None
    assert values_of(civil, uin) == {"death_date": ["2026-03-09"], "vital_status": ["deceased"]}
    subject = door.services.blind_index.of("UIN", stranger)
    assert door.owner("select from known_attribute where subject_index = $1", subject) == []
    assert civil.dropped()["not_held"] == 1


def test_news_of_a_death_without_its_day_still_says_so(
    system: System, civil: OtherRegistry
) -> None:
    uin = somebody(system)
    [sent] = civil.order("subscribe", everyone=True)
    civil.subscribed(sent)
    civil.notify(dead_person(uin, None), code="sub-all", event="spdci:RegistryEventType:Death")
    assert values_of(civil, uin) == {"vital_status": ["deceased"]}


def test_a_death_can_be_taken_back(system: System, civil: OtherRegistry) -> None:
    uin = somebody(system)
    sent = asked(civil, uin)
    civil.answer(sent, {uin: dead_person(uin, "2026-03-01", last_updated=day(3))})
    civil.answer(sent, {uin: dead_person(uin, None, last_updated=day(8))})
    assert values_of(civil, uin)["vital_status"] == ["alive", "deceased"]


def test_nobody_dies_tomorrow(system: System, civil: OtherRegistry) -> None:
    uin = somebody(system)
    sent = asked(civil, uin)
    civil.answer(sent, {uin: dead_person(uin, "2199-01-01")})
    assert values_of(civil, uin) == {}
    assert civil.dropped()["unreadable"] == 1


def test_a_person_is_found_by_another_identifier_that_is_held(
    system: System, civil: OtherRegistry
) -> None:
    uin, nid = a_number(), a_number()
    record = enrolled(uin, "DCI001")
    record["member"]["member_identifier"].append(an_identifier(nid, "NID"))
    system.report(record)
    [sent] = civil.order("subscribe", everyone=True)
    civil.subscribed(sent)
    only_nid = {**dead_person(a_number(), "2026-02-02"), "identifier": an_identifier(nid, "NID")}
    civil.notify(only_nid, code="sub-all")
    door = civil.door
    subject = door.services.blind_index.of("NID", nid)
    found = door.owner(
        "select attribute from known_attribute where subject_index = $1 order by 1", subject
    )
    assert [row["attribute"] for row in found] == ["death_date", "vital_status"]
