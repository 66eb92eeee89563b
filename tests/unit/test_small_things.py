"""Limits, code lists, settings, periods, headers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ibr.access.limits import RequestLimit
from ibr.access.scopes import SCOPES, read_scopes
from ibr.access.secrets import hash_secret, secret_fits
from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.errors import NotUnderstood, TooMuch
from ibr.interop.dci.messages.header import read_count, read_header, read_locale
from ibr.periods import Month, month_of, read_month
from ibr.settings import Settings, read_settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_bucket_empties_and_fills_again() -> None:
    limit = RequestLimit(60)
    for _ in range(60):
        limit.count(1, at=0)
    with pytest.raises(TooMuch) as refused:
        limit.count(1, at=0)
    assert refused.value.retry_after == 2
    limit.count(1, at=1.1)


def test_one_partners_requests_are_not_anothers() -> None:
    limit = RequestLimit(1)
    limit.count(1, at=0)
    limit.count(2, at=0)
    with pytest.raises(TooMuch):
        limit.count(1, at=0)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1", "1"),
        (1, "1"),
        (1.0, "1"),
        ("Active", "1"),
        ("ACTIVE", "1"),
        ("enrolment_status:1", "1"),
        ("Awaiting_renewal", "7"),
        ("dead", "2"),
        (True, None),
        ("", None),
        ("-1", None),
        (-1, None),
        ("8", None),
        (1.5, None),
        ([], None),
        (None, None),
    ],
)
def test_codes_are_read_by_number_and_label(value: object, code: str | None) -> None:
    assert ENROLMENT_STATUS.read(value) == code


def test_a_label_is_there_for_every_code() -> None:
    codes = CodeList("x", {"a": "Alpha"})
    assert (codes.label("a"), codes.label("b"), codes.label(None)) == ("Alpha", "b", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "0000-01",
        "2026-1",
        "2026-1_0",
        " 2026-10",
        "２０２６-10",
        "2026-10\n",
        "2026-10-01",
        "9" * 30 + "-01",
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read_month(text)


def test_months_are_counted_on_and_back() -> None:
    assert str(read_month("2026-10").plus(3)) == "2027-01"
    assert str(Month(2026, 1).plus(-1)) == "2025-12"
    assert month_of(NOW.date()).start == NOW


def test_settings_say_which_variable_is_wrong() -> None:
    with pytest.raises(NotUnderstood, match="IBR_PORT"):
        read_settings({"IBR_PORT": "seventy"})
    assert read_settings({"IBR_PORT": "81"}).port == 81
    assert read_settings({}) == Settings()


def test_our_own_names_are_read_in_lower_case() -> None:
    assert Settings(registry_id="A.B", receiver_ids="c, ,D").own_ids == {"a.b", "c", "d"}


def test_scopes_are_read_with_dots_or_slashes() -> None:
    assert read_scopes(["registry/search"]) == ("registry.search",)
    assert read_scopes(["all"]) == tuple(SCOPES)
    with pytest.raises(NotUnderstood):
        read_scopes(["registry.everything"])


def test_a_secret_fits_its_own_hash_only() -> None:
    stored = hash_secret("right")
    assert secret_fits("right", stored)
    assert not secret_fits("wrong", stored)
    assert not secret_fits("right", None)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (1, 1),
        ("1", 1),
        (" 1 ", 1),
        (1.0, 1),
        ("", None),
        (None, None),
        (True, None),
        ("x", None),
        ("1.5", None),
        (1.5, None),
        ("9" * 5000, None),
        ("١", None),
        ([], None),
    ],
)
def test_counts_are_read_from_numbers_and_digits(value: object, count: int | None) -> None:
    assert read_count(value) == count


@pytest.mark.parametrize("locale", ["en", "ENG", "engl", "e1g", "eng\n", 5, ["eng"]])
def test_locales_are_three_letters(locale: object) -> None:
    with pytest.raises(NotUnderstood):
        read_locale(locale)


def test_no_locale_is_english() -> None:
    assert read_locale(None) == read_locale("") == read_locale("eng") == "eng"


HEADER = {
    "message_id": "m",
    "message_ts": "2026-05-31T00:00:00Z",
    "sender_id": "s",
    "total_count": 1,
    "action": "search",
}


@pytest.mark.parametrize("name", ["message_id", "sender_id", "message_ts", "total_count"])
@pytest.mark.parametrize("value", [None, "", [], {}, True, "x" * 201])
def test_a_header_lacks_nothing(name: str, value: Any) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read_header({**HEADER, name: value}, NOW)
    assert refused.value.field == f"header.{name}"


@pytest.mark.parametrize("name", ["sender_uri", "receiver_id", "meta", "version"])
def test_the_rest_of_a_header_may_be_empty(name: str) -> None:
    assert read_header({**HEADER, name: ""}, NOW).message_id == "m"
