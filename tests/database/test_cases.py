"""Cases on a real database: opened from findings, worked on by several, ended by the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood
from ibr.overlaps.cases.desk.look import Wanted, cases, notices, tick_off
from ibr.overlaps.cases.desk.one_case import ANOTHER, one_case
from ibr.overlaps.cases.terms import set_terms, terms_of
from ibr.overlaps.cases.work import assign_many, take_back
from tests import people_web
from tests.cases_web import (
    SEALER,
    TERMS,
    a_finding,
    as_app,
    does,
    emptied,
    kept,
    officer,
    owner,
    the_case,
)
from tests.web_country import WebCountry, filled

NOW = people_web.NOW
OMAR, PIA = "officer@example.org", "pension@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def empty(country: WebCountry) -> None:
    asyncio.run(emptied(country))


class KilledError(Exception):
    """Stands for a process that is gone."""


async def test_a_finding_becomes_a_case_once(country: WebCountry) -> None:
    await a_finding(country.dsn, 1)
    first, again = await kept(country.dsn), await kept(country.dsn)
    assert (first.gathered, again.gathered) == (1, 0)
    case = await the_case(country.dsn)
    assert (case.state, case.checks, case.money_minor) == ("triage", ["K06"], 400_000)
    assert case.birth_year is not None
    assert case.region_code is not None
    [step] = await country.read("select action, actor_kind from case_step")
    assert dict(step) == {"action": "open", "actor_kind": "registry"}


async def test_findings_about_the_same_are_one_case_and_later_ones_join_it(
    country: WebCountry,
) -> None:
    await a_finding(country.dsn, 1)
    await a_finding(country.dsn, 1, check_code="K01", severity=3, other_programme=None)
    await a_finding(country.dsn, 2)
    await kept(country.dsn)
    assert len(await country.read("select from overlap_case")) == 2
    await a_finding(country.dsn, 2, check_code="K09", severity=3)
    await kept(country.dsn)
    case = await the_case(country.dsn)
    assert len(await country.read("select from overlap_case")) == 2
    assert (case.checks, case.severity, case.step_no) == (["K06", "K09"], 3, 2)


async def test_who_is_exempt_becomes_no_case(country: WebCountry) -> None:
    await a_finding(country.dsn, 1)
    connection = await owner(country.dsn)
    await connection.execute(
        "insert into check_exemption (check_code, same_as, reason, valid_from, entered_by, "
        "entered_at) values ('K06', 'K06-1', 'by law', '2026-01-01', 'x', now())"
    )
    await connection.close()
    assert (await kept(country.dsn)).exempt == 1
    assert await country.read("select from overlap_case") == []
    [row] = await country.read("select closed_reason from finding")
    assert row["closed_reason"] == "exempt"


@pytest.mark.parametrize("check", ["K18", "K20", "K23", "K24"])
async def test_who_may_be_missing_out_is_nobodys_case(country: WebCountry, check: str) -> None:
    await a_finding(country.dsn, 1, check_code=check)
    assert (await kept(country.dsn)).gathered == 0


async def test_a_finding_that_goes_away_closes_what_is_undecided(country: WebCountry) -> None:
    await a_finding(country.dsn, 1)
    await kept(country.dsn)
    await _gone(country)
    assert (await kept(country.dsn)).gone == 1
    case = await the_case(country.dsn)
    assert (case.state, case.closed_why) == ("closed", "finding_gone")


async def test_a_finding_that_goes_away_is_a_note_once_it_is_proposed(country: WebCountry) -> None:
    await a_finding(country.dsn, 1)
    await kept(country.dsn)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "assign", officer_id=omar.id)
    await does(country.dsn, omar, "propose", reason="evidence_clear", outcome="not_confirmed")
    await _gone(country)
    first, again = await kept(country.dsn), await kept(country.dsn)
    assert (first.gone, first.noted, again.noted) == (0, 1, 0)
    assert (await the_case(country.dsn)).state == "proposed"


async def _gone(country: WebCountry) -> None:
    connection = await owner(country.dsn)
    await connection.execute(
        "update finding set closed_at = now(), closed_reason = 'no_longer_found'"
    )
    await connection.close()


async def _assigned(country: WebCountry) -> None:
    await a_finding(country.dsn, 1)
    await kept(country.dsn)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "assign", officer_id=omar.id)


async def test_two_officers_at_once_the_second_is_told(country: WebCountry) -> None:
    await _assigned(country)
    case = await the_case(country.dsn)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    done = await asyncio.gather(
        does(country.dsn, omar, "note", case=case, note="first"),
        does(country.dsn, pia, "note", case=case, note="second"),
        return_exceptions=True,
    )
    [refused] = [each for each in done if isinstance(each, BaseException)]
    assert isinstance(refused, Conflict)
    assert refused.code == "case.changed"
    assert (await the_case(country.dsn)).step_no == case.step_no + 1


async def test_notes_are_sealed_and_read_again(country: WebCountry) -> None:
    await _assigned(country)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "note", note="Neighbour says <b>she</b> moved")
    [row] = await country.read("select note from case_step where action = 'note'")
    assert b"Neighbour" not in row["note"]
    case = await the_case(country.dsn)
    async with as_app(country.dsn) as database:
        seen = await one_case(database, SEALER, omar, case.case_id, NOW, TERMS)
    assert seen.steps[-1].note == "Neighbour says <b>she</b> moved"
    assert len(seen.steps[-1].evidence) == 32


async def test_a_step_is_taken_back_by_whoever_took_it(country: WebCountry) -> None:
    await _assigned(country)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    before = await the_case(country.dsn)
    case = await does(country.dsn, omar, "field_check", reason="call")
    async with as_app(country.dsn) as database:
        for asker, minutes in ((pia, 1), (omar, 11)):
            at = NOW + timedelta(minutes=minutes)
            with pytest.raises(Conflict):
                await take_back(database, asker, case.case_id, case.step_no, at=at, terms=TERMS)
        at = NOW + timedelta(minutes=9)
        await take_back(database, omar, case.case_id, case.step_no, at=at, terms=TERMS)
    after = await the_case(country.dsn)
    assert (after.state, after.due_at, after.since) == (before.state, before.due_at, before.since)
    assert after.step_no == case.step_no + 1


async def test_a_case_out_of_reach_is_not_there(country: WebCountry) -> None:
    await a_finding(country.dsn, 1, programme="CASH", other_programme=None)
    await kept(country.dsn)
    pia, omar = await officer(country.dsn, PIA), await officer(country.dsn, OMAR)
    case = await the_case(country.dsn)
    async with as_app(country.dsn) as database:
        with pytest.raises(NotFound):
            await one_case(database, SEALER, pia, case.case_id, NOW, TERMS)
        assert (await cases(database, pia, Wanted(), 1, NOW)).lines == []
        assert len((await cases(database, omar, Wanted(), 1, NOW)).lines) == 1
    with pytest.raises(NotFound):
        await does(country.dsn, pia, "assign", officer_id=pia.id)


async def test_an_auditor_reads_and_an_analyst_does_not(country: WebCountry) -> None:
    await _assigned(country)
    case = await the_case(country.dsn)
    auditor = await officer(country.dsn, "auditor@example.org")
    analyst = await officer(country.dsn, "analyst@example.org")
    async with as_app(country.dsn) as database:
        seen = await one_case(database, SEALER, auditor, case.case_id, NOW, TERMS)
        with pytest.raises(NotAllowed):
            await one_case(database, SEALER, analyst, case.case_id, NOW, TERMS)
    assert seen.possible == []
    with pytest.raises(NotAllowed):
        await does(country.dsn, auditor, "note", note="mine")


async def test_each_look_at_a_case_is_in_the_ledger_and_a_list_is_not(country: WebCountry) -> None:
    await _assigned(country)
    case = await the_case(country.dsn)
    omar = await officer(country.dsn, OMAR)
    async with as_app(country.dsn) as database:
        await cases(database, omar, Wanted(), 1, NOW)
        assert await country.read("select from question_asked") == []
        seen = await one_case(database, SEALER, omar, case.case_id, NOW, TERMS)
    assert seen.people
    rows = await country.read("select question, purpose_code, purpose_text from question_asked")
    assert [dict(row) for row in rows] == [
        {"question": "case", "purpose_code": "case_work", "purpose_text": f"case {case.case_id}"}
    ]


async def test_an_auditors_look_is_an_audit(country: WebCountry) -> None:
    await _assigned(country)
    case = await the_case(country.dsn)
    auditor = await officer(country.dsn, "auditor@example.org")
    async with as_app(country.dsn) as database:
        await one_case(database, SEALER, auditor, case.case_id, NOW, TERMS)
    [row] = await country.read("select purpose_code from question_asked")
    assert row["purpose_code"] == "audit"


async def test_of_another_programme_only_that_there_is_one(country: WebCountry) -> None:
    await _assigned(country)
    case = await the_case(country.dsn)
    pia, omar = await officer(country.dsn, PIA), await officer(country.dsn, OMAR)
    async with as_app(country.dsn) as database:
        hers = await one_case(database, SEALER, pia, case.case_id, NOW, TERMS)
        his = await one_case(database, SEALER, omar, case.case_id, NOW, TERMS)
    assert (hers.others, hers.unnamed, hers.findings[0].facts["other"]) == ([], 1, ANOTHER)
    assert [each.code for each in his.others] == ["WORK"]
    assert his.findings[0].facts["other"] == "WORK"


async def test_where_two_claim_one_child_no_place_is_shown(country: WebCountry) -> None:
    facts = {"programme": "OAP", "other": "WORK", "district": "D-SECRET", "months": []}
    await a_finding(country.dsn, 1, check_code="K05", facts=facts)
    await a_finding(country.dsn, 2, check_code="K06", facts=facts)
    await kept(country.dsn)
    omar = await officer(country.dsn, OMAR)
    shown = []
    for row in await country.read("select case_id from overlap_case order by checks"):
        async with as_app(country.dsn) as database:
            seen = await one_case(database, SEALER, omar, row["case_id"], NOW, TERMS)
        shown.append("district" in seen.findings[0].facts)
    assert shown == [False, True]


async def test_the_other_programme_is_told_that_there_is_a_case_and_of_nobody(
    country: WebCountry,
) -> None:
    await _assigned(country)
    assert (await kept(country.dsn)).told == 0
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    async with as_app(country.dsn) as database:
        told = await notices(database, omar)
        assert (await notices(database, pia)).notices == []
        [notice] = told.notices
        assert await tick_off(database, pia, [notice.notice_no], NOW) == 0
        assert await tick_off(database, omar, [notice.notice_no], NOW) == 1
        assert (await notices(database, omar)).notices == []
    assert notice.what == "opened"
    columns = {
        row["column_name"]
        for row in await country.read(
            "select column_name from information_schema.columns where table_name = 'case_notice'"
        )
    }
    assert not columns & {"person_id", "record_id", "facts", "area_code"}


async def test_many_are_assigned_and_those_worked_on_meanwhile_are_left(
    country: WebCountry,
) -> None:
    for number in range(1, 6):
        await a_finding(country.dsn, number)
    await kept(country.dsn)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    rows = await country.read("select case_id, step_no from overlap_case")
    chosen = [(row["case_id"], row["step_no"]) for row in rows]
    await does(country.dsn, omar, "note", note="mine")
    async with as_app(country.dsn) as database:
        done = await assign_many(database, omar, chosen, pia.id, at=NOW, terms=TERMS)
        with pytest.raises(NotUnderstood):
            await assign_many(
                database, omar, [(n, 1) for n in range(501)], None, at=NOW, terms=TERMS
            )
    assert done == (4, 1)


async def test_nobody_is_assigned_who_does_not_work_there(country: WebCountry) -> None:
    await a_finding(country.dsn, 1, programme="CASH")
    await kept(country.dsn)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    analyst = await officer(country.dsn, "analyst@example.org")
    for stranger in (pia, analyst):
        with pytest.raises(NotUnderstood):
            await does(country.dsn, omar, "assign", officer_id=stranger.id)
    assert (await does(country.dsn, omar, "assign", officer_id=omar.id)).state == "assigned"


async def test_a_hold_ends_by_the_clock_with_and_without_a_worker(country: WebCountry) -> None:
    await _assigned(country)
    omar = await officer(country.dsn, OMAR)
    case = await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=14)
    over = NOW + timedelta(days=14)
    assert case.on_hold(over - timedelta(seconds=1))
    assert not case.on_hold(over)
    assert (await kept(country.dsn, over - timedelta(seconds=1))).released == 0
    assert (await kept(country.dsn, over + timedelta(days=3))).released == 1
    assert (await the_case(country.dsn)).hold_ended_at == over


async def test_the_release_survives_a_worker_that_is_killed_in_the_middle(
    country: WebCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _assigned(country)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=1)
    over = NOW + timedelta(days=2)

    async def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        # After the release was written and before it is committed.
        patched.setattr("ibr.overlaps.cases.opening.keep.record_events", killed)
        with pytest.raises(KilledError):
            await kept(country.dsn, over)
    assert (await the_case(country.dsn)).hold_ended_at is None
    assert not (await the_case(country.dsn)).on_hold(over)
    assert (await kept(country.dsn, over)).released == 1
    steps = await country.read("select from case_step where action = 'hold_over'")
    assert len(steps) == 1


async def test_a_person_is_not_held_again_by_another_case(country: WebCountry) -> None:
    await _assigned(country)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=5)
    await does(country.dsn, pia, "withdraw", reason="mistake")
    await kept(country.dsn, NOW + timedelta(days=1))
    await a_finding(country.dsn, 1, check_code="K01")
    await kept(country.dsn, NOW + timedelta(days=1))
    await does(country.dsn, omar, "assign", officer_id=omar.id, at=NOW + timedelta(days=1))
    with pytest.raises(Conflict) as refused:
        await does(
            country.dsn,
            omar,
            "order_hold",
            reason="paid_twice_soon",
            days=5,
            at=NOW + timedelta(days=8),
        )
    assert refused.value.code == "case.held_before"


async def test_a_programme_may_have_shorter_holds_and_never_longer(country: WebCountry) -> None:
    connection = await owner(country.dsn)
    programme = await connection.fetchval("select programme_id from programme where code = 'OAP'")
    for days, longest in ((7, 7), (90, 14), (0, 0), (None, 14)):
        await set_terms(
            connection, "OAP", hold_days=days, information_days=None, appeal_days=60, at=NOW
        )
        own = await terms_of(connection, programme, TERMS)
        assert (own.hold_days, own.appeal_days) == (longest, 60)
    await connection.close()


async def test_a_decided_case_settles_its_findings_after_the_time_to_take_back(
    country: WebCountry,
) -> None:
    await _assigned(country)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    await does(country.dsn, omar, "propose", reason="evidence_clear", outcome="not_confirmed")
    await does(country.dsn, pia, "approve")
    assert (await kept(country.dsn, NOW + timedelta(minutes=5))).settled == 0
    assert (await kept(country.dsn, NOW + timedelta(minutes=11))).settled == 1
    [finding] = await country.read("select closed_reason from finding")
    assert finding["closed_reason"] == "decided"
    assert await country.read("select from check_exemption") == []


async def test_money_of_two_currencies_stands_side_by_side(country: WebCountry) -> None:
    for check, money, currency in (
        ("K06", 700, "KES"),
        ("K01", 900, "KES"),
        ("K09", 50_000, "AAA"),
    ):
        await a_finding(country.dsn, 1, check_code=check, money_minor=money, currency=currency)
    await a_finding(country.dsn, 1, check_code="K10", money_minor=None, currency=None)
    await kept(country.dsn)
    case = await the_case(country.dsn)
    # The largest of a currency, as two findings may be about the same money; never one sum.
    assert case.at_stake == {"KES": 900, "AAA": 50_000}
    [programme] = await country.read("select currency from programme where code = 'OAP'")
    assert (case.money_minor, case.currency) == (900, "KES")
    assert programme["currency"] == "KES"


async def test_control_a_currency_that_is_not_the_programmes_own_is_shown_alone(
    country: WebCountry,
) -> None:
    await a_finding(country.dsn, 1, money_minor=50_000, currency="AAA")
    await kept(country.dsn)
    case = await the_case(country.dsn)
    assert (case.at_stake, case.money_minor, case.currency) == ({"AAA": 50_000}, 50_000, "AAA")


TOUCHED = """
    select md5(string_agg(t::text, '|' order by t::text)) as digest
    from (select {0}::text as t from {0}) as whole
"""
NEVER = ("enrolment", "benefit", "enrolled_index", "beneficiary_record", "status_change")


async def _digests(country: WebCountry) -> list[str]:
    return [(await country.read(TOUCHED.format(table)))[0]["digest"] for table in NEVER]


async def test_no_case_changes_an_enrolment_a_payment_or_an_answer(country: WebCountry) -> None:
    before = await _digests(country)
    await _assigned(country)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=5)
    await does(country.dsn, omar, "propose", reason="evidence_clear", outcome="fraud_suspicion")
    await does(country.dsn, pia, "approve")
    await kept(country.dsn, NOW + timedelta(days=30))
    assert await _digests(country) == before


async def test_control_a_changed_enrolment_would_be_seen(country: WebCountry) -> None:
    before = await _digests(country)
    connection = await owner(country.dsn)
    for change in ("+ 1", "- 1"):
        await connection.execute(
            f"update enrolment set benefit_count = benefit_count {change} where record_id = "
            "(select min(record_id) from enrolment)"
        )
        assert (await _digests(country) == before) == (change == "- 1")
    await connection.close()
