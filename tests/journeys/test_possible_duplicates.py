"""From a report to the answer "may be known already", and the refusals on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from ibr.db.pool import open_database
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.run import Linkage
from ibr.interop.own.own_door import OwnDoor
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from tests.described import fits
from tests.door import Door, Reply, System, _nothing_else
from tests.people import a_number, an_identifier, in_programme

PATH = "/api/v1/possible-duplicates"
SCOPE = "registry.possible-duplicates"
UIN = a_number()


def person(uin: str, programme: str, **name: str) -> dict[str, Any]:
    about = {
        "@type": "IBRPerson",
        "name": {"@type": "Name", "given_name": "Sudarat", "surname": "Phumchai", **name},
        "sex": "female",
        "birth_date": "1995-09-21",
    }
    member = {
        "@type": "Member",
        "member_identifier": [an_identifier(uin)],
        "demographic_info": about,
    }
    return {
        "@type": "Beneficiary",
        "@id": f"urn:test:{programme}:{uin}",
        "assistance_unit": "1",
        "member": member,
        **in_programme(programme),
    }


def link(door: Door) -> Run | None:
    """One run as the worker makes it, records read from what was reported."""

    async def work() -> Run | None:
        keyring = open_keyring(door.settings.data_dir / "keys", create=False)
        database = await open_database(door.dsn, "ibr_worker", size=6, name="test linkage")
        try:
            linkage = Linkage(
                database,
                Sealer(keyring),
                lambda programmes: AppearanceReader(database, keyring, programmes),
            )
            return await linkage.run("changes")
        finally:
            await database.close()

    return door.run(work())


@pytest.fixture(scope="module")
def linked(door: Door) -> Door:
    """Somebody in two programmes, and the door to ask about applicants."""
    partner = door.partner()
    told = partner.report(person(UIN, "DCI001"), person(UIN, "DCI002", given_name="Sudaratt"))
    assert told.outcomes == ["succ", "succ"]
    run = link(door)
    assert run is not None
    assert (run.state, run.counts["persons"]) == ("applied", 1)
    return door


@pytest.fixture(scope="module")
def own(linked: Door) -> Iterator[httpx.AsyncClient]:
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(OwnDoor(linked.services, _nothing_else)),
        base_url="http://registry.test",
    )
    yield client
    linked.run(client.aclose())


def ask(
    door: Door, client: httpx.AsyncClient, partner: System | None, body: Any, **headers: str
) -> Reply:
    token = {"authorization": f"Bearer {partner.token}"} if partner else {}
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)

    async def posted() -> Reply:
        answer = await client.post(
            PATH,
            content=content,
            headers={"content-type": "application/json", **token, **headers},
        )
        return Reply(answer.status_code, answer.content, answer.headers)

    return door.run(posted())


APPLICANT = {
    "name": {"given_name": "Sudarat", "surname": "Phumchai"},
    "birth_date": "1995-09-21",
    "sex": "female",
    "identifier": [{"identifier_type": "UIN", "identifier_value": UIN}],
}


def test_a_partner_learns_of_its_own_programmes(linked: Door, own: httpx.AsyncClient) -> None:
    partner = linked.partner(ask=["DCI001"], report=["DCI001"], scopes=[SCOPE])
    reply = ask(linked, own, partner, APPLICANT)
    assert reply.status == 200
    (found,) = reply.body["possible_duplicates"]
    assert found["likelihood"] == "likely"
    assert found["programmes"] == ["DCI001"]
    assert reply.body["known_in_another_programme"] is True


def test_an_answer_holds_nothing_of_the_person(linked: Door, own: httpx.AsyncClient) -> None:
    reply = ask(linked, own, linked.partner(), APPLICANT)
    assert reply.body["possible_duplicates"][0]["programmes"] == ["DCI001", "DCI002"]
    assert set(reply.body["possible_duplicates"][0]) == {"likelihood", "reference", "programmes"}
    for secret in ("Sudarat", "Phumchai", "1995", UIN):
        assert secret.lower().encode() not in reply.raw.lower()


def test_answers_are_as_the_published_description_says(
    linked: Door, own: httpx.AsyncClient
) -> None:
    reply = ask(linked, own, linked.partner(), APPLICANT)
    assert fits("PossibleDuplicatesQuestion", APPLICANT) == []
    assert fits("PossibleDuplicatesAnswer", reply.body) == []
    assert fits("OwnErrors", ask(linked, own, None, APPLICANT).body) == []
    assert fits("OwnErrors", ask(linked, own, linked.partner(), b"[]").body) == []
    assert fits("PossibleDuplicatesAnswer", reply.body | {"name": "Sudarat"}), "control"


def test_who_is_not_known_is_not_known(linked: Door, own: httpx.AsyncClient) -> None:
    other = {"name": {"given_name": "Yaw", "surname": "Boateng"}, "birth_date": "1961"}
    reply = ask(linked, own, linked.partner(), other)
    assert reply.body == {"possible_duplicates": [], "known_in_another_programme": False}


def test_the_same_from_outside_is_only_known_elsewhere(
    linked: Door, own: httpx.AsyncClient
) -> None:
    partner = linked.partner(ask=["DCI003"], report=[], scopes=[SCOPE])
    reply = ask(linked, own, partner, APPLICANT)
    assert reply.body == {"possible_duplicates": [], "known_in_another_programme": True}


def test_without_the_scope_nothing_is_told(linked: Door, own: httpx.AsyncClient) -> None:
    before = linked.count("question_asked")
    partner = linked.partner(scopes=["registry.enrolled", "registry.search"])
    reply = ask(linked, own, partner, APPLICANT)
    assert reply.status == 403
    assert reply.body["errors"][0]["code"] == "scope.missing"
    assert linked.count("question_asked") == before


def test_without_a_token_nothing_is_told(linked: Door, own: httpx.AsyncClient) -> None:
    reply = ask(linked, own, None, APPLICANT)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "applicant.json"),
        (b"[]", 400, "applicant.json"),
        ({"name": {"first": "Sudarat"}}, 400, "applicant.json"),
        ({"given_name": "Sudarat"}, 400, "applicant.json"),
        ({"name": {"given_name": 7}}, 400, "applicant.json"),
        ({"name": {"given_name": "Sudarat"}}, 400, "applicant.too_little"),
        ({**APPLICANT, "phone_number": ["1"] * 50}, 400, "applicant.too_many"),
        (b'{"name":{"given_name":"' + b"x" * 20_000 + b'"}}', 413, "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_without_its_values(
    linked: Door, own: httpx.AsyncClient, body: Any, status: int, code: str
) -> None:
    reply = ask(linked, own, linked.partner(), body)
    assert (reply.status, reply.body["errors"][0]["code"]) == (status, code)
    assert b"Sudarat" not in reply.raw


def test_other_media_types_and_addresses_are_refused(linked: Door, own: httpx.AsyncClient) -> None:
    reply = ask(linked, own, linked.partner(), APPLICANT, **{"content-type": "text/plain"})
    assert reply.status == 400

    async def elsewhere() -> list[int]:
        answers = [await own.get(PATH), await own.post("/api/v1/names"), await own.get("/person")]
        return [each.status_code for each in answers]

    assert linked.run(elsewhere()) == [404, 404, 418]


def test_the_look_is_in_the_ledger_of_the_person(linked: Door, own: httpx.AsyncClient) -> None:
    partner = linked.partner(sender_id="spmis-looks")
    before = linked.count("question_asked")
    ask(linked, own, partner, APPLICANT)
    rows = linked.owner(
        """
        select subject_index, question, answer from question_asked
        where partner_id = (select partner_id from partner where sender_id = 'spmis-looks')
        """
    )
    assert linked.count("question_asked") == before + len(rows)
    index = linked.services.blind_index.of("UIN", UIN)
    assert {bytes(row["subject_index"]) for row in rows} == {index}
    assert {(row["question"], row["answer"]) for row in rows} == {
        ("possible_duplicates", "records")
    }


def test_what_is_reported_later_is_followed(linked: Door, own: httpx.AsyncClient) -> None:
    uin = a_number()
    partner = linked.partner()
    partner.report(person(uin, "DCI003", given_name="Malee", surname="Srisai"))
    assert link(linked) is not None
    assert link(linked) is None
    later = {
        "name": {"given_name": "Malee", "surname": "Srisai"},
        "birth_date": "1995-09-21",
        "sex": "female",
    }
    (found,) = ask(linked, own, partner, later).body["possible_duplicates"]
    assert found["programmes"] == ["DCI003"]
