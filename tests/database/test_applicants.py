"""One applicant against everybody: weighed as in a run, and nothing told that may not be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.errors import NotUnderstood, TooMuch
from ibr.identity.applicants.model import Answer, Applicant
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.identity.applicants.read_applicant import read_applicant
from ibr.identity.engines import plain
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Appearance, Features
from ibr.identity.weights.starting import starting_model
from ibr.protection.blind_index import BlindIndex
from tests.linkage_desk import KEYRING, PROGRAMMES, SEALER, LinkageDesk
from tests.linked_country import linked_country

INDEX = BlindIndex(KEYRING.index)
EVERYBODY = range(1, PROGRAMMES + 1)
AMINA = Applicant(
    given_name="Amina",
    second_name="Yusuf",
    surname="Al-Haddad",
    birth_date="1987-04-05",
    sex="female",
    region="R1",
    district="R1D1",
    locality="Bir Zeit",
    phones=("+254 700 123 456",),
    identifiers=(("UIN", "2907461835"),),
)


def known(applicant: Applicant, programme: int) -> Features:
    """The same person as a programme reports them."""
    features, _ = read_applicant(applicant, INDEX)
    return Features(
        **{field: getattr(features, field) for field in features.__struct_fields__}
        | {"programme_id": programme}
    )


@pytest.fixture(scope="module")
def one_desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    people = [
        (each.appearance, each.features, list(each.keys)) for each in linked_country().entries
    ]
    desk.appear(people)
    for number, programme in ((900_001, 3), (900_002, 7)):
        features = known(AMINA, programme)
        desk.appear([(Appearance(number, 0), features, keys_of(features, INDEX))])
    desk.link()
    yield desk
    desk.close()


@pytest.fixture
def desk(one_desk: LinkageDesk) -> LinkageDesk:
    return one_desk


def applicants(desk: LinkageDesk, a_minute: int = 1000) -> Applicants:
    return Applicants(desk.database, SEALER, INDEX, a_minute=a_minute)


def officer(*programmes: int) -> Asker:
    return Asker(
        kind="officer",
        id=5,
        name="Omar",
        purpose=Purpose("enrolment_check"),
        ask=frozenset(programmes),
        scopes=frozenset({"applicant"}),
    )


def ask(desk: LinkageDesk, asker: Asker, applicant: Applicant = AMINA) -> Answer:
    return desk.run(applicants(desk).possible_duplicates(asker, applicant, now()))


def test_a_known_person_is_found_in_every_programme_in_reach(desk: LinkageDesk) -> None:
    answer = ask(desk, officer(3, 7))
    assert [(each.likelihood, len(each.records)) for each in answer.found] == [("likely", 2)]
    assert {each.programme for each in answer.found[0].records} == {"P3", "P7"}
    assert not answer.elsewhere


def test_of_another_programme_it_is_told_only_that_there_is_one(desk: LinkageDesk) -> None:
    answer = ask(desk, officer(3))
    assert [each.programme for each in answer.found[0].records] == ["P3"]
    assert answer.elsewhere
    assert ask(desk, officer(1)) == Answer((), True)


def test_control_within_reach_there_is_nothing_elsewhere(desk: LinkageDesk) -> None:
    assert not ask(desk, officer(*EVERYBODY)).elsewhere


def test_nobody_is_found_who_is_not_there(desk: LinkageDesk) -> None:
    stranger = Applicant(given_name="Xiomara", surname="Quetzalcoatl", birth_date="1901-02-03")
    assert ask(desk, officer(*EVERYBODY), stranger) == Answer()


def test_an_answer_holds_no_name_and_no_number(desk: LinkageDesk) -> None:
    said = str(ask(desk, officer(3, 7)))
    for secret in ("amina", "haddad", "yusuf", "2907461835", "700", "04-05", "zeit"):
        assert secret not in said.lower()
    assert "A. H." in said
    assert "1987" in said


def test_a_slip_still_finds_them(desk: LinkageDesk) -> None:
    slipped = Applicant(
        given_name="Aminah", surname="Alhaddad", birth_date="1987", sex="female",
        region="R1", district="R1D1", locality="Bir Zeit", phones=("0700123456",),
    )  # fmt: skip
    assert ask(desk, officer(3), slipped).found


@pytest.mark.parametrize("which", range(0, 60, 3))
def test_the_weight_is_that_of_a_run(desk: LinkageDesk, which: int) -> None:
    """Each candidate weighs what the batch gives the pair, to the last digit."""
    entries = linked_country().entries
    one = entries[which * len(entries) // 60]
    others = [
        (each.appearance, each.features, list(each.keys))
        for each in entries
        if each.appearance != one.appearance
    ]
    alone = (one.appearance, one.features, list(one.keys))
    batch = plain.link([alone], starting_model(), against=others).weighed
    expected = {
        (each.high if each.low == one.appearance else each.low): each.weight for each in batch
    }

    async def weighed() -> dict[Appearance, float]:
        async with desk.database.transaction(EVERYBODY) as connection:
            near, _ = await applicants(desk).weighed(connection, one.features, list(one.keys))
            return {
                each.appearance: each.weighed.weight
                for each in near
                if each.appearance.record_id not in (one.appearance.record_id, 900_001, 900_002)
            }

    found = desk.run(weighed())
    assert found.keys() == expected.keys()
    assert all(abs(found[each] - expected[each]) < 0.005 for each in expected)


@pytest.mark.parametrize(
    ("applicant", "code"),
    [
        (Applicant(given_name="Amina", surname="Haddad"), "applicant.too_little"),
        (Applicant(birth_date="1987-04-05"), "applicant.too_little"),
        (Applicant(given_name="A" * 300, birth_date="1987"), "applicant.too_long"),
        (Applicant(given_name="Amina", birth_date="1987", sex="x"), "applicant.sex"),
        (Applicant(phones=("1",) * 20), "applicant.too_many"),
        (
            Applicant(given_name="\u200f🙂", surname="...", birth_date="1987"),
            "applicant.too_little",
        ),
    ],
)
def test_what_says_too_little_or_too_much_is_refused(
    desk: LinkageDesk, applicant: Applicant, code: str
) -> None:
    before = desk.count("question_asked")
    with pytest.raises(NotUnderstood) as refused:
        ask(desk, officer(3), applicant)
    assert refused.value.code == code
    assert "Amina" not in refused.value.message
    assert desk.count("question_asked") == before


def test_every_look_is_in_the_ledger(desk: LinkageDesk) -> None:
    for applicant in (AMINA, Applicant(given_name="Xi", surname="Quetzal", birth_date="1901")):
        desk.owner("truncate question_asked, audit_event")
        ask(desk, officer(3), applicant)
        rows = desk.owner("select * from question_asked")
        assert {row["question"] for row in rows} == {"possible_duplicates"}
        assert {row["purpose_code"] for row in rows} == {"enrolment_check"}
        assert {row["officer_id"] for row in rows} == {5}
        assert {row["answer"] for row in rows} == {"records" if applicant is AMINA else "none"}
        events = desk.owner("select kind, details::text from audit_event")
        assert [row["kind"] for row in events] == ["question.possible_duplicates"]
        assert "Amina" not in events[0]["details"]


def test_the_ledger_knows_the_number_that_was_typed(desk: LinkageDesk) -> None:
    desk.owner("truncate question_asked")
    ask(desk, officer(3))
    rows = desk.owner("select subject_index from question_asked")
    assert INDEX.of("UIN", "2907461835") in {row["subject_index"] for row in rows}


def test_who_asks_again_and_again_is_asked_to_wait(desk: LinkageDesk) -> None:
    few = applicants(desk, a_minute=3)
    for _ in range(3):
        desk.run(few.possible_duplicates(officer(3), AMINA, now()))
    with pytest.raises(TooMuch):
        desk.run(few.possible_duplicates(officer(3), AMINA, now()))


def test_a_reference_is_the_same_each_time_and_tells_nothing(desk: LinkageDesk) -> None:
    first = ask(desk, officer(3)).found[0].reference
    assert first == ask(desk, officer(7)).found[0].reference
    person = desk.persons()[Appearance(900_001, 0)]
    assert str(person) not in first
    assert uuid.uuid4().hex != first


def test_the_database_shows_an_officer_no_appearance_of_others(desk: LinkageDesk) -> None:
    """What the use case may see for one sentence, a transaction of the asker never sees."""

    async def seen() -> int:
        async with desk.database.transaction({3}) as connection:
            near, _ = await applicants(desk).weighed(
                connection, known(AMINA, 0), keys_of(known(AMINA, 0), INDEX)
            )
            return len({each.programme_id for each in near})

    assert desk.run(seen()) == 1
