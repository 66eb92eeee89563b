"""From a subscription to the news: a report through the door, and exactly those who asked hear."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from ibr.access.partners import suspend_partner
from ibr.db.pool import owner_transaction
from tests.door import STATUS, Door, System
from tests.later import CALLBACKS, HOST, Worker, status_of
from tests.people import (
    a_household,
    a_number,
    a_person,
    deceased_on,
    enrolled,
    in_programme,
    suspended_on,
)
from tests.subscribing import (
    END,
    ENROLLMENT,
    STATUS_CHANGE,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Teller,
    by_query,
    by_uin,
    item_of,
    of_programme,
    scheduled,
    subscribing,
    unsubscribing,
)

PROGRAMME = "programme_identifier.programme_identifier"


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Worker]:
    worker = Worker(door)
    yield worker
    worker.close()


@pytest.fixture
def teller(door: Door, worker: Worker) -> Iterator[Teller]:
    teller = Teller(door, worker)
    yield teller
    door.owner("update subscription set state = 'cancelled'")
    door.owner("delete from notification")


@pytest.fixture(scope="module")
def programme(door: Door) -> System:
    """The system of the programmes."""
    return door.partner()


@pytest.fixture
def subscriber(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


def suspended(programme: System, *people: str, code: str = "DCI001") -> None:
    """Everybody suspended, whatever they were before."""
    programme.report(
        *(a_person(uin) | in_programme(code) | suspended_on("2026-02-01") for uin in people)
    )


def test_who_subscribed_to_a_person_hears_of_a_new_status(
    teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    assert teller.tell() == 0
    suspended(programme, uin)
    assert teller.tell() == 1
    assert teller.told(subscriber) == [(uin, STATUS_CHANGE, "4")]
    [news] = teller.news(subscriber)
    assert news.programmes == [1]
    assert news.header["status"] == "succ"
    assert news.header["receiver_id"] == subscriber.sender_id
    assert news.header["meta"]["subscription_code"] == code
    [event] = news.message["notify_event"]
    assert event["data"]["subscription_code"] == code
    assert event["data"]["reg_record_type"] == "Beneficiary"


def test_it_is_told_once(teller: Teller, programme: System, subscriber: System) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    assert [teller.tell(), teller.tell()] == [1, 0]
    suspended(programme, uin)
    assert teller.tell() == 0


def test_nobody_hears_of_what_they_did_not_ask(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    uin, other = a_number(), a_number()
    programme.report(enrolled(uin, "DCI001"), enrolled(other, "DCI001"))
    elsewhere = door.partner(callback_urls=[CALLBACKS])
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(other)))
    teller.code(subscriber, item_of(ENROLLMENT, by_uin(uin)))
    teller.code(subscriber, item_of(STATUS_CHANGE, of_programme("DCI002")))
    teller.code(elsewhere, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    assert teller.tell() == 1
    assert teller.told(elsewhere) == [(uin, STATUS_CHANGE, "4")]
    assert teller.news(subscriber) == []


def test_each_event_is_for_those_who_asked_for_it(
    teller: Teller, programme: System, subscriber: System
) -> None:
    for event in (ENROLLMENT, STATUS_CHANGE, END):
        teller.code(subscriber, item_of(event, of_programme("DCI003")))
    leaving, staying = a_number(), a_number()
    programme.report(enrolled(leaving, "DCI003"), enrolled(staying, "DCI003"))
    teller.tell()
    programme.report(
        a_person(leaving) | in_programme("DCI003") | deceased_on("2026-03-01"),
        a_person(staying) | in_programme("DCI003") | suspended_on("2026-03-01"),
    )
    teller.tell()
    assert sorted(teller.told(subscriber)) == sorted(
        [
            (leaving, ENROLLMENT, "1"),
            (staying, ENROLLMENT, "1"),
            (leaving, STATUS_CHANGE, "2"),
            (staying, STATUS_CHANGE, "4"),
            (leaving, END, "2"),
        ]
    )


def test_a_filter_is_held_against_the_record_as_it_is_now(
    teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(
        subscriber,
        item_of(
            STATUS_CHANGE,
            by_query({"$and": [{"UIN": {"eq": uin}}, {"enrollment_status": {"eq": "4"}}]}),
        ),
    )
    teller.code(
        subscriber,
        item_of(
            STATUS_CHANGE,
            by_query({"$and": [{"UIN": {"eq": uin}}, {"enrollment_status": {"ne": "4"}}]}),
        ),
    )
    suspended(programme, uin)
    teller.tell()
    assert teller.told(subscriber) == [(uin, STATUS_CHANGE, "4")]


def test_a_predicate_and_a_group_are_heard_of_too(
    teller: Teller, programme: System, subscriber: System
) -> None:
    number = f"H{a_number()}"
    predicate = {
        "filter_type": "predicate",
        "filter": [
            {
                "seq_num": 1,
                "expression1": {
                    "attribute_name": "group_identifier",
                    "operator": "eq",
                    "attribute_value": number,
                },
            }
        ],
        "notify_record_type": "Group",
    }
    teller.code(subscriber, item_of(ENROLLMENT, predicate))
    programme.report(a_household(number) | in_programme("DCI001"))
    teller.tell()
    assert teller.told(subscriber) == [(number, ENROLLMENT, "1")]


def test_programmes_out_of_reach_are_never_told(
    door: Door, teller: Teller, programme: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"), enrolled(uin, "DCI002"))
    narrow = door.partner(report=[], ask=["DCI001"], callback_urls=[CALLBACKS])
    teller.code(narrow, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    suspended(programme, uin, code="DCI002")
    teller.tell()
    assert [each.programmes for each in teller.news(narrow)] == [[1]]


def test_a_right_lost_before_the_news_are_written_holds_them_back(
    door: Door, teller: Teller, programme: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    losing = door.partner(report=[], ask=["DCI001"], callback_urls=[CALLBACKS])
    teller.code(losing, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    assert teller.match().told == 1
    door.owner(
        "update agreement_clause set programmes = '{}' where agreement_no in "
        "(select agreement_no from agreement join partner using (partner_id) "
        "where sender_id = $1)",
        losing.sender_id,
    )
    assert teller.write() == 0
    assert teller.news(losing) == []
    assert door.count("notification") == 0
    [event] = door.owner(
        "select details from audit_event where kind = 'subscription.withheld' "
        "order by event_id desc limit 1"
    )
    assert msgspec.json.decode(event["details"])["records"] == 1


@pytest.mark.parametrize("when", ["before the match", "after the match"])
def test_a_partner_that_is_shut_out_hears_nothing(
    door: Door, teller: Teller, programme: System, subscriber: System, when: str
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    if when == "after the match":
        assert teller.match().told == 1
    door.run(shut_out(door, subscriber))
    teller.tell()
    assert teller.news(subscriber) == []


async def shut_out(door: Door, system: System) -> None:
    async with owner_transaction(door.dsn) as owner:
        await suspend_partner(owner, system.sender_id, suspended=True)


def test_without_the_scope_nothing_is_told(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    door.owner(
        "update partner set scopes = array_remove(scopes, 'registry.subscribe') "
        "where sender_id = $1",
        subscriber.sender_id,
    )
    teller.tell()
    assert teller.news(subscriber) == []


def test_the_scope_is_needed_to_subscribe(door: Door) -> None:
    only = door.partner(scopes=["registry.search"], callback_urls=[CALLBACKS])
    reply = only.post(SUBSCRIBE, subscribing(only, item_of(STATUS_CHANGE, by_uin("1"))))
    assert (reply.status, reply.error) == (403, "err.request.forbidden")


def test_whoever_gave_up_hears_no_more(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    assert teller.match().told == 1
    told = teller.unsubscribed(subscriber, code)
    assert (told["status"], told["subscription_status"]) == (
        "succ",
        [{"code": code, "status": "unsubscribe"}],
    )
    assert door.count("notification") == 0
    assert teller.tell() == 0


def test_news_of_one_person_come_in_order_with_a_rising_sequence(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    for day, status in ((1, 4), (2, 6), (3, 2)):
        programme.report(
            a_person(uin)
            | in_programme("DCI001")
            | {
                "enrollment_status": str(status),
                "status_change_date": [f"2026-02-0{day}T00:00:00+00:00"],
            }
        )
        teller.tell()
    assert [status for _, _, status in teller.told(subscriber)] == ["4", "6", "2"]
    sequence = [each.header["meta"]["sequence"] for each in teller.news(subscriber)]
    assert sequence == sorted(set(sequence))
    streams = door.owner(
        "select distinct stream from outgoing_message o join partner p using (partner_id) "
        "where p.sender_id = $1 and kind = 'notify'",
        subscriber.sender_id,
    )
    assert len(streams) == 1
    assert streams[0]["stream"] is not None


def test_several_changes_before_the_news_are_written_are_one(
    teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    suspended(programme, uin)
    teller.match()
    programme.report(a_person(uin) | in_programme("DCI001") | deceased_on("2026-03-01"))
    teller.match()
    assert teller.write() == 1
    assert teller.told(subscriber) == [(uin, STATUS_CHANGE, "2")]


def test_who_was_told_about_whom_is_in_the_ledger(
    door: Door, teller: Teller, programme: System, subscriber: System
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    purpose = {"authorize": {"@type": "Authorize", "purpose": {"code": "payment_stop"}}}
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin), purpose))
    suspended(programme, uin)
    teller.tell()
    subject = teller.worker.services.blind_index.of("UIN", uin)
    rows = door.owner(
        "select q.*, p.sender_id from question_asked q join partner p using (partner_id) "
        "where subject_index = $1 and question = 'notify'",
        subject,
    )
    assert [(row["sender_id"], row["purpose_code"], row["answer"]) for row in rows] == [
        (subscriber.sender_id, "payment_stop", "records")
    ]
    assert rows[0]["programme_id"] == 1
    [event] = door.owner(
        "select details from audit_event where kind = 'subscription.notified' "
        "order by event_id desc limit 1"
    )
    assert msgspec.json.decode(event["details"])["records"] == 1


def test_transaction_status_tells_what_became_of_a_subscription(
    teller: Teller, subscriber: System
) -> None:
    body = subscribing(subscriber, item_of(STATUS_CHANGE, by_uin("1"), reference_id="mine"))
    subscriber.post(SUBSCRIBE, body)
    transaction_id = msgspec.json.decode(body)["message"]["transaction_id"]
    asked = {"value": transaction_id, "of": "subscribe"}
    [pending] = told_by_status(subscriber, **asked)
    teller.worker.answer()
    [done] = told_by_status(subscriber, **asked)
    assert (pending["status"], done["status"]) == ("pdng", "succ")
    assert done["subscriptions"][0]["status"] == "subscribe"


def told_by_status(system: System, value: str, of: str) -> list[dict[str, object]]:
    reply = system.post(STATUS, status_of(system, value, of=of))
    told: list[dict[str, object]] = reply.message["txnstatus_response"]["txn_status"][
        "subscribe_response"
    ]
    return told


# Where news go (behaviour.md 13).
ADDRESSES = [
    # what is registered, the sender_uri, where the news go
    ([CALLBACKS], f"{CALLBACKS}/on-subscribe", f"{CALLBACKS}/notify"),
    ([CALLBACKS], f"{CALLBACKS}/anything", f"{CALLBACKS}/anything"),
    ([CALLBACKS, f"{HOST}/inbox/notify"], f"{CALLBACKS}/on-subscribe", f"{HOST}/inbox/notify"),
    ([f"{CALLBACKS}/on-subscribe"], f"{CALLBACKS}/on-subscribe", f"{CALLBACKS}/on-subscribe"),
    ([CALLBACKS], None, CALLBACKS),
    ([f"{HOST}/a", f"{HOST}/b/notify"], None, f"{HOST}/b/notify"),
]


@pytest.mark.parametrize(("registered", "sender_uri", "wanted"), ADDRESSES)
def test_where_news_go(
    door: Door,
    teller: Teller,
    programme: System,
    registered: list[str],
    sender_uri: str | None,
    wanted: str,
) -> None:
    uin = a_number()
    programme.report(enrolled(uin, "DCI001"))
    system = door.partner(callback_urls=registered)
    changes = {"sender_uri": sender_uri} if sender_uri else {}
    system.post(SUBSCRIBE, subscribing(system, item_of(STATUS_CHANGE, by_uin(uin)), **changes))
    teller.worker.answer()
    suspended(programme, uin)
    teller.tell()
    assert [each.address for each in teller.news(system)] == [wanted]


def test_without_any_address_for_news_there_is_no_subscription(door: Door, teller: Teller) -> None:
    nowhere = door.partner(callback_urls=[f"{HOST}/a", f"{HOST}/b"])
    body = subscribing(nowhere, item_of(STATUS_CHANGE, by_uin("1")))
    transaction_id = msgspec.json.decode(body)["message"]["transaction_id"]
    nowhere.post(SUBSCRIBE, body)
    teller.worker.answer()
    [told] = told_by_status(nowhere, transaction_id, "subscribe")
    assert told["status_reason_code"] == "rjct.notify_details.invalid"
    assert "no address to notify" in str(told["status_reason_message"])


def test_the_same_again_is_one_subscription(teller: Teller, subscriber: System) -> None:
    first = {"$and": [{"enrollment_status": {"in": ["2", "3"]}}, {PROGRAMME: {"eq": "DCI001"}}]}
    same = {"$and": [{PROGRAMME: {"in": ["dci001"]}}, {"enrollment_status": {"in": "3,2"}}]}
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_query(first)))
    again = teller.subscribed(subscriber, item_of(STATUS_CHANGE, by_query(same)))
    assert again.outcomes == ["rjct"]
    assert again.items[0]["status_reason_code"] == "rjct.event.already_subscribed"
    assert [each["code"] for each in again.items[0]["subscriptions"]] == [code]


def test_another_event_schedule_or_partner_is_another_subscription(
    door: Door, teller: Teller, subscriber: System
) -> None:
    other = door.partner(callback_urls=[CALLBACKS])
    filtered = of_programme("DCI001")
    codes = {
        teller.code(subscriber, item_of(STATUS_CHANGE, filtered)),
        teller.code(subscriber, item_of(ENROLLMENT, filtered)),
        teller.code(subscriber, item_of(STATUS_CHANGE, filtered, scheduled("0 0 6 * * ?"))),
        teller.code(other, item_of(STATUS_CHANGE, filtered)),
    }
    assert len(codes) == 4


def test_what_was_given_up_may_be_asked_for_again(teller: Teller, subscriber: System) -> None:
    item = item_of(STATUS_CHANGE, of_programme("DCI001"))
    code = teller.code(subscriber, item)
    teller.unsubscribed(subscriber, code)
    assert teller.code(subscriber, item) != code


def test_twice_in_one_message_is_one_subscription(teller: Teller, subscriber: System) -> None:
    told = teller.subscribed(
        subscriber,
        item_of(STATUS_CHANGE, by_uin("77"), reference_id="one"),
        item_of(STATUS_CHANGE, by_uin("77"), reference_id="two"),
    )
    assert told.outcomes == ["succ", "rjct"]
    one, two = (item["subscriptions"][0]["code"] for item in told.items)
    assert one == two


def test_one_at_fault_never_hinders_the_others(teller: Teller, subscriber: System) -> None:
    told = teller.subscribed(
        subscriber,
        item_of(STATUS_CHANGE, by_uin("1"), reference_id="good"),
        item_of("birthday", by_uin("1"), reference_id="bad"),
        item_of(ENROLLMENT, by_uin("1"), reference_id="good"),
        item_of(ENROLLMENT, by_uin("1"), reference_id="better"),
    )
    assert told.header["status"] == "succ"
    assert [
        (item["reference_id"], item["status"], item.get("status_reason_code"))
        for item in told.items
    ] == [
        ("good", "succ", None),
        ("bad", "rjct", "rjct.notify_types.invalid"),
        ("good", "rjct", "rjct.reference_id.duplicate"),
        ("better", "succ", None),
    ]


DETAILS, PERSON = "rjct.notify_details.invalid", "rjct.person_id.invalid"
FAULTS = [
    ("rjct.notify_types.invalid", {"reg_event_type": ""}, "enrollement, enrollement_status_change"),
    ("rjct.notify_types.invalid", {"reg_event_type": 5}, "reg_event_type is one of"),
    (DETAILS, {"filter": None}, "filter is missing"),
    (DETAILS, {"filter": {}}, "filter is missing"),
    (DETAILS, {"filter_type": "graphql"}, "graphql is not offered"),
    (DETAILS, {"filter_type": "sql"}, "filter_type is one of"),
    (DETAILS, by_query({"surname": {"eq": "x"}}), "surname is no attribute"),
    (DETAILS, by_query({"enrollment_status": {"like": "x"}}), "like is no operator"),
    (DETAILS, of_programme("NOWHERE"), "names no programme in your reach"),
    (DETAILS, {"notify_record_type": "Farmer"}, "notify_record_type is Beneficiary"),
    (DETAILS, {"reg_type": "ns:org:RegistryType:Social"}, "reg_type of this registry"),
    (PERSON, {"filter": {"type": "UIN", "value": ""}}, "filter.value is missing"),
    (PERSON, {"filter": {"type": "MOBILE", "value": "1"}}, "cannot be searched by MOBILE"),
    (DETAILS, scheduled("0 0 0 * *"), "it has 5 fields"),
    (DETAILS, scheduled("0 0 0 31 2 ?"), "never comes between"),
    (DETAILS, scheduled("0 0 0 * * ?", end="2020-01-01T00:00:00+00:00"), "lies in the past"),
    (DETAILS, scheduled("0 0 0 * * ?", start="2199-12-31T01:00:00+00:00"), "later than"),
    (DETAILS, scheduled("0 0 0 * * ?", start="2026-01-01"), "date-time with its offset"),
    (DETAILS, scheduled("0 0 0 * * ?", end="9999-12-31T23:59:59Z"), "beyond the year"),
    (DETAILS, {"frequency": "daily"}, "frequency is an object"),
]


@pytest.mark.parametrize(("reason", "change", "said"), FAULTS)
def test_each_fault_has_its_reason(
    teller: Teller, subscriber: System, reason: str, change: dict[str, object], said: str
) -> None:
    told = teller.subscribed(subscriber, item_of(STATUS_CHANGE, by_uin("1"), change))
    [item] = told.items
    assert (item["status"], item["status_reason_code"]) == ("rjct", reason)
    assert said in item["status_reason_message"]
    assert told.header["status"] == "rjct"


def test_a_timestamp_without_offset_is_refused_by_its_own_reason(
    teller: Teller, subscriber: System
) -> None:
    item = item_of(STATUS_CHANGE, by_uin("1")) | {"timestamp": "2026-01-15T09:30:00"}
    told = teller.subscribed(subscriber, item)
    assert told.items[0]["status_reason_code"] == "rjct.timestamp.invalid"


@pytest.mark.parametrize(
    "message",
    [
        {"subscribe_request": []},
        {"subscribe_request": {}},
        {"subscribe_request": ["x"]},
        {"subscribe_request": [{"reference_id": "1"}]},
        {"subscribe_request": [{"subscribe_criteria": {}}]},
        {"transaction_id": "x" * 100},
        {"transaction_id": None},
    ],
)
def test_what_is_at_fault_as_a_whole_is_refused_at_the_door(
    subscriber: System, message: dict[str, object]
) -> None:
    good = {"transaction_id": "t", "subscribe_request": [item_of(STATUS_CHANGE, by_uin("1"))]}
    body = subscriber.sealed(subscriber.header("subscribe", 1), good | message)
    reply = subscriber.post(SUBSCRIBE, body)
    accepted = message == {"transaction_id": None}
    assert (reply.status, reply.message["ack_status"]) == (200, "ACK" if accepted else "ERR")


def test_the_subscription_is_echoed_as_it_was_asked(teller: Teller, subscriber: System) -> None:
    item = item_of(
        "spdci-common:RegistryEventType:enrollement",
        by_uin("847951632"),
        scheduled("0 0 0 5,15 * ? *", start="2026-01-15T00:00:00+07:00"),
    )
    [told] = teller.subscribed(subscriber, item).items
    [info] = told["subscriptions"]
    criteria = item["subscribe_criteria"]
    assert {name: info[name] for name in criteria} == criteria
    assert (info["status"], info["locale"]) == ("subscribe", "eng")
    assert len(info["code"]) <= 99


def test_no_identifier_of_a_subscription_stands_in_the_database(
    door: Door, teller: Teller, subscriber: System
) -> None:
    uin = "ZZCANARY99"
    teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin)))
    teller.code(subscriber, item_of(STATUS_CHANGE, by_query({"person_identifier": {"eq": uin}})))
    tables = door.owner(
        "select c.oid::regclass::text as name from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'ibr' and c.relkind = 'r'"
    )
    text = "\n".join(
        row["said"] or ""
        for table in tables
        for row in door.owner(f"select x::text as said from {table['name']} x")
    )
    assert len(text) > 1_000
    for form in (uin, uin.lower(), uin.encode().hex()):
        assert form not in text


def test_unsubscribing_tells_the_codes_apart(
    door: Door, teller: Teller, subscriber: System
) -> None:
    stranger = door.partner(callback_urls=[CALLBACKS])
    foreign = teller.code(stranger, item_of(STATUS_CHANGE, by_uin("5")))
    mine, over = (
        teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(uin))) for uin in ("6", "7")
    )
    teller.unsubscribed(subscriber, over)
    told = teller.unsubscribed(subscriber, mine, over, foreign, "sub-unknown")
    assert told["status"] == "succ"
    assert told["status_reason_code"] == "rjct.subscription_code.invalid"
    assert told["status_reason_message"] == (
        "You have no subscription with this code: number 3, 4 of your list. "
        "This subscription had ended already: number 2 of your list."
    )
    assert told["subscription_status"] == [
        {"code": mine, "status": "unsubscribe"},
        {"code": over, "status": "unsubscribe"},
    ]
    [row] = door.owner("select state from subscription where code = $1", foreign)
    assert row["state"] == "active"


@pytest.mark.parametrize("foreign", [True, False])
def test_an_unknown_code_and_a_foreign_one_look_alike(
    door: Door, teller: Teller, subscriber: System, foreign: bool
) -> None:
    """Behaviour 14."""
    stranger = door.partner(callback_urls=[CALLBACKS])
    code = teller.code(stranger, item_of(STATUS_CHANGE, by_uin("8"))) if foreign else "sub-none"
    told = teller.unsubscribed(subscriber, code)
    assert (told["status"], told["status_reason_code"], told["subscription_status"]) == (
        "rjct",
        "rjct.subscription_code.invalid",
        [],
    )


def test_a_code_that_was_cancelled_has_a_reason_of_its_own(
    teller: Teller, subscriber: System
) -> None:
    """Behaviour 14."""
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin("9")))
    teller.unsubscribed(subscriber, code)
    told = teller.unsubscribed(subscriber, code)
    assert (told["status"], told["status_reason_code"]) == (
        "rjct",
        "rjct.event.already_unsubscribed",
    )


@pytest.mark.parametrize(
    ("codes", "ack"),
    [
        (["x" * 99], "ACK"),
        (["x" * 100], "ERR"),
        ([], "ERR"),
        ([""], "ERR"),
        ([5], "ERR"),
    ],
)
def test_codes_are_looked_at_at_the_door(subscriber: System, codes: list[object], ack: str) -> None:
    message = {
        "transaction_id": "t",
        "timestamp": "2026-01-15T09:30:00Z",
        "subscription_codes": codes,
    }
    body = subscriber.sealed(subscriber.header("unsubscribe", 1), message)
    assert subscriber.post(UNSUBSCRIBE, body).message["ack_status"] == ack


@pytest.mark.parametrize(
    "names", [("timesstamp", "sunscription_codes"), ("timesatmp", "subscription_codes")]
)
def test_the_misspellings_of_earlier_versions_are_read(
    teller: Teller, subscriber: System, names: tuple[str, str]
) -> None:
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(a_number())))
    stamp, codes = names
    message = {"transaction_id": "t", stamp: "2026-01-15T09:30:00+00:00", codes: [code]}
    subscriber.post(UNSUBSCRIBE, subscriber.sealed(subscriber.header("unsubscribe", 1), message))
    assert teller.worker.answered(subscriber).message["status"] == "succ"


def test_an_unsubscribe_without_a_time_is_refused_by_its_own_reason(
    teller: Teller, subscriber: System
) -> None:
    code = teller.code(subscriber, item_of(STATUS_CHANGE, by_uin(a_number())))
    subscriber.post(UNSUBSCRIBE, unsubscribing(subscriber, code, timestamp="yesterday"))
    told = teller.worker.answered(subscriber).message
    assert (told["status"], told["status_reason_code"]) == ("rjct", "rjct.timestamp.invalid")
    assert teller.unsubscribed(subscriber, code)["status"] == "succ"
