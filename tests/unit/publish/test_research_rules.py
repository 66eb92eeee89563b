"""Extracts for research: how records are made alike, and what is refused."""

from __future__ import annotations

import csv
import io
from collections import Counter
from copy import deepcopy
from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.errors import NotUnderstood
from ibr.publish.research.make import written
from ibr.publish.research.model import COULD_TELL, FEWEST_ALIKE, Person, Wanted
from ibr.publish.research.rules import household_size, make_alike, pseudonym, wanted_from


def key(person: Person) -> tuple[str, ...]:
    return tuple(person.values.get(name, "") for name in COULD_TELL)


def someone(number: int, **values: str) -> Person:
    return Person(pseudonym=f"{number:024x}", values={"programme": "OAP", **values}, region="R1")


PEOPLE = st.lists(
    st.builds(
        lambda sex, year, area, size: someone(
            0,
            sex=sex,
            birth_year=str(year) if year else "",
            area=f"R{area}-D{area}",
            household_size=size,
        ),
        st.sampled_from(["male", "female", ""]),
        st.sampled_from([0, 1931, 1958, 1990, 1991, 1992, 2010]),
        st.integers(1, 3),
        st.sampled_from(["", "1", "2", "8"]),
    ),
    max_size=120,
)


@settings(max_examples=150, deadline=None)
@given(people=PEOPLE, fewest=st.integers(2, 8))
def test_nobody_goes_out_with_fewer_alike(people: list[Person], fewest: int) -> None:
    before = deepcopy(people)
    out, coarsened = make_alike(people, fewest)
    assert all(count >= fewest for count in Counter(map(key, out)).values())
    assert len(out) <= len(before)
    assert coarsened <= len(out)
    # Whoever had enough alike from the start goes out as they were.
    large = {each for each, count in Counter(map(key, before)).items() if count >= fewest}
    kept = Counter(key(each) for each in out)
    for each in large:
        assert kept[each] >= sum(key(person) == each for person in before)


def test_the_control_without_it_somebody_stands_alone() -> None:
    people = [someone(1, sex="male", birth_year="1931")]
    people += [someone(2 + each, sex="female", birth_year="1990") for each in range(9)]
    assert min(Counter(map(key, people)).values()) == 1
    out, _ = make_alike(people)
    assert len(out) == 9


def test_a_few_of_a_district_go_out_with_their_region_alone() -> None:
    people = [someone(each, area="R1-D1") for each in range(6)]
    people += [someone(10 + each, area="R1-D2") for each in range(3)]
    people += [someone(20 + each, area="R1-D3") for each in range(2)]
    out, coarsened = make_alike(people)
    assert len(out) == 11
    assert coarsened == 5
    assert Counter(each.values["area"] for each in out) == {"R1-D1": 6, "R1": 5}


def test_a_pseudonym_is_of_one_extract_alone() -> None:
    one, other = bytes(32), bytes(range(32))
    assert pseudonym(one, 5) == pseudonym(one, 5)
    assert pseudonym(one, 5) != pseudonym(other, 5)
    assert len({pseudonym(one, number) for number in range(1000)}) == 1000


def test_large_households_are_one_size() -> None:
    assert [household_size(size) for size in (None, 1, 8, 9, 40)] == ["", "1", "8", "8", "8"]


def wanted(**changes: Any) -> Wanted:
    given = {
        "columns": ["sex", "birth_year", "paid"],
        "programmes": ["OAP"],
        "first": "2026-01",
        "last": "2026-03",
        "form": "csv",
        "purpose": "Whether the pension reaches the oldest",
        "legal_basis": "Statistics act, section 4",
        "days": "30",
    }
    return wanted_from(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"columns": []}, "columns"),
        ({"columns": ["name"]}, "columns"),
        ({"programmes": []}, "programmes"),
        ({"first": "2026-04"}, "last"),
        ({"first": "2020-01"}, "last"),
        ({"first": "January"}, "first"),
        ({"last": "2026-13"}, "last"),
        ({"form": "xlsx"}, "form"),
        ({"purpose": " "}, "purpose"),
        ({"legal_basis": "x" * 501}, "legal_basis"),
        ({"days": "0"}, "days"),
        ({"days": "91"}, "days"),
        ({"days": "٣"}, "days"),
    ],
)
def test_what_is_not_in_order_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        wanted(**changes)
    assert refused.value.field == field


def paid(number: int) -> Person:
    person = someone(number, sex="male", birth_year="1950")
    person.paid = [("2026-01", "USD", 2_000), ("2026-02", "USD", 2_000)]
    return person


def test_a_row_for_each_month_in_both_forms() -> None:
    people = [paid(1), paid(2)]
    text = written(people, wanted()).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4
    assert rows[0]["paid_minor"] == "2000"
    assert set(rows[0]) == {
        "pseudonym", "programme", "sex", "birth_year", "month", "currency", "paid_minor"
    }  # fmt: skip
    table = pq.read_table(io.BytesIO(written(people, wanted(form="parquet"))))
    assert table.num_rows == 4
    assert table.column("paid_minor").to_pylist() == [2_000] * 4
    assert str(FEWEST_ALIKE) in table.schema.metadata[b"ibr"].decode()


def test_without_money_a_row_for_each_record() -> None:
    rows = written([paid(1), paid(2)], wanted(columns=["sex"])).decode().splitlines()
    assert rows[0] == "pseudonym,programme,sex"
    assert len(rows) == 3


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    people = [someone(1, area="=cmd|'/c calc'!A1")]
    text = written(people, wanted(columns=["area"])).decode()
    assert ",'=cmd" in text
    assert ",=cmd" not in text


def test_an_extract_of_nobody_is_a_file_all_the_same() -> None:
    assert written([], wanted()).decode().count("\n") == 1
    assert pq.read_table(io.BytesIO(written([], wanted(form="parquet")))).num_rows == 0


def test_months_are_read_as_their_first_days() -> None:
    assert wanted().first_month == date(2026, 1, 1)
    assert wanted().last_month == date(2026, 3, 1)
