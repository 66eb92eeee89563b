"""What other registries told, in the database: sealed, kept once, out of the roles' reach."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import msgspec
import pytest

from ibr.calls.rules import AddressRules
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import RegistryError
from ibr.interop.dci.services import Services
from ibr.protection.seal import Sealer
from ibr.sources.register_source import Agreement, access_of, add_source
from tests.database.test_nobody_in_the_dump import dump, told_of
from tests.database.test_roles import refused, run
from tests.door import Door, Json, Reply
from tests.other_registry import (
    ADDRESS,
    NOTIFY,
    ON_SEARCH,
    OtherRegistry,
    Sent,
    day,
    dead_person,
    disabled_person,
    household,
    values_of,
    worker_of,
)
from tests.people import a_number, an_identifier, enrolled

CANARY = 7


@pytest.fixture(scope="module")
def worker(door: Door) -> Iterator[Services]:
    with worker_of(door) as services:
        yield services


@pytest.fixture(scope="module")
def social(door: Door, worker: Services) -> OtherRegistry:
    return OtherRegistry(door, worker, "social")


def held(door: Door) -> str:
    uin = a_number()
    assert door.partner().report(enrolled(uin, "DCI001")).outcomes == ["succ"]
    return uin


def asked(registry: OtherRegistry, uin: str) -> Sent:
    return next(each for each in registry.order("search") if uin in each.values)


def test_nothing_that_was_told_stands_readable_in_the_database(
    door: Door, worker: Services
) -> None:
    uin, phone, card = f"77{CANARY:06d}1234", f"+99955{CANARY:06d}", f"ZZCANARY{CANARY:04d}"
    assert door.partner().report(enrolled(uin, "DCI001")).outcomes == ["succ"]
    registry = OtherRegistry(
        door,
        worker,
        "disability",
        attributes=("phone_number", "disability_identifier", "is_disabled"),
    )
    record = disabled_person(uin, phone_number=[phone], disability_identifier=card)
    sent = asked(registry, uin)
    assert registry.answer(sent, {uin: record}).error is None
    for each in registry.order("subscribe"):
        registry.subscribed(each, subscribe_response=codes_that_name_nobody(each))
    code = door.owner("select code from own_subscription where code is not null limit 1")[0][0]
    registry.notify(record, code=code)
    registry.answer(sent, {uin: {**record, "member_identifier": an_identifier(f"{uin}9")}})
    assert values_of(registry, uin)["phone_number"] == [[phone.replace(" ", "")]] * 2
    assert told_of(dump(door)) == []


def codes_that_name_nobody(sent: Sent) -> list[Json]:
    return [
        {
            "reference_id": each["reference_id"],
            "timestamp": day(1),
            "status": "succ",
            "subscriptions": [{"code": f"code-{each['reference_id']}", "status": "subscribe"}],
        }
        for each in sent.items
    ]


def test_equal_values_of_two_people_do_not_look_equal(door: Door, social: OtherRegistry) -> None:
    one, other = held(door), held(door)
    sent = asked(social, one)
    record = {"poverty_score": 5, "last_updated": day(1)}
    social.answer(
        sent, {uin: {"member_identifier": an_identifier(uin), **record} for uin in (one, other)}
    )
    subjects = [door.services.blind_index.of("UIN", uin) for uin in (one, other)]
    rows = door.owner(
        "select value_index from known_attribute where subject_index = any ($1::bytea[])", subjects
    )
    assert len({row["value_index"] for row in rows}) == 2


async def at_once(
    door: Door, registry: OtherRegistry, bodies: list[bytes], path: str
) -> list[Reply]:
    return await asyncio.gather(*(registry.system.posted(path, body) for body in bodies))


def test_the_same_answer_at_once_counts_once(door: Door, social: OtherRegistry) -> None:
    uin = held(door)
    sent = asked(social, uin)
    record = household("HH-1", uin, score=4.5)
    body = social.written(social.answered(sent, {uin: record}), "on-search")
    replies = door.run(at_once(door, social, [body] * 5, ON_SEARCH))
    assert len({reply.raw for reply in replies}) == 1
    assert replies[0].message["ack_status"] == "ACK"
    assert values_of(social, uin)["poverty_score"] == ["4.5"]


def test_crossing_news_about_the_same_people_never_stands_in_its_own_way(
    door: Door, worker: Services
) -> None:
    civil = OtherRegistry(door, worker, "civil")
    people = [held(door) for _ in range(20)]
    [sent] = civil.order("subscribe", everyone=True)
    civil.subscribed(sent)
    bodies = [
        civil.written(
            civil.news(
                *(dead_person(uin, f"2026-02-{number:02d}") for uin in order),
                code="sub-all",
                at=day(number),
            ),
            "notify",
        )
        for number in range(1, 9)
        for order in [people if number % 2 else people[::-1]]
    ]
    replies = door.run(at_once(door, civil, bodies, NOTIFY))
    assert [reply.error for reply in replies] == [None] * 8
    for uin in people:
        assert values_of(civil, uin)["death_date"][0] == "2026-02-08"


def test_pages_do_not_read_our_secrets_at_others(door: Door, social: OtherRegistry) -> None:
    refused(door, "ibr_app", "select secret_sealed from source_registry")
    refused(door, "ibr_app", "select * from source_registry")
    assert run(door, "ibr_app", "select source_id from source_registry")
    assert run(door, "ibr_worker", "select secret_sealed from source_registry")


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "update known_attribute set as_of = now()",
        "delete from known_attribute",
        "delete from own_transaction",
        "delete from own_question",
        "delete from own_subscription",
        "update own_question set subject_index = ''",
        "update source_registry set attributes = '{phone_number}'",
        "insert into source_registry (partner_id) values (1)",
    ],
)
def test_nobody_rewrites_what_was_told_or_agreed(door: Door, role: str, statement: str) -> None:
    refused(door, role, statement)


def test_the_secret_opens_for_its_own_source_only(door: Door, social: OtherRegistry) -> None:
    async def opened(partner_id: int) -> str:
        async with owner_transaction(door.dsn) as owner:
            access = await access_of(owner, door.services.sealer, partner_id)
        assert access is not None
        return access.client_secret

    partner = door.owner(
        "select partner_id from source_registry where source_id = $1", social.source_id
    )[0][0]
    assert door.run(opened(partner)) == "a secret of ours"
    moved = door.partner()
    number = door.owner("select partner_id from partner where sender_id = $1", moved.sender_id)[0][
        0
    ]
    door.owner(
        "insert into source_registry (partner_id, kind, address, token_address, client_id, "
        "secret_sealed, reg_type, record_type, event_type, identifier_type, attributes, "
        "purpose_code, purpose_text, legal_basis, added_at) "
        "select $1, kind, address, token_address, client_id, secret_sealed, reg_type, "
        "record_type, event_type, identifier_type, attributes, purpose_code, purpose_text, "
        "legal_basis, added_at from source_registry where partner_id = $2",
        number,
        partner,
    )
    with pytest.raises(RegistryError, match="does not belong"):
        door.run(opened(number))
    door.owner("delete from source_registry where partner_id = $1", number)


GOOD = Agreement(
    sender_id="",
    kind="social",
    address=ADDRESS,
    token_address=f"{ADDRESS}/oauth2/client/token",
    client_id="c",
    client_secret="s",
    purpose_code="analysis",
    purpose_text="Analysis",
    legal_basis="Act 7",
)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "tax"}, "source.kind"),
        ({"purpose_code": " "}, "source.agreement"),
        ({"purpose_text": ""}, "source.agreement"),
        ({"legal_basis": ""}, "source.agreement"),
        ({"client_secret": ""}, "source.agreement"),
        ({"attributes": ("religion",)}, "source.attribute"),
        ({"batch_size": 0}, "source.agreement"),
        ({"batch_size": 1001}, "source.agreement"),
        ({"answer_seconds": 1}, "source.agreement"),
        ({"frequency": "hourly"}, "source.agreement"),
        ({"address": "http://other.example.org"}, "address.invalid"),
        ({"address": "https://10.0.0.1/dci"}, "address.invalid"),
        ({"token_address": "https://localhost/token"}, "address.invalid"),
        ({"identifier_type": "n°"}, "identifier.type"),
        ({"sender_id": "nobody.example.org"}, "partner.unknown"),
    ],
)
def test_an_agreement_that_is_not_whole_is_refused(
    door: Door, changed: dict[str, object], code: str
) -> None:
    given = msgspec.structs.replace(GOOD, sender_id=door.partner().sender_id)
    given = msgspec.structs.replace(given, **changed)
    with pytest.raises(RegistryError) as wrong:
        door.run(added(door, door.services.sealer, given))
    assert wrong.value.code == code


async def added(door: Door, sealer: Sealer, given: Agreement) -> None:
    async with owner_transaction(door.dsn) as owner:
        await add_source(owner, sealer, AddressRules(), given, now())


def test_a_partner_is_one_source_only(door: Door) -> None:
    given = msgspec.structs.replace(GOOD, sender_id=door.partner().sender_id)
    door.run(added(door, door.services.sealer, given))
    with pytest.raises(RegistryError, match="already"):
        door.run(added(door, door.services.sealer, given))


def test_the_ledger_takes_no_other_question(door: Door) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        door.owner(
            "insert into question_asked (subject_index, asked_at, question_id, question, "
            "purpose_code, answer) values ('', now(), gen_random_uuid(), 'curious', 'p', 'sent')"
        )
