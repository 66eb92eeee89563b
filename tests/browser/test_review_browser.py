"""Hundreds of pairs by keyboard, without JavaScript, on a phone, in French and in the dark."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ibr.identity.model import Pair
from tests import people_web
from tests.review_web import STEFAN, STELLA, STEN, Told, a_pair, address_of, begin
from tests.web_country import WebCountry

NewPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
PERSON = 4712
WHOLE = f"/review/persons/{PERSON}"
HOUSEHOLD = [("Juma", "2015-02-01", "SON"), ("Neema", "2018", "DAU")]


def on_the_side(work: Coroutine[Any, Any, Any]) -> Any:
    """Playwright keeps an event loop running in this thread."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return found[0] if found else None


@pytest.fixture(scope="module")
def begun(country: WebCountry) -> None:
    on_the_side(begin(country))


@pytest.fixture
def pairs(country: WebCountry, begun: None) -> list[Pair]:
    """Three pairs, the one with the most money first, and nothing else."""

    async def made() -> list[Pair]:
        for table in ("link_pair", "link_decision", "review_lease", "review_second",
                      "review_set_aside"):  # fmt: skip
            await country.read(f"delete from {table}")
        await country.read(f"delete from person_member where person_id = {PERSON}")
        arabic = Told(given="أمينة", family="الحسن", household=HOUSEHOLD, uin="19928847731")
        latin = Told(programme="OAP", given="Aminah", birth="1990", village="Kilimani")
        found = [
            await a_pair(country, arabic, latin, money=900_000),
            await a_pair(country, money=500_000),
            await a_pair(country, money=100_000, why="conflict"),
        ]
        await country.read(
            "insert into person_member select record_id, appearance_no, programme_id, "
            f"{PERSON}, now(), 1 from appearance "
            f"where record_id in ({found[0][0].record_id}, {found[0][1].record_id})"
        )
        return found

    found: list[Pair] = on_the_side(made())
    return found


def opened(new_page: NewPage, path: str, email: str = STELLA, **options: Any) -> Page:
    page = new_page(**options)
    page.goto("/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(people_web.PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/review")
    page.goto(path)
    return page


def answers(country: WebCountry) -> list[tuple[str, str]]:
    rows = on_the_side(
        country.read("select decision, reason_code from link_decision order by decision_no")
    )
    return [(row["decision"], row["reason_code"]) for row in rows]


def test_pairs_are_decided_by_keyboard_alone(
    new_page: NewPage, country: WebCountry, pairs: list[Pair]
) -> None:
    page = opened(new_page, "/review")
    page.keyboard.press("n")
    page.wait_for_url(f"**{address_of(pairs[0])}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Are these one person?")
    page.keyboard.press("1")
    expect(page.get_by_role("group", name="Why the same")).to_be_visible()
    expect(page.get_by_role("group", name="Why different")).to_be_hidden()
    page.keyboard.press("2")
    expect(page.get_by_label("Names and birth date agree")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address_of(pairs[1])}?*")
    expect(page.get_by_role("status")).to_contain_text("Same person")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address_of(pairs[2])}?*")
    assert answers(country) == [("same", "same_details"), ("different", "twins")]


def test_the_last_answer_is_taken_back_and_a_pair_passed_over_by_keyboard(
    new_page: NewPage, country: WebCountry, pairs: list[Pair]
) -> None:
    page = opened(new_page, address_of(pairs[0]))
    for key in ("3", "1", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"**{address_of(pairs[1])}?*")
    page.keyboard.press("u")
    page.wait_for_url(f"**{address_of(pairs[0])}?back=yes")
    expect(page.get_by_role("status")).to_contain_text("taken back")
    page.keyboard.press("n")
    page.wait_for_url(f"**{address_of(pairs[1])}")
    assert answers(country) == [("unsure", "too_little_known"), ("withdrawn", "taken_back")]


