"""Agreements on the database: what was before them, what is entered, what they let through."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pytest

from ibr.access.agreements import enter
from ibr.access.agreements.look import AgreementList, listed, refusals
from ibr.access.agreements.model import UNKEPT
from ibr.access.approvals import decide
from ibr.access.approvals.acts import register
from ibr.access.approvals.agreement_acts import ADD, AGREEMENT_ACTS, END
from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, RegistryError
from ibr.questions.agreements import own_agreements, plain, refused_lately
from tests.door import SEARCH, Door, System
from tests.later import searching
from tests.people import a_number, enrolled

TODAY = now().date()


def agreement(partner: System, *clauses: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An agreement in the plain form, from today for a year."""
    return {
        "partner": partner.sender_id,
        "legal_basis": "Data Protection Act",
        "legal_reference": "section 4",
        "valid_from": TODAY.isoformat(),
        "valid_to": (TODAY + timedelta(days=365)).isoformat(),
        "clauses": list(clauses),
        **more,
    }


def clause(*acts: str, programmes: Any = "all", **more: Any) -> dict[str, Any]:
    return {
        "acts": list(acts),
        "programmes": programmes,
        "attributes": "all",
        "purposes": ["enrolment_check"],
        **more,
    }


def entered(door: Door, given: dict[str, Any]) -> int:
    async def work() -> int:
        async with owner_transaction(door.dsn) as owner:
            wish = await enter.read_wish(owner, given)
            number = await enter.add(owner, wish, asker=None, who="a test", at=now())
        await door.services.book.refresh(0)
        return number

    return door.run(work())


def ended(door: Door, number: int, day: date = TODAY) -> None:
    async def work() -> None:
        async with owner_transaction(door.dsn) as owner:
            await enter.end(owner, number, day, "over", asker=None, who="a test", at=now())
        await door.services.book.refresh(0)

    door.run(work())


def of(door: Door, partner: System) -> AgreementList:
    async def work() -> AgreementList:
        async with owner_transaction(door.dsn) as owner:
            number = await owner.fetchval(
                "select partner_id from ibr.partner where sender_id = $1", partner.sender_id
            )
            return await listed(owner, number, TODAY)

    return door.run(work())


@pytest.fixture(scope="module")
def somebody(door: Door) -> str:
    number = a_number()
    everybody = door.partner()
    told = everybody.report(enrolled(number, "DCI001"), enrolled(number, "DCI002"))
    assert told.outcomes == ["succ", "succ"]
    return number


def bare(door: Door) -> System:
    """A partner whose every scope is switched on, and that has no agreement in force."""
    partner = door.partner(report=[], ask=[])
    [loose] = of(door, partner).agreements
    ended(door, loose.agreement.agreement_no)
    return partner


def test_without_an_agreement_in_force_nothing_goes(door: Door, somebody: str) -> None:
    partner = bare(door)
    assert [each.party.sender_id for each in of(door, partner).agreements] == [partner.sender_id]
    assert of(door, partner).without[0].sender_id == partner.sender_id
    assert partner.ask(somebody, "DCI001").status == 403
    assert partner.report(enrolled(a_number(), "DCI001")).status == 403
    [item] = partner.post(SEARCH, searching(partner, somebody)).message["search_response"]
    assert item["data"]["reg_records"] == []
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    entered(door, agreement(partner, clause("enrolled"), valid_from=tomorrow))
    assert partner.ask(somebody, "DCI001").status == 403


def test_it_goes_while_it_is_agreed_and_no_longer(door: Door, somebody: str) -> None:
    partner = bare(door)
    number = entered(door, agreement(partner, clause("enrolled", programmes=["DCI001"])))
    assert partner.ask(somebody, "DCI001").says == ["yes"]
    assert partner.ask(somebody, "DCI002").status == 403
    ended(door, number)
    assert partner.ask(somebody, "DCI001").status == 403


