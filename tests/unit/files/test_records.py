"""A row as a record: what is read of it, and what is refused with the column and how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ibr.files.mapping.model import Column, Mapping
from ibr.files.records.build import Builder, Terms
from ibr.files.records.households import together
from ibr.files.records.seen import Seen
from ibr.reported.beneficiary import Refusal, Reported
from tests.conftest import scratch_folder

TERMS = Terms(
    programme_id=1,
    programme_code="P",
    as_of=datetime(2026, 11, 1, tzinfo=UTC),
    cycle_start=datetime(2026, 10, 1, tzinfo=UTC),
    currency="KES",
    benefit_type=None,
)
NUMBER = "identifier:PROGRAMME_NUMBER"


def read(cells: dict[str, str], **more: object) -> Reported | Refusal:
    """A row whose columns are named by their targets, the programme's number added."""
    cells = {NUMBER: "B1", **cells}
    columns = [Column(name, name, dates="dmy", decimal=".") for name in cells]
    mapping = Mapping(columns, **more)  # type: ignore[arg-type]
    found = Builder(mapping, list(cells), TERMS).record(0, [(7, list(cells.values()))])
    return found if isinstance(found, Refusal) else found[0]


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("birth_date", "31/02/1990", "is no date"),
        ("birth_date", "1/1/90", "four digits"),
        ("birth_date", "01/01/2030", "after"),
        ("benefit.date", "soon", "is no date"),
        ("benefit.value", "-5", "not below zero"),
        ("benefit.value", "12.345", "finer"),
        ("benefit.value", "99999999999999", "no amount"),
        ("sex", "?", "no meaning in the mapping"),
        ("status", "gone fishing", "no meaning in the mapping"),
        ("is_disabled", "perhaps", "yes or no"),
        ("group_size", "many", "whole number"),
        ("poverty_score", "low", "a number"),
        ("identifier:UIN", "1.99E+13", "rounded"),
        ("identifier:UIN", "№ 7", "may hold"),
        ("surname", "#REF!", "error of the table program"),
        ("programme", "Q", "another programme"),
        ("enrolled_on", "05/10/2028", "a year after"),
    ],
)
def test_what_cannot_be_read_names_its_column_and_never_its_value(
    column: str, cell: str, words: str
) -> None:
    refused = read({column: cell})
    assert isinstance(refused, Refusal)
    assert words in refused.reason
    assert (refused.field, refused.reference_id, refused.programme_id) == (column, "row 7", 1)
    assert cell not in refused.reason


def test_blanks_and_dashes_say_nothing() -> None:
    found = read({"sex": "", "birth_date": "-", "surname": "N/A", "benefit.value": "0.00"})
    assert isinstance(found, Reported)
    assert found.member is not None
    assert found.member.demographic_info is None
    assert found.benefits == []


def test_what_no_column_says_is_said_once_for_all() -> None:
    found = read(
        {"benefit.value": "1,500", "benefit2.value": "7"},
        constants={"benefit.currency": "USD", "benefit.type": "2", "status": "1"},
    )
    assert isinstance(found, Reported)
    assert [(each.value_minor, each.currency, each.benefit_type) for each in found.benefits] == [
        (150_000, "USD", 2),
        (700, "USD", 2),
    ]
    assert found.benefits[0].given_at == TERMS.cycle_start
    assert found.status == 1


def test_a_word_that_only_the_mapping_knows() -> None:
    mapping = Mapping([Column("No", NUMBER), Column("State", "status", codes={"OK": "1"})])
    found = Builder(mapping, ["No", "State"], TERMS).record(0, [(2, ["B1", "OK"])])
    assert not isinstance(found, Refusal)
    assert found[0].status == 1


def test_several_members_in_one_row_are_one_household() -> None:
    found = read(
        {
            "group_identifier:HOUSEHOLD": "H1",
            "given_name": "Ama",
            "member1.given_name": "Kofi",
            "member1.relationship": "Son",
            "member2.given_name": "Esi",
            "member2.birth_date": "2019",
            "member3.given_name": "",
        },
        unit=2,
    )
    assert isinstance(found, Reported)
    assert [each.is_head for each in found.facts.members] == [True, False, False]
    assert found.facts.group_size == 3


def test_rows_of_a_household_come_together_from_all_over_the_file() -> None:
    rows = [
        (number, [f"H{number % 3}" if number % 7 else "", str(number)]) for number in range(1, 60)
    ]
    groups = list(together(iter(rows), 0, scratch_folder()))
    assert sorted(row for group in groups for row in group) == sorted(rows)
    assert sorted(len(group) for group in groups)[:8] == [1] * 8
    assert len(groups) == 3 + 8
    assert groups == list(together(iter(rows), 0, scratch_folder()))


def test_a_record_that_came_before_is_known_however_long_ago() -> None:
    seen = Seen()
    assert seen.before([b"a", b"b", b"a"]) == [False, False, True]
    assert seen.before([b"c", b"b", b"c"]) == [False, True, True]
    assert seen.before([]) == []
