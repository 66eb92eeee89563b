"""A link that people confirmed counts in "enrolled"; what a machine alone believes never does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.decide import Decision, decide, in_order
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.history import undo_run
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.run import Linkage
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from tests.door import Door, System
from tests.journeys.test_trace import traced
from tests.people import (
    a_household,
    a_member,
    a_number,
    an_identifier,
    enrolled,
    in_programme,
    with_status,
)

OFFICER = 7
OTHER_OFFICER = 8


class Desk:
    """Linkage and decisions over the records that a door took in."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.keyring = open_keyring(door.settings.data_dir / "keys", create=False)
        self.database: Database = door.run(
            open_database(door.dsn, "ibr_worker", size=4, name="test linkage")
        )

    def close(self) -> None:
        self.door.run(self.database.close())

    def link(self, wanted: Any = "changes") -> Run | None:
        """One run as the worker makes it."""
        linkage = Linkage(
            self.database,
            Sealer(self.keyring),
            lambda programmes: AppearanceReader(self.database, self.keyring, programmes),
            # Everybody here bears one name and another number, and is called the same by somebody.
            floor=Floor(most_moved=1.0, least_precision=0.0, most_members=1000),
        )
        return self.door.run(linkage.run(wanted))

    def of(self, uin: str, programme: str) -> Appearance:
        """The appearance that carries the number in a programme."""
        number = self.door.services.book.programmes_by_code[programme.lower()].programme_id
        [row] = self.door.owner(
            "select record_id, appearance_no from appearance_number "
            "where blind_index = $1 and programme_id = $2",
            self.door.services.blind_index.of("UIN", uin),
            number,
        )
        return Appearance(*row)

    def decide(
        self,
        pair: Pair,
        decision: Decision,
        *,
        opinion: int = 1,
        four_eyes: bool = False,
        by: int = OFFICER,
        reach: frozenset[int] | None = None,
    ) -> None:
        self.door.run(self._decide(pair, decision, opinion, four_eyes, by, reach))

    async def _decide(
        self,
        pair: Pair,
        decision: Decision,
        opinion: int,
        four_eyes: bool,
        by: int,
        reach: frozenset[int] | None,
    ) -> None:
        everything = frozenset(self.door.services.book.programmes)
        async with self.database.transaction(reach or everything) as connection:
            await decide(
                connection,
                by,
                *in_order(*pair),
                decision,
                "looked_at",
                None,
                opinion,
                None,
                None,
                now(),
                four_eyes=four_eyes,
            )


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


class Two:
    """Somebody in two programmes under two numbers."""

    def __init__(self, desk: Desk, system: System, **further: Any) -> None:
        self.asked, self.other = a_number(), a_number()
        told = system.report(
            enrolled(self.asked, "DCI001"), enrolled(self.other, "DCI002", **further)
        )
        assert told.outcomes == ["succ", "succ"]
        desk.link()
        self.pair = (desk.of(self.asked, "DCI001"), desk.of(self.other, "DCI002"))


@pytest.fixture
def two(desk: Desk, system: System) -> Two:
    two = Two(desk, system)
    assert system.ask(two.asked, "DCI002").says == ["no"]
    return two


