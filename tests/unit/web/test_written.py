"""Numbers, money, dates and words in each language."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from ibr.web import codes
from ibr.web.answers import own_address
from ibr.web.drawn import CODE_LISTS, FOLDER, file_address
from ibr.web.languages import ENGLISH, FRENCH, RIGHT_TO_LEFT, choose, languages, words
from ibr.web.written import Written

EN, FR = Written(ENGLISH), Written(FRENCH)
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2), "say": None}


def test_counts_are_grouped_as_the_reader_does() -> None:
    assert EN.count(1234567) == "1,234,567"
    assert FR.count(1234567) == "1\u202f234\u202f567"


@pytest.mark.parametrize(
    ("minor", "currency", "english", "french"),
    [
        (501_410_000, "KES", "KES\xa05,014,100", "5\u202f014\u202f100\xa0KES"),
        (12_345, "KES", "KES\xa0123.45", "123,45\xa0KES"),
        (5_000, "JPY", "JPY\xa05,000", "5\u202f000\xa0JPY"),
        (1_234, "KWD", "KWD\xa01.234", "1,234\xa0KWD"),
    ],
)
def test_money_has_its_currency_and_no_needless_noughts(
    minor: int, currency: str, english: str, french: str
) -> None:
    assert EN.money(minor, currency) == english
    assert FR.money(minor, currency) == french


@pytest.mark.parametrize(
    ("share", "english", "french"),
    [
        (1.0, "100%", "100\xa0%"),
        (0.9981, "99.8%", "99,8\xa0%"),
        (0.99999, "99.9%", "99,9\xa0%"),
        (0.9, "90%", "90\xa0%"),
        (0.0, "0%", "0\xa0%"),
        (None, "–", "–"),
    ],
)
def test_a_share_is_rounded_down(share: float | None, english: str, french: str) -> None:
    assert (EN.percent(share), FR.percent(share)) == (english, french)


def test_currencies_are_never_added_up() -> None:
    assert EN.all_money({"USD": 100, "KES": 200}) == "KES\xa02 + USD\xa01"
    assert EN.all_money({}) == "–"


@pytest.mark.parametrize(
    ("precision", "expected"), [(0, "–"), (1, "1956"), (2, "March 1956"), (3, "1 March 1956")]
)
def test_a_birth_date_says_no_more_than_is_known(precision: int, expected: str) -> None:
    assert EN.birth(date(1956, 3, 1), precision) == expected


def test_names_fall_back_to_english_and_then_to_any() -> None:
    assert FR.name({"en": "Pension", "fr": "Rente"}) == "Rente"
    assert FR.name({"en": "Pension"}) == "Pension"
    assert FR.name({"sw": "Pensheni"}) == "Pensheni"
    assert FR.name({}, "OAP") == "OAP"


def test_codes_have_labels_in_both_languages() -> None:
    assert EN.code(CODE_LISTS["STATUS"], 1) == "Active"
    assert FR.code(CODE_LISTS["STATUS"], 1) == "Actif"
    assert FR.code(CODE_LISTS["IDENTIFIER"], "MEMBERSHIP") == "MEMBERSHIP"
    assert EN.code(CODE_LISTS["STATUS"], None) == "–"


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        ("fr", "en", "fr"),
        (None, "fr-SN,fr;q=0.9", "fr"),
        (None, "sw,de", "en"),
        (None, "", "en"),
        ("xx", "fr", "fr"),
        (None, "ar", "en"),
        (None, ";;;,,,", "en"),
    ],
)
def test_the_language_is_chosen_then_asked_for_then_usual(
    chosen: str | None, accepted: str, expected: str
) -> None:
    assert choose(languages(False), chosen, accepted, "en").code == expected


def test_production_offers_no_test_language() -> None:
    assert RIGHT_TO_LEFT not in languages(production=True)
    assert choose(languages(True), RIGHT_TO_LEFT.code, "", "en") == ENGLISH


def test_every_message_of_the_pages_is_in_french() -> None:
    french = words("fr")
    missing = []
    for found in extract_from_dir(FOLDER, METHODS, keywords=KEYWORDS):
        message = found[2][0] if isinstance(found[2], tuple) else found[2]
        many = found[2][1] if isinstance(found[2], tuple) else message
        said = (french.gettext(message), french.ngettext(message, many, 2))
        # A word may be the same in both languages; then the catalogue says so.
        if said == (message, many) and message not in _same():
            missing.append(message)
    assert missing == []


def _same() -> set[str]:
    with (FOLDER / "locale/fr/LC_MESSAGES/ibr.po").open("rb") as file:
        return {str(each.id) for each in read_po(file) if each.id == each.string}


def test_every_label_of_a_code_is_in_french() -> None:
    with (FOLDER / "locale/fr/LC_MESSAGES/ibr.po").open("rb") as file:
        known = {(each.context, each.id) for each in read_po(file)}
    missing = [
        (each.name, label)
        for each in CODE_LISTS.values()
        for label in each.labels.values()
        if (each.name, label) not in known
    ]
    assert missing == []


def test_every_purpose_and_role_has_a_label() -> None:
    assert set(codes.PURPOSE.labels) >= {"enrolment_check", "complaint", "audit"}
    assert "help_desk" in codes.LISTS["ROLE"].labels


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/deliveries", "/deliveries"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\nSet-Cookie: x", "/"),
        (None, "/"),
        ("", "/"),
        ("/" + "x" * 600, "/"),
    ],
)
def test_an_address_of_somebody_else_is_never_kept(given: str | None, kept: str) -> None:
    assert own_address(given) == kept


def test_files_of_others_are_the_ones_that_were_vendored() -> None:
    listed = (FOLDER / "static/VENDORED.md").read_text()
    digest = hashlib.sha256((FOLDER / "static/htmx.min.js").read_bytes()).hexdigest()
    assert digest in listed


def test_a_files_address_changes_with_the_file() -> None:
    assert re.fullmatch(r"/static/style\.css\?v=[0-9a-f]{12}", file_address("style.css"))


def test_no_template_has_a_script_or_style_of_its_own() -> None:
    for path in Path(FOLDER / "templates").glob("*.html"):
        text = path.read_text()
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert not re.search(r"\son[a-z]+=", text), path
        assert "| safe" not in text, path
        assert not re.search(r"https?://", text), path