def test_keys_are_letters_in_a_note_and_can_be_switched_off(
    new_page: NewPage, country: WebCountry, pairs: list[Pair]
) -> None:
    page = opened(new_page, address_of(pairs[0]))
    page.get_by_label("A note for colleagues").fill("")
    page.get_by_label("A note for colleagues").press_sequentially("1 nu?r")
    expect(page.get_by_label("A note for colleagues")).to_have_value("1 nu?r")
    expect(page.locator("input[name=decision]:checked")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_text("Begin the answer anew")).to_be_visible()
    page.get_by_role("button", name="Switch the keys off").click()
    page.keyboard.press("1")
    page.reload()
    page.keyboard.press("1")
    expect(page.locator("input[name=decision]:checked")).to_have_count(0)
    assert answers(country) == []


def test_everything_is_done_without_javascript(
    new_page: NewPage, country: WebCountry, pairs: list[Pair]
) -> None:
    page = opened(new_page, "/review", java_script_enabled=False)
    page.get_by_role("button", name="Look at the next pair").click()
    page.get_by_label("Different people").check()
    page.get_by_label("Same name, but somebody else").check()
    page.get_by_role("button", name="Store and go on").click()
    expect(page.get_by_text("Your last answer was stored")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Your answer was taken back")).to_be_visible()
    page.get_by_role("button", name="Store and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose an answer")
    assert answers(country) == [("different", "namesake"), ("withdrawn", "taken_back")]


def test_what_is_missing_is_told_beside_its_field(new_page: NewPage, pairs: list[Pair]) -> None:
    page = opened(new_page, address_of(pairs[0]))
    page.keyboard.press("1")
    page.get_by_role("button", name="Store and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a reason")
    expect(page.get_by_label("Same person")).to_be_checked()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#reasons")).to_be_focused()


def test_a_filter_works_at_once_and_stays(new_page: NewPage, pairs: list[Pair]) -> None:
    page = opened(new_page, "/review")
    page.get_by_label("Why it is here").select_option("conflict")
    page.wait_for_url("**/review?*reason=conflict*")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Look at the next pair").click()
    page.wait_for_url(f"**{address_of(pairs[2])}?reason=conflict")


@pytest.mark.parametrize(("email", "number"), [(STELLA, 0), (STEFAN, 1), (STEN, 2)])
def test_no_page_breaks_the_policy_and_everything_has_a_name(
    new_page: NewPage, pairs: list[Pair], email: str, number: int
) -> None:
    page = opened(new_page, "/review", email)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/review", address_of(pairs[number]), WHOLE, "/review/quality"):
        page.goto(path)
        page.wait_for_load_state("load")
        nameless = page.evaluate(
            """() => [
              ...[...document.querySelectorAll('svg:not([aria-hidden])')]
                .filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))),
              ...[...document.querySelectorAll('table')].filter(e => !e.caption),
              ...[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
                .filter(e => !e.labels.length),
              ...[...document.querySelectorAll('[id]')]
                .filter(e => document.querySelectorAll('#' + CSS.escape(e.id)).length > 1),
            ].map(e => e.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
        assert page.locator("h1").count() == 1
    assert said == []


@pytest.mark.parametrize("size", [PHONE, NARROW])
@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_a_phone_never_scrolls_sideways(
    new_page: NewPage, pairs: list[Pair], size: dict[str, int], language: str
) -> None:
    page = opened(new_page, "/review", viewport=size, locale=language)
    for path in ("/review", address_of(pairs[0]), WHOLE, "/review/quality"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_pages_speak_french_and_turn_round(new_page: NewPage, pairs: list[Pair]) -> None:
    page = opened(new_page, address_of(pairs[0]), locale="fr-FR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Est-ce une même personne ?")
    page.goto("/language/ar-XB")
    page.goto(address_of(pairs[0]))
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_record_is_parted_and_taken_back_without_javascript(
    new_page: NewPage, pairs: list[Pair], country: WebCountry
) -> None:
    page = opened(new_page, WHOLE, java_script_enabled=False)
    page.get_by_label("Which record is somebody else's").select_option(index=1)
    page.get_by_role("button", name="Part this record").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose why these are two people.")
    page.get_by_label("Why these are two people").select_option("twins")
    page.get_by_role("button", name="Part this record").click()
    expect(page.get_by_role("status")).to_contain_text("The record was parted.")
    assert answers(country) == [("different", "twins")]
    page.get_by_role("button", name="Take it back").first.click()
    expect(page.get_by_role("status")).to_contain_text("Your parting was taken back.")
    assert answers(country) == [("different", "twins"), ("withdrawn", "taken_back")]
