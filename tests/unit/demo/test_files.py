"""The lists of the made-up country are read as their truth says, row by row."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest

from ibr.demo.country import Country
from ibr.demo.files import MessyFile, messy_files
from ibr.files.mapping.headers import is_total
from ibr.files.mapping.look import body_of
from ibr.files.mapping.propose import Ground
from ibr.files.records.build import Builder, Terms
from ibr.files.sending.look_at import Seen, look_at
from ibr.periods import Month
from ibr.reported.beneficiary import Refusal, Reported
from tests.conftest import scratch_folder

GROUND = Ground(1, "XTS", Month(2026, 10), date(2026, 11, 20))


@pytest.fixture(scope="module", params=["liste.csv", "payroll.xlsx"])
def made(country: Country, request: pytest.FixtureRequest) -> MessyFile:
    return next(each for each in messy_files(country, "OAP") if each.name == request.param)


@pytest.fixture(scope="module")
def seen(made: MessyFile) -> Seen:
    return look_at(io.BytesIO(made.content), scratch_folder(), GROUND, lambda _name, _word: None)


def records(seen: Seen) -> dict[int, list[Reported] | Refusal]:
    terms = Terms(
        programme_id=1,
        programme_code="OAP",
        as_of=datetime(2026, 11, 1, tzinfo=UTC),
        cycle_start=datetime(2026, 10, 1, tzinfo=UTC),
        currency="XTS",
        benefit_type=1,
    )
    builder = Builder(seen.mapping, seen.look.titles, terms)
    return {
        row[0]: builder.record(row[0], [row])
        for row in body_of(seen.reader, seen.look.heading)
        if row[1] and not is_total(row[1])
    }


def test_every_column_is_guessed_and_nothing_is_left_to_ask(seen: Seen) -> None:
    assert [column.to for column in seen.mapping.columns] == [
        "",
        "identifier:PROGRAMME_NUMBER",
        "identifier:NATIONAL_ID",
        "surname",
        "given_name",
        "sex",
        "birth_date",
        "status",
        "benefit.date",
        "benefit.value",
        "",
    ]
    assert not [each for each in seen.look.questions if each.must]
    assert seen.look.totals == 1


def test_rows_are_taken_and_refused_as_planted(made: MessyFile, seen: Seen) -> None:
    found = records(seen)
    assert sorted(found) == sorted(each.row for each in made.rows)
    refused = {row for row, each in found.items() if isinstance(each, Refusal)}
    # Who cannot be told is refused later, where records are held against each other.
    nobody = {each.row for each in made.rows if each.fault == "no_number"}
    assert refused == {each.row for each in made.rows if each.fault} - nobody
    for each in made.rows:
        read = found[each.row]
        if not each.fault:
            assert isinstance(read, list)
            numbers = [known.value for known in read[0].facts.known_as]
            assert each.number in numbers
            assert read[0].benefits[0].value_minor == 125_050
            assert all("E+" not in number for number in numbers)


def test_the_same_seed_makes_the_same_lists(country: Country) -> None:
    assert messy_files(country, "OAP") == messy_files(country, "OAP")