def test_a_purpose_that_was_not_agreed_is_refused(door: Door, somebody: str) -> None:
    partner = bare(door)
    entered(door, agreement(partner, clause("enrolled", "search", programmes=["DCI001"])))
    assert partner.ask(somebody, "DCI001", meta={"purpose": "enrolment_check"}).says == ["yes"]
    refused = partner.ask(somebody, "DCI001", meta={"purpose": "curiosity"})
    assert refused.status == 403
    assert "enrolment_check" in refused.text
    assert "curiosity" not in refused.text
    searched = partner.post(SEARCH, searching(partner, somebody, meta={"purpose": "curiosity"}))
    assert searched.status == 403
    # Of a programme that is not agreed, the purpose tells nothing.
    assert partner.ask(somebody, "DCI002", meta={"purpose": "curiosity"}).text == (
        partner.ask(somebody, "DCI002").text
    )


def found(partner: System, somebody: str, query: Any = None) -> list[dict[str, Any]]:
    reply = partner.post(SEARCH, searching(partner, somebody, query=query))
    assert reply.status == 200
    [item] = reply.message["search_response"]
    assert item["status"] == "succ"
    records: list[dict[str, Any]] = item["data"]["reg_records"]
    return records


def test_what_comes_back_is_what_was_agreed_of_each_programme(door: Door, somebody: str) -> None:
    partner = bare(door)
    entered(
        door,
        agreement(
            partner,
            clause("search", programmes=["DCI001"], attributes=["enrolment"]),
            clause("search", programmes=["DCI002"], attributes=["sex", "benefits"]),
        ),
    )
    told = {
        record["programme_identifier"][0]["programme_identifier"]: record
        for record in found(partner, somebody)
    }
    assert "member" not in told["DCI001"]
    assert told["DCI001"]["enrollment_status"]
    assert told["DCI002"]["member"]["demographic_info"] == {
        "@type": "IBRPerson",
        "sex": "female",
    }
    assert "enrollment_status" not in told["DCI002"]


def test_nobody_is_found_by_what_may_not_be_seen(door: Door, somebody: str) -> None:
    partner = bare(door)
    entered(
        door,
        agreement(
            partner,
            clause("search", programmes=["DCI001"], attributes=["sex"]),
            clause("search", programmes=["DCI002"], attributes=["benefits"]),
        ),
    )

    async def page(attribute: str) -> list[str]:
        reply = await partner.posted(SEARCH, _expression(partner, attribute))
        [item] = reply.message["search_response"]
        if item["status"] == "rjct":
            return [item["status_reason_message"]]
        return [
            each["programme_identifier"][0]["programme_identifier"]
            for each in item["data"]["reg_records"]
        ]

    assert set(door.run(page("member.demographic_info.sex"))) == {"DCI001"}
    [refused] = door.run(page("member.demographic_info.birth_date"))
    assert "does not let you search" in refused


def _expression(partner: System, attribute: str) -> bytes:
    value = "female" if attribute.endswith("sex") else "1995-09-21"
    message = {
        "transaction_id": a_number(),
        "search_request": [
            {
                "reference_id": "r",
                "timestamp": now().isoformat(),
                "search_criteria": {
                    "query_type": "expression",
                    "query": {"value": {"expression": {"query": {attribute: {"eq": value}}}}},
                },
            }
        ],
    }
    return partner.sealed(partner.header("search", 1), message)


def officer(door: Door, role: str, name: str) -> Asker:
    async def work() -> int:
        async with owner_transaction(door.dsn) as owner:
            await add_officer(owner, f"{name}@example.org", name, role, None, "long enough it is")
            number = await owner.fetchval(
                "select officer_id from ibr.officer where email = $1", f"{name}@example.org"
            )
            return int(number)

    return Asker(
        kind="officer",
        id=door.run(work()),
        name=name,
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=RIGHTS[role].scopes,
        role=role,
    )


@pytest.fixture(scope="module")
def ada(door: Door) -> Asker:
    register(AGREEMENT_ACTS)
    return officer(door, "administrator", "ada")


@pytest.fixture(scope="module")
def dana(door: Door) -> Asker:
    return officer(door, "data_protection_officer", "dana")


