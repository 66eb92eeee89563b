"""Search and transaction status over a database: reach, ledger, repeats, pages, refusals."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from ibr.access.scopes import STATUS
from ibr.audit.questions_asked import NOBODY
from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.interop.dci.enrollment_updates import take_updates
from ibr.interop.dci.envelope import Caller
from ibr.interop.dci.search import search
from ibr.questions.filters import compare
from ibr.registry.search import store
from tests.search_desk import SENDER, Desk, envelope_of, item_of, search_of

PROGRAMMES = {"CASH": "Cash transfer", "FOOD": "Food", "HIDDEN": "Not in reach"}
CANARY = "ZZ-CANARY-7"


def person(
    uin: str, programme: str = "CASH", status: str | None = "1", **more: Any
) -> dict[str, Any]:
    return {
        "@type": "Beneficiary",
        "assistance_unit": "1",
        "member": {
            "member_identifier": [{"identifier_type": "UIN", "identifier_value": uin}],
            "demographic_info": {
                "name": {"surname": "Ba", "given_name": "Awa", "prefix": ""},
                "sex": "female",
                "birth_date": "1960",
                "phone_number": ["+14255551212"],
            },
        },
        "programme_identifier": [{"programme_identifier": programme}],
        **({"enrollment_status": status} if status else {}),
        **more,
    }


def household(number: str, member: str) -> dict[str, Any]:
    return {
        "@type": "Beneficiary",
        "assistance_unit": "2",
        "group": {
            "group_identifier": [{"identifier_type": "HOUSEHOLD_ID", "identifier_value": number}],
            "group_size": 3,
            "member_list": [
                {"member_identifier": [{"identifier_type": "UIN", "identifier_value": member}]}
            ],
        },
        "programme_identifier": [{"programme_identifier": "FOOD"}],
        "enrollment_status": "4",
        "status_change_date": ["2025-03-01T00:00:00+02:00", "2024-01-01"],
    }


PEOPLE = [
    person("1001", enrollment_date="2025-12-15"),
    person("1001", "FOOD", enrollment_date="2025-12-16T10:00:00+00:00"),
    person("1001", "HIDDEN"),
    person("1002", status=None),
    person(CANARY, "HIDDEN"),
    household("H-1", "1003"),
    *(
        person(f"2{number:03}", enrollment_date=f"2020-01-{number % 28 + 1:02}")
        for number in range(25)
    ),
    person(
        "3001",
        benefits=[
            {"benefit_type": "1", "benefit_date": f"2025-{month:02}-05", "benefit_value": "USD 50"}
            for month in range(1, 13)
        ]
        + [
            {
                "benefit_type": "3",
                "benefit_date": "2024-02-01",
                "benefit_quantity": 2,
                "benefit_description": "sack of rice",
            }
        ],
    ),
]


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[Desk]:
    desk = Desk(dsn, PROGRAMMES, hidden=["HIDDEN"])
    desk.seed(PEOPLE)
    yield desk
    desk.close()


def uin(value: str) -> dict[str, str]:
    return {"type": "UIN", "value": value}


def records(item: dict[str, Any]) -> list[dict[str, Any]]:
    assert item["status"] == "succ", item
    found: list[dict[str, Any]] = item["data"]["reg_records"]
    return found


def programmes(item: dict[str, Any]) -> list[str]:
    return [each["programme_identifier"][0]["programme_identifier"] for each in records(item)]


def test_records_of_programmes_out_of_reach_do_not_exist(desk: Desk) -> None:
    item = desk.find(uin("1001"), "idtype-value")
    assert sorted(programmes(item)) == ["CASH", "FOOD"]
    assert item["pagination"]["total_count"] == 2

    for query in (uin(CANARY), uin("9999")):
        nobody = desk.find(query, "idtype-value")
        assert records(nobody) == []
        assert nobody["pagination"]["total_count"] == 0

    everyone = desk.find(
        {"assistance_unit": {"$in": ["1", "2", "3"]}}, pagination={"page_size": 1000}
    )
    assert "HIDDEN" not in programmes(everyone)
    assert everyone["pagination"]["total_count"] == len(PEOPLE) - 2
    assert records(desk.find({"programme_identifier": "HIDDEN"})) == []


def test_a_partner_with_no_programme_sees_nothing(desk: Desk) -> None:
    empty = desk.partner_with(7, SENDER, frozenset())
    assert records(desk.ask(item_of(uin("1001"), "idtype-value"), partner=empty)[0]) == []


def test_a_household_is_found_by_its_number_and_by_its_members(desk: Desk) -> None:
    for query in ({"type": "HOUSEHOLD_ID", "value": "H-1"}, uin("1003")):
        found = records(desk.find(query, "idtype-value"))
        assert [each["assistance_unit"] for each in found] == ["2"]
    assert records(desk.find(uin("1003"), "idtype-value", reg_record_type="Member")) == []
    assert len(records(desk.find(uin("1003"), "idtype-value", reg_record_type="Group"))) == 1
    assert len(records(desk.find({"group_identifier": "H-1"}))) == 1
    assert records(desk.find({"person_identifier": "H-1"})) == []
    assert len(records(desk.find({"person_identifier": {"$in": ["1003", "3001"]}}))) == 2


def test_a_record_is_written_strictly(desk: Desk) -> None:
    group = records(desk.find({"type": "HOUSEHOLD_ID", "value": "H-1"}, "idtype-value"))[0]
    assert group["status_change_date"] == ["2024-01-01T00:00:00+00:00", "2025-02-28T22:00:00+00:00"]
    assert group["enrollment_status"] == "4"
    assert group["group"]["@type"] == "Group"
    assert group["benefits"] == []
    one = records(desk.find(uin("1001"), "idtype-value"))[0]["member"]
    assert one["demographic_info"]["@type"] == "IBRPerson"
    assert one["demographic_info"]["birth_date"] == "1960"
    assert one["demographic_info"]["name"] == {
        "@type": "Name",
        "surname": "Ba",
        "given_name": "Awa",
    }
    paid = records(desk.find(uin("3001"), "idtype-value"))[0]["benefits"]
    assert paid[0] == {
        "@type": "Benefit",
        "benefit_type": "1",
        "benefit_date": "2025-12-05T00:00:00+00:00",
        "benefit_value": "USD 50.00",
    }
    assert paid[-1]["benefit_quantity"] == 2
    assert len(paid) == 13


def test_pages_in_a_stable_order(desk: Desk) -> None:
    query = {"enrollment_date": {"$ge": "2020", "$le": "2020"}}
    sort = [{"attribute_name": "enrolment_date", "sort_order": "desc"}]
    seen: list[str] = []
    for number in (1, 2, 3, 4):
        item = desk.find(query, sort=sort, pagination={"page_size": 10, "page_number": number})
        assert item["pagination"] == {"page_size": 10, "page_number": number, "total_count": 25}
        seen += [each["enrollment_date"] for each in records(item)]
    assert len(seen) == 25
    assert seen == sorted(seen, reverse=True)


def test_one_fault_leaves_the_other_items_alone(desk: Desk) -> None:
    late = item_of(uin("1001"), "idtype-value", "r4")
    late["timestamp"] = "2026-01-15T09:30:00"
    told = desk.ask(
        item_of(uin("1001"), "idtype-value", "r1"),
        item_of({"type": "MOBILE", "value": "+14255551212"}, "idtype-value", "r2"),
        item_of(uin("1001"), "idtype-value", "r1"),
        late,
        item_of(uin("1001"), "idtype-value", "r5", sort=[{"attribute_name": "nothing"}]),
        item_of({"value": {"expression": {"query": {"foo_bar": "1"}}}}, "expression", "r6"),
    )
    assert [each["status"] for each in told] == ["succ"] + ["rjct"] * 5
    assert [each.get("status_reason_code") for each in told[1:]] == [
        "rjct.search_criteria.invalid",
        "rjct.reference_id.duplicate",
        "rjct.timestamp.invalid",
        "rjct.sort.invalid",
        "rjct.search_criteria.invalid",
    ]
    assert "foo_bar" in told[5]["status_reason_message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m["message"].pop("transaction_id"), "message.schema"),
        (lambda m: m["message"].pop("search_request"), "message.schema"),
        (lambda m: m["message"]["search_request"].clear(), "message.total_count"),
        (lambda m: m["header"].update(total_count=2), "message.total_count"),
        (lambda m: m["message"]["search_request"][0].pop("reference_id"), "message.schema"),
        (lambda m: m["message"]["search_request"][0].pop("search_criteria"), "message.schema"),
        (lambda m: m["message"]["search_request"][0].update(locale="en"), "message.locale"),
        (
            lambda m: m["message"]["search_request"][0].update(pagination={"page_size": 0}),
            "query.pagination",
        ),
        (lambda m: m["message"].update(note="\ud800"), "message.json"),
    ],
)
def test_messages_refused_as_a_whole(desk: Desk, change: Any, code: str) -> None:
    message = search_of(item_of(uin("1001"), "idtype-value"))
    change(message)
    with pytest.raises(NotUnderstood) as refused:
        desk.send(message)
    assert refused.value.code == code


def test_the_same_message_again_gets_the_same_bytes_and_no_second_entry(desk: Desk) -> None:
    message = search_of(item_of(uin("1002"), "idtype-value"))
    first = desk.send(message)
    before = desk.fetch("select count(*) from question_asked")[0][0]
    assert desk.send(message) == first
    assert desk.fetch("select count(*) from question_asked")[0][0] == before

    other = copy.deepcopy(message)
    other["message"]["transaction_id"] = "another"
    with pytest.raises(Conflict) as refused:
        desk.send(other)
    assert refused.value.code == "message.duplicate"


def test_two_at_once_with_the_same_message_get_the_same_bytes(desk: Desk) -> None:
    message = json.dumps(search_of(item_of(uin("1002"), "idtype-value"))).encode()

    async def both() -> list[bytes]:
        caller = Caller(desk.partner, desk.partner.scopes)
        opened = desk.services.envelopes.open(message, caller, frozenset({"search"}))
        answers = await asyncio.gather(*(search(desk.services, opened) for _ in range(3)))
        return [answer.body for answer in answers]

    assert len(set(desk.run(both()))) == 1


def test_every_question_is_in_the_ledger_with_its_purpose(desk: Desk) -> None:
    consent = {"purpose": {"code": "ELIG", "text": "Eligibility check"}}
    index = desk.services.blind_index.of
    for value, answer in (("1001", "records"), ("8888", "none"), (CANARY, "none")):
        message = search_of(item_of(uin(value), "idtype-value", consent=consent))
        desk.send(message)
        row = desk.fetch(
            "select * from question_asked where subject_index = $1 order by asked_at desc limit 1",
            index("UIN", value),
        )[0]
        assert (row["question"], row["answer"]) == ("search", answer)
        assert (row["purpose_code"], row["purpose_text"]) == ("ELIG", "Eligibility check")
    desk.find({"enrollment_status": "7"})
    row = desk.fetch("select * from question_asked where subject_index = $1", NOBODY)[-1]
    assert row["purpose_code"] == "enrolment_check"
    audit = desk.fetch("select details::text from audit_event where kind = 'question.search'")
    assert audit
    assert not any("1001" in each["details"] for each in audit)


def test_nothing_personal_stands_in_the_kept_messages(desk: Desk) -> None:
    desk.find(uin("1001"), "idtype-value")
    kept = desk.fetch("select * from message_received")
    assert not any(b"1001" in (row["answer"] or b"") for row in kept)


def status_of(
    desk: Desk, value: Any, attribute: str = "transaction_id", txn_type: str = "search", **more: Any
) -> dict[str, Any]:
    message = {
        "transaction_id": "status-1",
        "txnstatus_request": {
            "reference_id": "s1",
            "txn_type": txn_type,
            "attribute_type": attribute,
            "attribute_value": value,
        },
    }
    sender = more["partner"].sender_id if "partner" in more else SENDER
    answer = json.loads(desk.send(envelope_of("txn-status", message, sender=sender), **more))
    told: dict[str, Any] = answer["message"]["txnstatus_response"]
    assert answer["message"]["correlation_id"]
    return told


def test_status_by_transaction_correlation_and_reference(desk: Desk) -> None:
    message = search_of(
        item_of(uin("1001"), "idtype-value", "st-1"),
        item_of(uin("1002"), "idtype-value", "st-2"),
        transaction_id="txn-status",
    )
    answered = json.loads(desk.send(message))["message"]
    assert status_of(desk, "txn-status")["txn_status"] == answered
    by_correlation = status_of(desk, answered["correlation_id"], "correlation_id", "on-search")
    assert by_correlation == {"txn_type": "search", "txn_status": answered}
    told = status_of(desk, ["st-2", "st-unknown"], "reference_id_list")["txn_status"]
    assert told["search_response"][0] == answered["search_response"][1]
    assert told["search_response"][1]["reference_id"] == "st-unknown"
    assert told["search_response"][1]["status_reason_code"] == "rjct.reference_id.invalid"


def test_a_partner_is_told_of_its_own_messages_only(desk: Desk) -> None:
    desk.ask(item_of(uin("1001"), "idtype-value", "own"), transaction_id="txn-own")
    other = desk.partner_with(2, "other.example.org", frozenset(desk.ids.values()))
    for value, attribute in (("txn-own", "transaction_id"), (["own"], "reference_id_list")):
        told = status_of(desk, value, attribute, partner=other)["txn_status"]
        assert [each["status"] for each in told["search_response"]] == ["rjct"]


def test_records_that_left_the_reach_are_not_told_again(desk: Desk) -> None:
    desk.ask(item_of(uin("1001"), "idtype-value", "left"), transaction_id="txn-left")
    less = replace(desk.partner, ask=frozenset({desk.ids["FOOD"]}), report=frozenset())
    told = status_of(desk, "txn-left", partner=less)["txn_status"]["search_response"][0]
    assert programmes(told) == ["FOOD"]
    assert told["pagination"]["total_count"] == 1


def test_status_of_a_search_needs_the_right_to_search(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        status_of(desk, "txn-1", scopes=[STATUS])


def test_status_of_a_delivery_tells_what_became_of_each_record(desk: Desk) -> None:
    reporter = replace(desk.partner, report=frozenset({desk.ids["CASH"]}))
    good = {"@id": "urn:good", **person("9001")}
    bad = {"@id": "urn:bad", **person("9002", enrollment_date="some day")}
    message = envelope_of(
        "notify",
        {"transaction_id": "txn-given", "enrolled_updates": {"beneficiaries": [good, bad]}},
        total_count=2,
    )
    caller = Caller(reporter, reporter.scopes)
    body = [json.dumps(message).encode()]
    answered = json.loads(desk.run(take_updates(desk.services, body, caller)).body)["message"]

    told = status_of(desk, "txn-given", txn_type="receipt")["txn_status"]
    assert told["enrolled_response"] == answered["enrolled_response"]
    assert [each["status"] for each in told["enrolled_response"]] == ["succ", "rjct"]
    assert told["transaction_id"] == "txn-given"
    assert told["receipt_information"] == {"beneficiaries": []}
    assert status_of(desk, "txn-given")["txn_status"]["search_response"][0]["status"] == "rjct"


@pytest.mark.parametrize("txn_type", ["receipt", "subscibe", "on-subscribe"])
def test_unknown_transactions_of_other_kinds(desk: Desk, txn_type: str) -> None:
    told = status_of(desk, "unknown", txn_type=txn_type)
    status = told["txn_status"]
    items = status["enrolled_response" if txn_type == "receipt" else "subscribe_response"]
    assert [each["status_reason_code"] for each in items] == ["rjct.reference_id.invalid"]
    if txn_type == "receipt":
        assert status["receipt_information"] == {"beneficiaries": []}
    else:
        assert status["search_response"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"txn_type": "payment"},
        {"attribute_type": "name"},
        {"attribute_value": []},
        {"attribute_value": ["x"] * 101},
        {"attribute_value": {"a": 1}},
        {"reference_id": ""},
    ],
)
def test_status_requests_that_are_refused(desk: Desk, change: dict[str, Any]) -> None:
    request = {
        "reference_id": "s1",
        "txn_type": "search",
        "attribute_type": "transaction_id",
        "attribute_value": "txn-1",
    }
    message = {"transaction_id": "t", "txnstatus_request": request | change}
    with pytest.raises(NotUnderstood) as refused:
        desk.send(envelope_of("txn-status", message))
    assert refused.value.code == "message.schema"


def test_both_locks_hold_on_their_own(desk: Desk) -> None:
    """Row-level security narrows without the statement, and the statement without it."""
    hidden = desk.ids["HIDDEN"]
    wanted = compare("programme", "eq", "HIDDEN", "programme")

    async def counted(security: set[int], statement: set[int]) -> int:
        async with desk.services.database.transaction(security) as connection:
            return await store.count(connection, statement, wanted)

    assert desk.run(counted({hidden}, {hidden})) == 2
    assert desk.run(counted(set(), {hidden})) == 0
    assert desk.run(counted({hidden}, set())) == 0
