"""What a case decides to be lawful is not found again, until its last day or until it is ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.errors import Conflict, NotUnderstood
from ibr.overlaps.cases.desk.one_case import one_case
from ibr.overlaps.cases.model import Case
from ibr.overlaps.cases.work import take_back
from ibr.overlaps.findings.desk.exempt import exemptions
from tests import cases_web
from tests.cases_web import TERMS, as_app, the_case
from tests.checking import Checking, check_that_finds, found
from tests.door import Door
from tests.people import a_number, enrolled
from tests.snapshots import AT, Desk
from tests.web_country import WebCountry

UNTIL = date(2027, 6, 30)
LAWFUL = {
    "reason": "law_says",
    "outcome": "lawful_exception",
    "law": "Act 5, section 12",
    "until": UNTIL,
}
SETTLED = AT + timedelta(minutes=TERMS.undo_minutes + 1)


def officer(number: int, door: Door) -> Asker:
    programmes = frozenset(row["programme_id"] for row in door.owner("select * from programme"))
    return Asker(
        kind="officer",
        id=number,
        name=f"Officer {number}",
        purpose=Purpose("official_duty"),
        ask=programmes,
        scopes=RIGHTS["programme_officer"].scopes,
    )


class Country:
    """One record of which a check finds something, with the cases that come of it."""

    def __init__(self, desk: Desk) -> None:
        self.door = desk.door
        self.desk = desk
        self.checking = Checking(desk)
        [record, *_] = self.door.owner("select record_id, programme_id from beneficiary_record")
        self.check = check_that_finds(
            found("one", record["programme_id"], record_id=record["record_id"]), code="K06"
        )

    def look(self, at: datetime = AT) -> Any:
        [run] = self.checking.run(self.desk.take(at), self.check, at=at)
        return run.counts

    def keep(self, at: datetime = AT) -> Any:
        return self.door.run(cases_web.kept(self.door.dsn, at))

    def step(self, who: int, action: str, at: datetime = AT, **how: Any) -> Case:
        return self.door.run(
            cases_web.does(self.door.dsn, officer(who, self.door), action, at=at, **how)
        )

    def decided(self, **how: Any) -> Case:
        """A case of the finding, proposed by one officer and approved by another."""
        self.look()
        self.keep()
        self.step(1, "assign")
        self.step(1, "propose", **LAWFUL | how)
        return self.step(2, "approve")

    def events(self, kind: str) -> int:
        return len(self.door.owner("select from audit_event where kind = $1", kind))


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    door.partner().report(enrolled(a_number(), "DCI001"))
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture
def country(desk: Desk) -> Iterator[Country]:
    yield Country(desk)
    desk.door.run(cases_web.emptied(WebCountry(desk.door.dsn)))
    desk.door.owner("delete from check_run")


def test_what_is_lawful_is_exempt_by_its_law_until_its_last_day(country: Country) -> None:
    country.decided()
    assert country.keep().settled == 0
    assert country.keep(SETTLED).settled == 1
    [row] = country.door.owner("select * from check_exemption")
    assert (row["check_code"], row["legal_reference"]) == ("K06", "Act 5, section 12")
    assert (row["valid_to"], row["case_id"]) == (UNTIL, row["case_id"])
    assert country.checking.reasons() == ["exempt"]
    assert country.events("check.exempted") == 1
    # It is there once, however often the job looks.
    country.keep(SETTLED + timedelta(days=1))
    assert len(country.door.owner("select from check_exemption")) == 1


def test_the_next_run_does_not_open_it_again_until_the_last_day_is_over(country: Country) -> None:
    country.decided()
    country.keep(SETTLED)
    counts = country.look(AT + timedelta(days=1))
    assert (counts.exempt, counts.opened) == (1, 0)
    after = datetime.combine(UNTIL + timedelta(days=1), AT.timetz())
    counts = country.look(after)
    assert (counts.exempt, counts.opened) == (0, 1)
    assert country.keep(after).gathered == 1


def test_control_what_is_only_proposed_or_was_not_confirmed_is_not_exempt(
    country: Country,
) -> None:
    country.look()
    country.keep()
    country.step(1, "assign")
    country.step(1, "propose", **LAWFUL)
    assert country.keep(SETTLED).settled == 0
    country.step(2, "send_back", reason="wrong")
    country.step(1, "propose", reason="evidence_clear", outcome="not_confirmed")
    case = country.step(2, "approve")
    assert (case.exception_law, case.exception_until) == (None, None)
    country.keep(SETTLED)
    assert country.door.owner("select from check_exemption") == []


def test_what_was_taken_back_in_time_is_not_exempt(country: Country) -> None:
    case = country.decided()

    asker = officer(2, country.door)

    async def back() -> None:
        async with as_app(country.door.dsn) as database:
            await take_back(database, asker, case.case_id, case.step_no, at=AT, terms=TERMS)

    country.door.run(back())
    country.keep(SETTLED)
    assert country.door.owner("select from check_exemption") == []


@pytest.mark.parametrize("at", [AT, SETTLED], ids=["before it counts", "once it counts"])
def test_an_exception_that_is_ended_is_found_again(country: Country, at: datetime) -> None:
    closed = country.decided().closed_at
    if at == SETTLED:
        country.keep(SETTLED)
    for own in (1, 2):
        with pytest.raises(Conflict, match="Somebody else"):
            country.step(own, "end_exception", at, reason="facts_wrong")
    case = country.step(3, "end_exception", at, reason="facts_wrong")
    assert (case.closed_at, case.closed_why) == (closed, "exception_ended")
    country.keep(SETTLED)
    rows = country.door.owner("select withdrawn_at, withdrawn_by from check_exemption")
    assert [row["withdrawn_by"] for row in rows] == (["Officer 3"] if at == SETTLED else [])
    assert country.events("check.exemption_ended") == len(rows)
    later = AT + timedelta(days=1)
    counts = country.look(later)
    assert (counts.exempt, counts.opened) == (0, 1)
    country.keep(later)
    assert country.door.run(the_case(country.door.dsn)).case_id != case.case_id
    with pytest.raises(Conflict):
        country.step(3, "end_exception", later, case=case, reason="facts_wrong")


def test_it_is_shown_on_the_case_and_in_the_list_of_exemptions(country: Country) -> None:
    case = country.decided()
    country.keep(SETTLED)
    asker, sealer = officer(1, country.door), country.door.services.sealer

    async def seen() -> tuple[Any, Any]:
        async with as_app(country.door.dsn) as database:
            shown = await one_case(database, sealer, asker, case.case_id, SETTLED, TERMS)
            async with database.transaction(asker.reach) as connection:
                return shown, await exemptions(connection)

    shown, listed = country.door.run(seen())
    [exemption] = shown.exemptions
    assert (exemption.check_code, exemption.valid_to) == ("K06", UNTIL)
    assert [each.case_id for each in listed] == [case.case_id]


@pytest.mark.parametrize(
    "changed",
    [
        {"law": None},
        {"law": "  "},
        {"law": "x" * 501},
        {"law": "Act\x07"},
        {"until": None},
        {"until": AT.date()},
        {"until": AT.date() + timedelta(days=3 * 366 + 1)},
    ],
)
def test_an_exception_without_its_law_and_its_last_day_is_refused(
    country: Country, changed: dict[str, Any]
) -> None:
    with pytest.raises(NotUnderstood, match="Name the"):
        country.decided(**changed)
