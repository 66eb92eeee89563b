"""Which records can be one person's, and what a statement's numbers are compared by."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ibr.subject.requests.rules import same, watched
from ibr.subject.statements.rules import canonical_number, canonical_sums, new_check_number
from ibr.subject.visits.consent import TEXTS, consent_in
from ibr.subject.visits.rules import Claim, born_on, may_be_one

AT = datetime(2026, 11, 23, tzinfo=UTC)


def claim(given: str, surname: str = "Hassan", sex: str = "female", **changed: object) -> Claim:
    values = {
        "record_id": 1,
        "role": 0,
        "name": {"given_name": given, "surname": surname},
        "sex": sex,
        "birth_date": date(1980, 5, 6),
        "birth_precision": 3,
    }
    return Claim(**values | changed)  # type: ignore[arg-type]  # a table of values


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (claim("Amina"), claim("Aminah"), True),
        (claim("Amina"), claim("أمينة", "حسن"), True),
        (claim("Amina", "Hassan"), claim("Hassan", "Amina"), True),
        (claim("Amina"), claim("", ""), True),
        (claim("Amina", sex="unknown"), claim("Amina"), True),
        (claim("Halima"), claim("Zuhura"), False),
        (claim("Amina"), claim("Amina", sex="male"), False),
    ],
)
def test_who_may_be_one_person(one: Claim, other: Claim, expected: bool) -> None:
    assert may_be_one([one, other]) is expected
    assert may_be_one([other, one]) is expected
    assert may_be_one([one])


@pytest.mark.parametrize(
    ("born", "precision", "day", "expected"),
    [
        (date(1980, 5, 6), 3, date(1980, 5, 6), True),
        (date(1980, 5, 6), 3, date(1980, 5, 7), False),
        (date(1980, 5, 1), 2, date(1980, 5, 7), True),
        (date(1980, 5, 1), 2, date(1980, 6, 1), False),
        (date(1980, 1, 1), 1, date(1980, 9, 9), True),
        (date(1980, 1, 1), 1, date(1981, 1, 1), False),
        (date(1980, 1, 1), 0, date(1980, 1, 1), False),
        (None, 3, date(1980, 1, 1), False),
    ],
)
def test_a_birth_date_is_compared_as_exactly_as_it_is_known(
    born: date | None, precision: int, day: date, expected: bool
) -> None:
    found = claim("Amina", birth_date=born, birth_precision=precision)
    assert born_on(found, day) is expected


def test_each_consent_says_which_text_it_was() -> None:
    assert {consent_in(code, "person").digest for code in TEXTS} == {
        consent_in(code, "guardian").digest for code in TEXTS
    }
    assert consent_in("sw", "person").language == "en"
    assert consent_in("fr", "person").digest != consent_in("en", "person").digest


def test_check_numbers_are_read_as_they_are_written() -> None:
    drawn = {new_check_number() for _ in range(200)}
    assert len(drawn) == 200
    for number in drawn:
        plain = canonical_number(number)
        assert plain is not None
        assert canonical_number(number.lower().replace("-", " ").replace("0", "o")) == plain
    assert canonical_number("ABCD-EFGH") is None
    assert canonical_number("!" * 20) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("KES 3,400", "3 400 KES", True),
        ("KES 3,400", "KES 3400.00", True),
        ("KES 3,400 + USD 2", "KES 3,400.00 + USD 2.00", True),
        ("KES 3,400.50", "3400,50", True),
        ("KES 3,400", "KES 34,000", False),
        ("KES 3,400", "KES 3,401", False),
    ],
)
def test_sums_are_compared_by_their_digits(one: str, other: str, expected: bool) -> None:
    assert (canonical_sums(one) == canonical_sums(other)) is expected


def test_what_is_watched_changes_with_what_was_asked() -> None:
    fields = {"name": "Amina Hassan", "sex": "female"}
    assert same("amina  HASSAN", watched("correction", "name", fields, "1 x", theirs=True))
    assert watched("correction", "phone", fields, "1 x", theirs=True) == "missing"
    assert watched("objection", "processing", fields, "1 x", theirs=True) == "1 x"
    mine = watched("objection", "not_mine", fields, "1 x", theirs=True)
    assert mine != watched("objection", "not_mine", fields, "1 x", theirs=False)
