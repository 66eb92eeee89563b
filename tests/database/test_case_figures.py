"""The figures of cases: from decisions, small counts hidden, savings only once confirmed."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.asker import Asker
from ibr.errors import NotAllowed
from ibr.overlaps.cases import money
from ibr.overlaps.cases.figures.hidden import HIDDEN, SMALL, hide
from ibr.overlaps.cases.figures.look import Figures, figures
from ibr.web.languages import ENGLISH
from ibr.web.letter_words import composer
from tests import people_web
from tests.cases_web import (
    a_finding,
    as_app,
    does,
    emptied,
    kept,
    officer,
    people_enrolled,
    the_case,
)
from tests.web_country import WebCountry, filled

NOW = people_web.NOW
OMAR, PIA, AUDITOR = "officer@example.org", "pension@example.org", "auditor@example.org"
ANALYST = "analyst@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def empty(country: WebCountry) -> None:
    asyncio.run(emptied(country))


async def seen(country: WebCountry, email: str = OMAR, days: int = 0) -> Figures:
    async with as_app(country.dsn) as database:
        return await figures(
            database, await officer(country.dsn, email), NOW + timedelta(days=days)
        )


async def decided(country: WebCountry, number: int, outcome: str, version: int = 1) -> None:
    await a_finding(country.dsn, number, check_version=version)
    await kept(country.dsn)
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    await does(country.dsn, omar, "assign", officer_id=omar.id)
    await does(country.dsn, omar, "request_information", reason="ask_person")
    await does(country.dsn, omar, "information_received", reason="answered")
    await does(country.dsn, omar, "propose", reason="evidence_clear", outcome=outcome)
    await does(country.dsn, pia, "approve")


async def test_precision_is_by_check_and_version(country: WebCountry) -> None:
    await decided(country, 1, "error_claimant")
    await decided(country, 2, "not_confirmed")
    await decided(country, 3, "error_data", version=2)
    await a_finding(country.dsn, 4)
    await kept(country.dsn)
    found = await seen(country)
    lines = {(line.which, line.version): line for line in found.checks}
    first, second = lines["K06", 1], lines["K06", 2]
    assert (first.opened, first.decided, first.confirmed, first.precision) == (3, 2, 1, 0.5)
    assert (second.opened, second.precision) == (1, 1.0)
    assert sum(line.opened for line in found.groups["sex"]) == 4
    assert sum(line.opened for line in found.groups["age"]) == 4
    assert dict(found.outcomes) == {"error_claimant": 1, "not_confirmed": 1, "error_data": 1}


async def in_effect(country: WebCountry) -> None:
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "notify", compose=composer(ENGLISH))
    await does(country.dsn, omar, "delivered", reason="by_hand", on=NOW)
    await kept(country.dsn, NOW + timedelta(days=40))


def entry(kind: str, amount: int) -> money.Entry:
    return money.Entry(
        kind=kind,
        amount_minor=amount,
        currency="KES",
        first_day=date(2026, 9, 1),
        last_day=date(2026, 10, 31),
    )


async def test_savings_are_confirmed_sums_less_what_was_given_back(country: WebCountry) -> None:
    await decided(country, 1, "error_claimant")
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    case = (await the_case(country.dsn)).case_id
    async with as_app(country.dsn) as database:
        for kind, amount in (("stopped", 1000), ("restored", 300), ("recovered", 50)):
            await money.enter(database, omar, case, entry(kind, amount), at=NOW)
    assert (await seen(country)).money == []
    rows = await country.read("select entry_no, kind from case_money")
    async with as_app(country.dsn) as database:
        for row in rows:
            if row["kind"] != "recovered":
                await money.confirm(database, pia, case, row["entry_no"], at=NOW)
    # Not in effect yet: what was given back is counted at once, what was saved is not.
    assert [each.saved for each in (await seen(country)).money] == [-300]
    await in_effect(country)
    assert [each.saved for each in (await seen(country)).money] == [700]


async def test_what_was_overturned_is_neither_confirmed_nor_saved(country: WebCountry) -> None:
    await decided(country, 1, "error_claimant")
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    case = (await the_case(country.dsn)).case_id
    async with as_app(country.dsn) as database:
        await money.enter(database, omar, case, entry("stopped", 1000), at=NOW)
    [row] = await country.read("select entry_no from case_money")
    async with as_app(country.dsn) as database:
        await money.confirm(database, pia, case, row["entry_no"], at=NOW)
    await in_effect(country)
    late = NOW + timedelta(days=41)
    await does(country.dsn, omar, "appeal", reason="late_accepted", at=late)
    third = await third_officer(country)
    await does(country.dsn, third, "uphold_appeal", reason="facts_wrong", at=late)
    found = await seen(country, days=42)
    assert (found.whole.decided, found.whole.confirmed, found.overturn_rate) == (1, 0, 1.0)
    assert found.money == []


async def third_officer(country: WebCountry) -> Asker:
    """Somebody who had no part in the decision."""
    return msgspec.structs.replace(await officer(country.dsn, OMAR), id=1)


async def test_days_on_hold_are_counted_to_the_end_of_the_hold_and_no_further(
    country: WebCountry,
) -> None:
    await a_finding(country.dsn, 1)
    await kept(country.dsn)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "assign", officer_id=omar.id)
    await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=10)
    during, after = await seen(country, days=4), await seen(country, days=30)
    assert (during.held_now, round(during.held_days or 0, 3)) == (1, 4)
    assert (after.held_now, after.held_ever, round(after.held_days or 0, 3)) == (0, 1, 10)


async def test_small_counts_are_hidden_from_an_analyst_and_not_from_an_auditor(
    country: WebCountry,
) -> None:
    for number in range(1, 4):
        await a_finding(country.dsn, number)
    await kept(country.dsn)
    hidden, shown = await seen(country, ANALYST), await seen(country, AUDITOR)
    assert hidden.whole.opened is HIDDEN
    assert all(line.opened is HIDDEN for line in hidden.groups["sex"])
    assert shown.whole.opened == 3
    async with as_app(country.dsn) as database:
        with pytest.raises(NotAllowed):
            await figures(database, await officer(country.dsn, "help@example.org"), NOW)


async def test_cases_are_held_against_the_people_enrolled(country: WebCountry) -> None:
    for number in range(1, 7):
        await a_finding(country.dsn, number)
    await kept(country.dsn)
    plain = await seen(country)
    sexes = {line.which: line.opened for line in plain.groups["sex"]}
    assert plain.counted_on is None
    assert {line.persons for line in plain.groups["sex"]} == {None}
    # Everybody of the sexes with cases, and as many again of another one that has none.
    groups = {("sex", which): 1000 for which in sexes} | {("sex", "3"): 1000 * len(sexes)}
    groups |= {("birth_year", "1950"): 600, ("birth_year", "1951"): 400, ("birth_year", ""): 7}
    await people_enrolled(country, groups)
    found = await seen(country)
    assert found.counted_on == NOW - timedelta(days=1)
    lines = {line.which: line for line in found.groups["sex"]}
    for which, cases in sexes.items():
        assert (lines[which].persons, lines[which].rate) == (1000, cases)
        assert lines[which].ratio == pytest.approx(cases / 1000 / (6 / (2000 * len(sexes))))
    assert (lines["3"].opened, lines["3"].rate, lines["3"].ratio) == (0, 0, 0)
    bands = {line.which: line.persons for line in found.groups["age"]}
    assert sum(bands.values()) == 1007
    assert bands["60"] == 1000 if NOW.year < 2030 else bands["80"] == 1000


async def test_few_enrolled_are_hidden_from_an_analyst_and_so_is_their_rate(
    country: WebCountry,
) -> None:
    for number in range(1, 7):
        await a_finding(country.dsn, number)
    await kept(country.dsn)
    sexes = [line.which for line in (await seen(country)).groups["sex"]]
    few = {("sex", which): 3 for which in sexes} | {("sex", "3"): 9, ("sex", "9"): 900}
    await people_enrolled(country, few)
    found = {line.which: line for line in (await seen(country, ANALYST)).groups["sex"]}
    assert all(found[which].persons is HIDDEN for which in sexes)
    assert all(found[which].rate is None for which in sexes)
    shown = {line.which: line for line in (await seen(country, AUDITOR)).groups["sex"]}
    assert all(shown[which].persons == 3 for which in sexes)
    assert all(shown[which].rate is not None for which in sexes)


@given(st.lists(st.integers(0, 60), max_size=12))
def test_no_hidden_count_follows_from_its_total(counts: list[int]) -> None:
    shown = hide(counts)
    hidden = [count for count, each in zip(counts, shown, strict=True) if each is HIDDEN]
    assert all(each is HIDDEN for each, n in zip(shown, counts, strict=True) if 0 < n < SMALL)
    # One hidden count beside its total would be a shown one, unless nothing could hide with it.
    assert len(hidden) != 1 or not any(count >= SMALL for count in counts)
