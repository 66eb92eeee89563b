"""Numbers as they are compared: blind, without their dress, one slip apart, never a filler."""

from __future__ import annotations

import pytest

from ibr.identity.features.numbers import ACCOUNT, EMAIL, PHONE, comparable, number_of
from ibr.identity.features.ties import read_number, ties_of
from ibr.identity.model import Number
from ibr.protection.blind_index import BlindIndex

INDEX = BlindIndex(b"k" * 32)


def one_slip_apart(one: str, other: str) -> bool:
    low, high = (number_of("UIN", each, INDEX) for each in (one, other))
    return low.token != high.token and bool(set(low.near) & set(high.near))


@pytest.mark.parametrize(
    "mistyped",
    ["8479516321", "8479576342", "847951632", "84795516322", "8475916322", "9479516322"],
    ids=["wrong", "two wrong", "missing", "additional", "swapped", "first"],
)
def test_one_slip_is_seen_and_two_are_not(mistyped: str) -> None:
    assert one_slip_apart("8479516322", mistyped) == (mistyped != "8479576342")


def test_the_same_number_is_not_a_slip() -> None:
    assert not one_slip_apart("8479516322", "8479516322")


def test_equal_numbers_of_two_kinds_never_meet() -> None:
    uin, nid = (number_of(kind, "8479516322", INDEX) for kind in ("UIN", "NID"))
    assert not {uin.token, *uin.near} & {nid.token, *nid.near}


def test_another_key_gives_other_hashes() -> None:
    other = number_of("UIN", "8479516322", BlindIndex(b"o" * 32))
    mine = number_of("UIN", "8479516322", INDEX)
    assert not {mine.token, *mine.near} & {other.token, *other.near}


def test_two_domains_never_meet() -> None:
    assert INDEX.linkage("one", ["8479516322"]) != INDEX.linkage("other", ["8479516322"])
    assert INDEX.linkage("one", []) == []


def test_the_hash_of_linkage_tells_nothing_of_the_index() -> None:
    token = number_of("UIN", "8479516322", INDEX).token
    assert token.to_bytes(8, "big", signed=True) != INDEX.of("UIN", "8479516322")[:8]


def test_tokens_are_signed_and_of_64_bits() -> None:
    tokens = [number_of("UIN", f"84795{each:05}", INDEX).token for each in range(200)]
    assert min(tokens) < 0 < max(tokens)
    assert all(-(2**63) <= token < 2**63 for token in tokens)


SAME_NUMBER = [
    ("NID", "12/345-679", "12345679"),
    ("UIN", "84 79 51 6322", "8479516322"),
    ("PASSPORT", "ab-123456", "AB123456"),
    (PHONE, "+251 91 123 4567", "0911234567"),
    (PHONE, "00251911234567", "911234567"),
    (ACCOUNT, "XT12 3456 7890", "xt1234567890"),
    (EMAIL, " Awa@Example.org", "awa@example.org"),
]


@pytest.mark.parametrize(("kind", "one", "other"), SAME_NUMBER)
def test_one_number_however_it_is_written(kind: str, one: str, other: str) -> None:
    assert comparable(kind, one) == comparable(kind, other) != ""


NOBODYS = [
    ("UIN", "0000000000"), ("UIN", "NONE"), ("UIN", "1234567890"), ("UIN", "987654"), ("UIN", "12"),
    ("UIN", ""), ("UIN", "  "), ("UIN", "n/a"), ("UIN", "unknown"), (PHONE, "999999999"),
    (PHONE, "123456789"), (PHONE, "123"), (PHONE, "no phone"), (EMAIL, "none"),
    (ACCOUNT, "0000 0000"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), NOBODYS)
def test_what_forms_are_filled_with_is_nobodys_number(kind: str, value: str) -> None:
    assert comparable(kind, value) == ""
    assert read_number(kind, value, INDEX) is None


def test_a_short_or_long_number_has_no_neighbours() -> None:
    assert number_of("NID", "4711", INDEX).near == ()
    assert number_of("NID", "A" + "47" * 15, INDEX).near == ()


def test_the_kept_index_is_the_one_that_the_registry_finds_a_record_by() -> None:
    read = read_number("national-id", "ab/12 34", INDEX)
    assert read is not None
    assert (read.kind, read.blind_index) == ("NATIONAL_ID", INDEX.of("NATIONAL_ID", "AB/1234"))
    assert read.compared == "NID"


def test_a_number_that_cannot_be_read_is_left_out() -> None:
    assert read_number("a type with ß", "8479516322", INDEX) is None
    assert read_number("UIN", "8479516322\u0661", INDEX) is None


def related(kind: object, **person: object) -> dict[str, object]:
    return {"related_person": [{"relationship_type": kind, "related_member": person}]}


def an_identifier(value: str) -> list[dict[str, str]]:
    return [{"identifier_type": "UIN", "identifier_value": value}]


def test_a_payees_number_stands_beside_whom_they_are_paid_for() -> None:
    ties = ties_of(related("payee", identifier=an_identifier("8479516322")), INDEX)
    assert {(each.kind, each.tie) for each in ties} == {("UIN", "PAYEE")}
    (tie,) = ties
    assert tie.blind_index == INDEX.of("UIN", "8479516322")


def test_a_member_stub_is_read_like_a_person() -> None:
    stub = related(
        "MTH",
        member_identifier=an_identifier("8479516322"),
        demographic_info={"phone_number": ["+251911234567"]},
    )
    assert {(each.kind, each.tie) for each in ties_of(stub, INDEX)} == {
        ("UIN", "MTH"),
        (PHONE, "MTH"),
    }


def test_oneself_is_no_tie() -> None:
    assert ties_of(related("SELF", identifier=an_identifier("8479516322")), INDEX) == set()


STRANGE = [
    {"related_person": [{"relationship_type": "MTH"}]},
    {"related_person": [{"relationship_type": "MTH", "related_member": "8479516322"}]},
    {"related_person": ["8479516322"]},
    {"related_person": [{"related_member": {"identifier": "8479516322"}}]},
    {"related_person": [{"related_member": {"identifier": [{"identifier_type": 7}]}}]},
    {},
]


@pytest.mark.parametrize("member", STRANGE)
def test_a_tie_without_a_number_is_none(member: dict[str, object]) -> None:
    assert ties_of(member, INDEX) == set()


@pytest.mark.parametrize("kind", [None, 7, "a\nb", "é", "X" * 50])
def test_a_relationship_that_is_no_code_is_other(kind: object) -> None:
    (tie,) = ties_of(related(kind, identifier=an_identifier("8479516322")), INDEX)
    assert tie.tie == "OTHER"


def test_no_clear_number_is_left_in_what_is_compared() -> None:
    number = number_of("UIN", "8479516322", INDEX)
    assert isinstance(number, Number)
    assert "8479516322" not in repr(number)