def test_a_confirmed_link_counts(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    assert system.ask(two.asked, "DCI002").says == ["yes"]
    assert system.ask(two.other, "DCI001").says == ["yes"]
    assert system.ask(two.asked, "DCI002", entity=None).says == ["yes"]


def test_it_counts_among_several_subjects_and_without_a_type(
    desk: Desk, system: System, two: Two
) -> None:
    desk.decide(two.pair, "same")
    says = system.ask({"in": [two.asked, a_number(), two.other]}, "DCI002").says
    assert says == ["yes", "no", "yes"]


def test_it_leads_to_no_other_programme(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    assert system.ask(two.asked, "DCI003").says == ["no"]


def test_who_may_not_ask_about_the_programme_is_refused_all_the_same(
    desk: Desk, door: Door, two: Two
) -> None:
    desk.decide(two.pair, "same")
    partner = door.partner(ask=["DCI001"], report=["DCI001"])
    assert partner.ask(two.asked, "DCI002").status == 403


def test_who_may_ask_about_that_programme_alone_is_told_yes(
    desk: Desk, door: Door, two: Two
) -> None:
    """The record with the number lies out of reach; only the answer tells of it."""
    desk.decide(two.pair, "same")
    partner = door.partner(ask=["DCI002"], report=["DCI003"])
    assert partner.ask(two.asked, "DCI002").says == ["yes"]


def test_a_link_of_the_machine_alone_does_not_count(desk: Desk, system: System) -> None:
    """Control: the machine holds the two to be one person, and the answer is still no."""
    number, passport = a_number(), a_number()
    both = [an_identifier(number), an_identifier(passport, "PASSPORT")]
    first = enrolled(number, "DCI001")
    first["member"]["member_identifier"] = both
    second = enrolled(passport, "DCI002")
    second["member"]["member_identifier"] = [an_identifier(passport, "PASSPORT")]
    for record in (first, second):
        record["member"]["demographic_info"] |= {
            "name": {"@type": "Name", "surname": "Okonkwo", "given_name": "Chidinma"},
            "birth_date": "1978-03-14",
        }
    assert system.report(first, second).outcomes == ["succ", "succ"]
    desk.link()
    one = desk.of(number, "DCI001")
    linked = desk.door.owner(
        "select other.record_id, other.appearance_no from person_member m "
        "join person_member other using (person_id) "
        "where m.record_id = $1 and other.record_id <> $1",
        one.record_id,
    )
    assert len(linked) == 1, "the machine links the two; without that this test says nothing"
    assert system.ask(number, "DCI002").says == ["no"]
    desk.decide((one, Appearance(*linked[0])), "same")
    assert system.ask(number, "DCI002").says == ["yes"]


def test_unsure_does_not_count(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "unsure")
    assert system.ask(two.asked, "DCI002").says == ["no"]


def test_taken_back_it_counts_no_longer(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    assert system.ask(two.asked, "DCI002").says == ["yes"]
    desk.decide(two.pair, "withdrawn")
    assert system.ask(two.asked, "DCI002").says == ["no"]


def test_a_later_different_ends_it_at_once(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    desk.decide(two.pair, "different")
    assert system.ask(two.asked, "DCI002").says == ["no"]
    desk.decide(two.pair, "same")
    assert system.ask(two.asked, "DCI002").says == ["yes"]


def test_where_four_eyes_are_asked_for_one_opinion_does_not_count(
    desk: Desk, system: System, two: Two
) -> None:
    desk.decide(two.pair, "same", four_eyes=True)
    assert system.ask(two.asked, "DCI002").says == ["no"]
    desk.decide(two.pair, "same", opinion=2, by=OTHER_OFFICER)
    assert system.ask(two.asked, "DCI002").says == ["yes"]


def test_a_second_opinion_that_differs_ends_it(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    desk.decide(two.pair, "different", opinion=2, by=OTHER_OFFICER)
    assert system.ask(two.asked, "DCI002").says == ["no"]


def test_the_status_of_the_other_record_decides(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    system.report(enrolled(two.other, "DCI002", **with_status(3, "2026-02-01T00:00:00Z")))
    assert system.ask(two.asked, "DCI002").says == ["no"]


def test_the_suspended_count_where_the_programme_says_so(desk: Desk, system: System) -> None:
    two = Two(desk, system, **with_status(4))
    desk.decide(two.pair, "same")
    assert system.ask(two.asked, "DCI002").says == ["yes"]
    system.report(enrolled(two.asked, "DCI001", **with_status(4, "2026-02-01T00:00:00Z")))
    assert system.ask(two.other, "DCI001").says == ["no"]


def test_a_number_that_its_record_gave_up_leads_nowhere(desk: Desk, system: System) -> None:
    """At once, before anything was read again."""
    asked, corrected, other = a_number(), a_number(), a_number()
    card = a_number()

    def first(uin: str) -> dict[str, Any]:
        record = enrolled(uin, "DCI001")
        record["member"]["member_identifier"] = [
            an_identifier(card, "BENEFICIARY_NUMBER"),
            an_identifier(uin),
        ]
        return record

    assert system.report(first(asked), enrolled(other, "DCI002")).outcomes == ["succ", "succ"]
    desk.link()
    desk.decide((desk.of(asked, "DCI001"), desk.of(other, "DCI002")), "same")
    assert system.ask(asked, "DCI002").says == ["yes"]
    assert system.report(first(corrected)).outcomes == ["succ"]
    assert system.ask(asked, "DCI001").says == ["no"], "the record gave the number up"
    assert system.ask(asked, "DCI002").says == ["no"]
    desk.link()
    assert system.ask(corrected, "DCI002").says == ["yes"], "from the next reading on"


def test_a_programmes_own_number_leads_nowhere_else(desk: Desk, system: System) -> None:
    uin, other, card = a_number(), a_number(), a_number()
    record = enrolled(uin, "DCI001")
    record["member"]["member_identifier"].append(an_identifier(card, "BENEFICIARY_NUMBER"))
    system.report(record, enrolled(other, "DCI002"))
    desk.link()
    desk.decide((desk.of(uin, "DCI001"), desk.of(other, "DCI002")), "same")
    assert system.ask(uin, "DCI002").says == ["yes"]
    kinds = desk.door.owner(
        "select 1 from confirmed_number where blind_index = $1",
        desk.door.services.blind_index.of("BENEFICIARY_NUMBER", card),
    )
    assert kinds == []


def test_a_chain_counts_where_people_made_every_link(desk: Desk, system: System) -> None:
    first, middle, last = a_number(), a_number(), a_number()
    system.report(enrolled(first, "DCI001"), enrolled(middle, "DCI002"), enrolled(last, "DCI003"))
    desk.link()
    one, two, three = (
        desk.of(uin, code)
        for uin, code in ((first, "DCI001"), (middle, "DCI002"), (last, "DCI003"))
    )
    desk.decide((one, two), "same")
    assert system.ask(first, "DCI003").says == ["no"], "the second link is nobody's decision"
    desk.decide((two, three), "same")
    assert system.ask(first, "DCI003").says == ["yes"]
    desk.decide((one, two), "withdrawn")
    assert system.ask(first, "DCI003").says == ["no"]
    assert system.ask(middle, "DCI003").says == ["yes"]


def test_a_chain_grows_by_somebody_who_sees_only_its_end(desk: Desk, system: System) -> None:
    first, middle, last = a_number(), a_number(), a_number()
    system.report(enrolled(first, "DCI001"), enrolled(middle, "DCI002"), enrolled(last, "DCI003"))
    desk.link()
    ends = [
        desk.of(uin, code)
        for uin, code in ((first, "DCI001"), (middle, "DCI002"), (last, "DCI003"))
    ]
    codes = desk.door.services.book.programmes_by_code
    one, two, three = (codes[code].programme_id for code in ("dci001", "dci002", "dci003"))
    desk.decide((ends[0], ends[1]), "same", reach=frozenset({one, two}))
    desk.decide((ends[1], ends[2]), "same", reach=frozenset({two, three}))
    assert system.ask(first, "DCI003").says == ["yes"]
    assert system.ask(last, "DCI001").says == ["yes"]


def test_a_member_of_a_household_counts_with_the_group_alone(desk: Desk, system: System) -> None:
    asked, child = a_number(), a_number()
    household = {
        **a_household(a_number(), a_member(child), head=a_member(a_number())),
        **in_programme("DCI002"),
    }
    assert system.report(enrolled(asked, "DCI001"), household).outcomes == ["succ", "succ"]
    desk.link()
    desk.decide((desk.of(asked, "DCI001"), desk.of(child, "DCI002")), "same")
    assert system.ask(asked, "DCI002", entity="Member").says == ["no"]
    assert system.ask(asked, "DCI002", entity="Group").says == ["yes"]
    assert system.ask(asked, "DCI002", entity=None).says == ["no"]


def test_who_is_no_longer_in_the_household_is_not_found_by_it(desk: Desk, system: System) -> None:
    asked, child, group = a_number(), a_number(), a_number()
    head, sibling = a_member(a_number()), a_member(a_number())

    def household(*members: Any) -> dict[str, Any]:
        return {**a_household(group, *members, head=head), **in_programme("DCI002")}

    system.report(enrolled(asked, "DCI001"), household(a_member(child), sibling))
    desk.link()
    desk.decide((desk.of(asked, "DCI001"), desk.of(child, "DCI002")), "same")
    assert system.ask(asked, "DCI002", entity="Group").says == ["yes"]
    system.report(household(sibling))
    desk.link()
    assert system.ask(asked, "DCI002", entity="Group").says == ["no"]


def test_runs_change_nothing_of_it(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    before = _kept(desk)
    desk.link("full")
    assert _kept(desk) == before
    assert system.ask(two.asked, "DCI002").says == ["yes"]


def test_a_full_run_puts_right_what_was_lost(desk: Desk, system: System, two: Two) -> None:
    desk.decide(two.pair, "same")
    before = _kept(desk)
    desk.door.owner("delete from confirmed_person")
    desk.door.owner("delete from confirmed_number")
    assert system.ask(two.asked, "DCI002").says == ["no"]
    desk.link("full")
    assert _kept(desk) == before


def _kept(desk: Desk) -> list[list[tuple[Any, ...]]]:
    return [
        sorted(tuple(row) for row in desk.door.owner(f"select * from {table}"))
        for table in ("confirmed_person", "confirmed_number")
    ]


def test_the_ledger_and_the_trace_do_not_tell_a_link_from_a_record(
    desk: Desk, door: Door, system: System, two: Two
) -> None:
    desk.decide(two.pair, "same")
    index = door.services.blind_index
    with traced(door, "all") as trace:
        replies = [system.ask(uin, "DCI002") for uin in (two.asked, two.other)]
        by_link, by_record = trace.rows()
    assert [reply.says for reply in replies] == [["yes"], ["yes"]]
    assert len(replies[0].raw) == len(replies[1].raw)
    own = {"trace_id", "at", "message_id", "transaction_id", "milliseconds"}
    assert not {key for key in by_link if by_link[key] != by_record[key]} - own
    ledger = [
        door.owner(
            "select question, programme_id, answer, partner_id, purpose_code from question_asked "
            "where subject_index = $1 order by asked_at desc limit 1",
            index.of("UIN", uin),
        )
        for uin in (two.asked, two.other)
    ]
    assert ledger[0] == ledger[1]


def test_who_undoes_a_run_ends_what_it_joined_in_answers_too(
    desk: Desk, door: Door, system: System
) -> None:
    """What is undone is decided; then the newer decision counts in the next answer."""
    one, other = "9173550264", "3381906477"
    elder = enrolled(one, "DCI001")
    elder["member"]["demographic_info"] |= {"birth_date": "1951-01-30", "sex": "male"}
    system.report(elder, enrolled(other, "DCI002"))
    desk.link()
    desk.decide((desk.of(one, "DCI001"), desk.of(other, "DCI002")), "same")
    run = desk.link()
    assert run is not None
    assert system.ask(one, "DCI002").says == ["yes"]

    async def undo() -> int:
        async with desk.database.transaction(frozenset(door.services.book.programmes)) as held:
            return await undo_run(held, run.run_no, now())

    assert door.run(undo()) > 0
    assert system.ask(one, "DCI002").says == ["no"]