def test_those_who_may_know_see_which_clause_refused(door: Door, somebody: str, ada: Asker) -> None:
    partner = bare(door)
    number = entered(door, agreement(partner, clause("enrolled", programmes=["DCI001"])))
    partner.ask(somebody, "DCI002")
    partner.ask(somebody, "DCI001", meta={"purpose": "curiosity"})
    partner.ask(somebody, "NOT_THERE")
    seen = [
        each
        for each in door.run(refused_lately(door.services.database, ada))
        if each.party is not None and each.party.sender_id == partner.sender_id
    ]
    assert [(each.why, each.programme and each.programme.code) for each in seen] == [
        ("programme", None),
        ("purpose", "DCI001"),
        ("programme", "DCI002"),
    ]
    assert {each.clauses[0][0] for each in seen} == {number}
    kept = door.owner("select details::text as details from audit_event where kind = $1", _REFUSED)
    assert not any(somebody in row["details"] or "curiosity" in row["details"] for row in kept)
    with pytest.raises(NotAllowed):
        door.run(refused_lately(door.services.database, _as(ada, "analyst")))


_REFUSED = "question.refused"


def _as(asker: Asker, role: str) -> Asker:
    values = {name: getattr(asker, name) for name in Asker.__struct_fields__}
    return Asker(**values | {"scopes": RIGHTS[role].scopes, "role": role})


def test_behind_the_gate_refusals_are_read_by_that_right_alone(door: Door, ada: Asker) -> None:
    async def read(asker: Asker) -> int:
        database = door.services.database
        async with database.transaction((), asker=asker, right="agreements") as connection:
            return len(await refusals(connection, 10))

    assert door.run(read(ada)) > 0
    assert door.run(read(_as(ada, "analyst"))) == 0


async def in_two(door: Door, first: Asker, second: Asker, act: str, given: Any) -> None:
    async with door.services.database.transaction(()) as connection:
        number = await decide.propose(connection, first, act, given, now(), why="agreed")
    async with door.services.database.transaction(()) as connection:
        _, details = await decide.one(connection, second, number)
        assert any("may ask whether a person is enrolled" in each.after for each in details)
    async with door.services.database.transaction(()) as connection:
        await decide.approve(connection, second, number, now())
    await door.services.book.refresh(0)


def test_a_second_person_stands_for_it(door: Door, somebody: str, ada: Asker, dana: Asker) -> None:
    partner = bare(door)
    given = agreement(partner, clause("enrolled", programmes=["DCI001"]))
    door.run(in_two(door, ada, dana, ADD, given))
    assert partner.ask(somebody, "DCI001").says == ["yes"]
    newest = of(door, partner).agreements[0]
    assert newest.agreement.entered_by == "ada, dana"
    codes = {number: each.code for number, each in of(door, partner).programmes.items()}
    kept = plain(newest.agreement, newest.party, codes)
    assert {name: kept[name] for name in given} == given
    payload = {
        "agreement": newest.agreement.agreement_no,
        "from": TODAY.isoformat(),
        "why": "It was withdrawn.",
    }
    door.run(in_two(door, ada, dana, END, payload))
    assert partner.ask(somebody, "DCI001").status == 403


def test_the_pages_cannot_write_one_without_the_second_person(door: Door, ada: Asker) -> None:
    partner = bare(door)

    async def alone() -> None:
        async with door.services.database.transaction((), asker=ada) as connection:
            wish = await enter.read_wish(connection, agreement(partner, clause("enrolled")))
            await enter.add(connection, wish, asker=ada, who="ada", at=now())

    with pytest.raises(Exception, match="row-level security"):
        door.run(alone())


def test_a_new_one_takes_the_place_of_the_old(door: Door, somebody: str) -> None:
    partner = bare(door)
    first = entered(door, agreement(partner, clause("enrolled", programmes=["DCI001"])))
    entered(
        door,
        agreement(partner, clause("enrolled", programmes=["DCI002"]), takes_place_of=first),
    )
    assert partner.ask(somebody, "DCI001").status == 403
    assert partner.ask(somebody, "DCI002").says == ["yes"]
    assert [each.state for each in of(door, partner).agreements] == ["in_force", "ended", "ended"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"partner": "nobody.example.org"}, "partner"),
        ({"legal_basis": " "}, "legal_basis"),
        ({"legal_link": "http://law.example.org"}, "legal_link"),
        ({"valid_to": None}, "valid_to"),
        ({"valid_to": "2020-01-01"}, "valid_to"),
        ({"valid_to": "2199-01-01"}, "valid_to"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"document_digest": "abc"}, "document_digest"),
        ({"takes_place_of": 10**12}, "takes_place_of"),
        ({"clauses": []}, "clauses"),
        ({"clauses": [clause("everything")]}, "clauses"),
        ({"clauses": [clause("enrolled", programmes=["NOT_THERE"])]}, "programmes"),
        ({"clauses": [clause("enrolled", programmes=[])]}, "programmes"),
        ({"clauses": [clause("search", attributes=["soul"])]}, "attributes"),
        ({"clauses": [clause("search", purposes=[])]}, "purposes"),
        ({"clauses": [clause("search", purposes=["for Amina"])]}, "purposes"),
        ({"unknown": 1}, "agreement"),
    ],
)
def test_what_cannot_be_an_agreement_is_refused_by_its_field(
    door: Door, changes: dict[str, Any], field: str
) -> None:
    partner = door.partner()
    with pytest.raises(NotUnderstood) as refused:
        entered(door, agreement(partner, clause("enrolled")) | changes)
    assert refused.value.field == field


