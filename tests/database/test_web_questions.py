"""The questions behind the pages: right numbers, and nothing out of reach."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.audit.questions_asked import record_question
from ibr.deliveries.report.model import DeliveryFilter
from ibr.errors import NotAllowed, NotFound
from ibr.questions.country import Country, country_at_a_glance
from ibr.questions.kept import Kept
from ibr.questions.person_record import PersonRecord, Subject, person_record
from ibr.questions.programme import one_programme
from ibr.questions.reporting import deliveries, one_delivery
from tests import people_web
from tests.web_country import WebCountry, filled

KNOWN = Subject("UIN", people_web.KNOWN_UIN)


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


def officer(role: str, programmes: set[int], purpose: str = "complaint", number: int = 2) -> Asker:
    return Asker(
        kind="officer",
        id=number,
        name="Omar Officer",
        purpose=Purpose(purpose),
        ask=frozenset(programmes),
        scopes=RIGHTS[role].scopes,
    )


ALL = officer("programme_officer", {1, 2, 3, 4, 5})
PENSION = officer("programme_officer", {1})


async def glance(country: WebCountry, asker: Asker, kept: Kept | None = None) -> Country:
    async with country.services() as services:
        return await country_at_a_glance(services.database, kept or Kept(), asker, people_web.NOW)


async def look_up(country: WebCountry, asker: Asker, subject: Subject = KNOWN) -> PersonRecord:
    async with country.services() as services:
        return await person_record(
            services.database,
            services.sealer,
            services.blind_index,
            asker,
            subject=subject,
            budgets=services.budgets,
            at=people_web.NOW,
        )


async def test_the_country_counts_what_is_there(country: WebCountry) -> None:
    seen = await glance(country, ALL)
    rows = await country.read(
        """
        select count(*) filter (where status in (1, 5, 6, 7)) as current,
               count(distinct r.subject_index) filter (where status in (1, 5, 6, 7)) as people
        from enrolment join beneficiary_record r using (record_id)
        """
    )
    assert seen.enrolments == rows[0]["current"]
    assert seen.beneficiaries == rows[0]["people"] == seen.people + seen.groups
    assert sum(each.reached for each in seen.regions) == seen.beneficiaries
    october = await country.read(
        "select sum(benefits)::int as b from benefit_month where month = '2026-10-01'"
    )
    assert seen.months[-1].benefits == october[0]["b"]
    assert len(seen.months) == 24


async def test_the_late_programme_is_named(country: WebCountry) -> None:
    seen = await glance(country, ALL)
    assert [each.programme.code for each in seen.late] == ["WORK"]
    assert (seen.reported, len(seen.expected)) == (4, 5)


async def test_an_officer_of_one_programme_sees_only_that(country: WebCountry) -> None:
    seen = await glance(country, PENSION)
    everything = await glance(country, ALL)
    assert [each.programme.code for each in seen.programmes] == ["OAP"]
    assert 0 < seen.beneficiaries < everything.beneficiaries
    assert {code for each in seen.last_deliveries for code in each.programme_ids} == {1}


async def test_kept_figures_of_one_reach_never_reach_another(country: WebCountry) -> None:
    kept = Kept()
    everything = await glance(country, ALL, kept)
    own = await glance(country, PENSION, kept)
    nothing = await glance(country, officer("programme_officer", set()), kept)
    assert own.beneficiaries < everything.beneficiaries
    assert nothing.beneficiaries == nothing.enrolments == 0


async def test_a_programme_shows_whom_it_reaches(country: WebCountry) -> None:
    async with country.services() as services:
        seen = await one_programme(services.database, Kept(), ALL, "CASH", people_web.NOW)
    assert seen.current == sum(count for status, count in seen.statuses if status in (1, 5, 6, 7))
    # Each household has two members.
    assert seen.people == seen.current * 2
    assert seen.deliveries


@pytest.mark.parametrize("code", ["CASH", "NONE"])
async def test_a_programme_out_of_reach_is_like_none_at_all(country: WebCountry, code: str) -> None:
    async with country.services() as services:
        with pytest.raises(NotFound) as refused:
            await one_programme(services.database, Kept(), PENSION, code, people_web.NOW)
    assert refused.value.code == "programme.unknown"


async def test_all_records_of_a_person_are_shown(country: WebCountry) -> None:
    found = await look_up(country, ALL)
    assert {each.programme.code for each in found.records} == {"OAP", "WORK", "CASH"}
    pension = next(each for each in found.records if each.programme.code == "OAP")
    assert pension.person is not None
    assert pension.person.name.startswith("አበበ")
    assert pension.birth_precision == 2
    assert pension.benefits
    assert pension.changes


async def test_a_household_number_finds_the_household(country: WebCountry) -> None:
    found = await look_up(country, ALL, Subject("HOUSEHOLD_ID", people_web.KNOWN_HOUSEHOLD))
    assert [each.role for each in found.records] == [1]
    assert len(found.records[0].members) == 2


async def test_another_member_is_shown_as_that_member(country: WebCountry) -> None:
    found = await look_up(country, ALL, Subject("UIN", f"{people_web.KNOWN_UIN}C"))
    assert [each.role for each in found.records] == [2]
    record = found.records[0]
    assert record.birth_date is not None
    assert record.birth_date.year == 2016
    assert record.sex == "female"


async def test_records_out_of_reach_stay_hidden(country: WebCountry) -> None:
    found = await look_up(country, PENSION)
    assert {each.programme.code for each in found.records} == {"OAP"}


async def test_who_asked_hides_the_answer_of_programmes_out_of_reach(country: WebCountry) -> None:
    partner = Asker(
        kind="partner",
        id=1,
        name="National Payments MIS",
        purpose=Purpose("enrolment_check", "for cash"),
        ask=frozenset({3}),
    )
    async with country.services() as services:
        index = services.blind_index.of(KNOWN.kind, KNOWN.value)
        async with services.database.transaction({3}) as connection:
            await record_question(
                connection,
                partner,
                question="enrolled",
                subjects=[index],
                programme_id=3,
                answer="yes",
                message_key=None,
                at=people_web.NOW - timedelta(days=1),
            )
    own = await look_up(country, PENSION)
    everything = await look_up(country, ALL)
    hidden = next(each for each in own.asked if each.asker_kind == "partner")
    shown = next(each for each in everything.asked if each.asker_kind == "partner")
    assert (hidden.programme_id, hidden.answer, hidden.purpose_text) == (None, "", None)
    assert (shown.programme_id, shown.answer) == (3, "yes")


async def test_every_look_up_is_in_the_ledger_even_when_it_finds_nobody(
    country: WebCountry,
) -> None:
    before = await country.read("select count(*) as n from question_asked")
    found = await look_up(country, ALL, Subject("UIN", "NOBODY-1"))
    after = await country.read(
        "select answer from question_asked order by asked_at desc, question_id"
    )
    assert found.records == []
    assert found.asked == []
    assert len(after) == before[0]["n"] + 1
    assert "none" in {row["answer"] for row in after}


@pytest.mark.parametrize(
    "asker",
    [
        officer("analyst", {1, 2, 3, 4, 5}),
        officer("auditor", {1, 2, 3, 4, 5}, "complaint"),
        officer("help_desk", {1, 2, 3, 4, 5}, "audit"),
        officer("programme_officer", {1, 2, 3, 4, 5}, "curiosity"),
    ],
)
async def test_a_look_up_without_right_or_purpose_is_refused(
    country: WebCountry, asker: Asker
) -> None:
    with pytest.raises(NotAllowed):
        await look_up(country, asker)


async def test_without_a_ledger_row_there_is_no_answer(
    country: WebCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr("ibr.questions.person_record.record_question", broken)
    with pytest.raises(RuntimeError):
        await look_up(country, ALL)


async def test_deliveries_are_narrowed_and_paged(country: WebCountry) -> None:
    async with country.services() as services:
        everything = await deliveries(services.database, ALL, DeliveryFilter(), 1)
        second = await deliveries(services.database, ALL, DeliveryFilter(), 99)
        own = await deliveries(services.database, PENSION, DeliveryFilter(), 1)
        bad = await deliveries(services.database, ALL, DeliveryFilter(with_refusals=True), 1)
    assert (everything.total, everything.pages, second.page) == (38, 2, 2)
    assert len(everything.deliveries) == 25
    assert own.total == 8
    assert all(each.refused for each in bad.deliveries)


async def test_one_delivery_shows_its_refused_records(country: WebCountry) -> None:
    async with country.services() as services:
        seen = await one_delivery(services.database, ALL, 8, 1)
        with pytest.raises(NotFound):
            await one_delivery(
                services.database, msgspec.structs.replace(ALL, ask=frozenset({2})), 8, 1
            )
    assert len(seen.refused) == seen.delivery.refused == 4
    assert seen.refused[0].field == "enrollment_date"
    assert seen.refused_codes == [("enrolment_date.missing", 4)]


async def test_deliveries_need_their_right(country: WebCountry) -> None:
    async with country.services() as services:
        with pytest.raises(NotAllowed):
            await deliveries(services.database, officer("help_desk", {1}), DeliveryFilter(), 1)