def test_it_cannot_end_twice_in_the_past_or_of_another_number(door: Door) -> None:
    partner = bare(door)
    number = entered(door, agreement(partner, clause("enrolled")))

    def refused(of_number: int, day: date) -> type[RegistryError]:
        with pytest.raises(RegistryError) as why:
            ended(door, of_number, day)
        return type(why.value)

    assert refused(10**6, TODAY) is NotFound
    assert refused(number, TODAY - timedelta(days=1)) is NotUnderstood
    ended(door, number, TODAY + timedelta(days=3))
    assert refused(number, TODAY) is Conflict


def test_developers_see_their_partners_agreements_and_no_others(door: Door, ada: Asker) -> None:
    mine, other = door.partner(), door.partner()
    numbers = {each: of(door, each).parties[0].partner_id for each in (mine, other)}
    values = {name: getattr(ada, name) for name in Asker.__struct_fields__}
    developer = Asker(**values | {"scopes": RIGHTS["developer"].scopes, "partner": numbers[mine]})
    seen = door.run(own_agreements(door.services.database, developer, numbers[mine], now()))
    assert {each.party.sender_id for each in seen.agreements} == {mine.sender_id}
    with pytest.raises(NotFound):
        door.run(own_agreements(door.services.database, developer, numbers[other], now()))


def test_what_was_before_agreements_became_agreements(door: Door) -> None:
    """The part of the migration that reads the tables of before, on rows as they stood there."""
    script = files("ibr.db.migrations.versions").joinpath("0035_agreements.sql").read_text()
    begin = script.index("-- Today's rows as agreements")
    conversion = script[begin : script.index("-- The pages write agreements")]
    one, two = (
        door.services.book.programmes_by_code[code].programme_id for code in ("dci001", "dci002")
    )
    door.owner(
        "insert into partner "
        "(sender_id, name, client_id, secret_hash, scopes, ask_all, legal_basis) values"
        " ('old-all', 'x', 'old-all', 'x', '{registry.figures}', true, 'Act 7'),"
        " ('old-some', 'x', 'old-some', 'x', '{}', false, null),"
        " ('old-none', 'x', 'old-none', 'x', '{}', false, null)"
    )
    door.owner(
        "insert into partner_programme (partner_id, programme_id, may_report, may_ask, valid_to) "
        f"select partner_id, {one}, true, false, null::date from partner "
        "where sender_id = 'old-some' "
        f"union all select partner_id, {two}, false, true, current_date + 9 from partner "
        "where sender_id = 'old-some'"
    )

    async def convert() -> None:
        async with owner_transaction(door.dsn) as owner:
            await owner.execute(conversion)

    door.run(convert())
    rows = door.owner(
        """
        select p.sender_id, a.legal_basis, a.valid_to, c.acts[1] as act, c.programmes
        from agreement a join partner p using (partner_id) join agreement_clause c
        using (agreement_no) where p.sender_id like 'old-%' order by 1, 3 nulls first, 4
        """
    )
    assert [tuple(row) for row in rows] == [
        ("old-all", "Act 7", None, "enrolled", None),
        ("old-all", "Act 7", None, "figures", None),
        ("old-some", UNKEPT, None, "report", [one]),
        ("old-some", UNKEPT, TODAY + timedelta(days=9), "enrolled", [two]),
    ]
