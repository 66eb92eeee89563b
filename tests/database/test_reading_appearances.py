"""Records read into appearances on a real database: what is written, what is not, who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import asyncpg
import pytest

from ibr.errors import Unavailable
from ibr.identity.features.keys import keys_of
from ibr.identity.model import STANDARD, Appearance
from ibr.identity.persons import helpers
from ibr.identity.persons.reading import read_appearances
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.reading.sealed import open_features
from ibr.registry.beneficiaries.model import Document
from tests.reading import START, Shelf, a_household, a_member, later

MOTHER = a_member("Amina", "H-0001-01", "8479516322", birth_date="1990-04-05")
FATHER = a_member("Omar", "H-0001-02", birth_date="1986-11-30", phone_number=["+251911234567"])
SON = a_member("Yusuf", "H-0001-03", birth_date="2015-06-01")


@pytest.fixture(scope="module")
def shelf(dsn: str) -> Iterator[Shelf]:
    shelf = Shelf(dsn)
    try:
        yield shelf
    finally:
        shelf.close()


@pytest.fixture(autouse=True)
def _empty(shelf: Shelf) -> None:
    shelf.fetch("truncate beneficiary_record, appearance, appearance_number")


def test_a_household_is_read(shelf: Shelf) -> None:
    shelf.put(1, a_household(FATHER, SON, own=MOTHER))
    outcome = shelf.read(1)
    assert (outcome.fresh, outcome.changed, outcome.gone) == (3, 0, 0)
    rows = shelf.appearances(1)
    assert sorted(rows) == [0, 1, 2]
    assert {row["member_no"] for row in rows.values()} == {-1, 0, 1}
    for number, row in rows.items():
        features = shelf.features(1, number)
        assert row["keys"] == keys_of(features, shelf.index)
        assert (row["standard"], row["programme_id"]) == (STANDARD, 1)
        assert row["read_at"] == START


def test_what_is_unchanged_is_not_written(shelf: Shelf) -> None:
    shelf.put(1, a_household(FATHER, SON, own=MOTHER))
    shelf.read(1)
    before = shelf.fetch("select xmin::text, * from appearance order by 1")
    outcome = shelf.read(1, at=later(1))
    assert (outcome.fresh, outcome.changed, outcome.gone) == (0, 0, 0)
    assert shelf.fetch("select xmin::text, * from appearance order by 1") == before


def test_a_change_bears_the_moment_of_its_reading(shelf: Shelf) -> None:
    shelf.put(1, a_household(FATHER, SON, own=MOTHER))
    shelf.read(1)
    about = {**SON["demographic_info"], "birth_date": "2014-06-01"}
    shelf.put(1, a_household({**SON, "demographic_info": about}, FATHER, own=MOTHER))
    numbers = shelf.names(1)
    assert shelf.read(1, at=later(1)).changed == 1
    assert shelf.names(1) == numbers
    moments = {name: shelf.appearances(1)[number]["read_at"] for name, number in numbers.items()}
    # The father only stands at another place in the list: nothing of him is to be weighed anew.
    assert moments == {"amina": START, "omar": START, "yusuf": later(1)}
    assert shelf.appearances(1)[numbers["omar"]]["member_no"] == 1


def test_who_left_and_comes_back_is_heard_of(shelf: Shelf) -> None:
    shelf.put(1, a_household(MOTHER, FATHER, SON))
    shelf.read(1)
    number = shelf.names(1)["omar"]
    shelf.put(1, a_household(MOTHER, SON))
    assert shelf.read(1, at=later(1)).gone == 1
    row = shelf.appearances(1)[number]
    assert (row["member_no"], row["read_at"]) == (None, later(1))
    assert shelf.fetch("select from appearance_number where appearance_no = $1", number) == []
    shelf.put(1, a_household(MOTHER, SON, FATHER))
    assert shelf.read(1, at=later(2)).changed == 1
    row = shelf.appearances(1)[number]
    assert (row["member_no"], row["read_at"]) == (2, later(2))
    assert len(shelf.fetch("select from appearance_number where appearance_no = $1", number)) == 2


def test_a_record_that_is_no_more_leaves_nobody_reported(shelf: Shelf) -> None:
    shelf.put(1, a_household(MOTHER, FATHER))
    shelf.read(1)
    shelf.fetch("delete from beneficiary_record")
    assert shelf.read(1, at=later(1)).gone == 2
    assert {row["member_no"] for row in shelf.appearances(1).values()} == {None}
    assert shelf.read(1, at=later(2)).gone == 0


def test_another_standard_is_read_anew(shelf: Shelf) -> None:
    shelf.put(1, Document(MOTHER, None), unit=1)
    shelf.read(1)
    shelf.fetch("update appearance set standard = 0, keys = '{7}'")
    assert shelf.read(1, at=later(1)).changed == 1
    (row,) = shelf.appearances(1).values()
    assert row["standard"] == STANDARD
    assert row["keys"] != [7]


def test_numbers_of_others_stand_with_their_tie(shelf: Shelf) -> None:
    payee = {"identifier": [{"identifier_type": "UIN", "identifier_value": "9579516322"}]}
    child = {
        **SON,
        "related_person": [{"relationship_type": "PAYEE", "related_member": payee}],
    }
    shelf.put(1, Document(child, None), unit=1)
    shelf.read(1)
    rows = shelf.fetch("select kind, tie, blind_index, programme_id from appearance_number")
    assert {(row["kind"], row["tie"], row["blind_index"]) for row in rows} == {
        ("PROGRAMME_NUMBER", "", shelf.index.of("PROGRAMME_NUMBER", "H-0001-03")),
        ("UIN", "PAYEE", shelf.index.of("UIN", "9579516322")),
    }
    shelf.put(1, Document(SON, None), unit=1)
    outcome = shelf.read(1, at=later(1))
    # Another payee is news for the checks and none for linkage.
    assert (outcome.fresh, outcome.changed) == (0, 0)
    assert [row["tie"] for row in shelf.fetch("select tie from appearance_number")] == [""]


def everything(shelf: Shelf) -> str:
    """Every column of what was written, as text."""
    tables = ("appearance", "appearance_number")
    return " ".join(
        str(shelf.fetch(f"select {table}::text as row from {table}")) for table in tables
    ).casefold()


# The year with its stroke: four digits alone stand in any long number by chance.
CLEAR = ("amina", "karimi", "amn", "krm", "1990-", "8479516322", "911234567", "h-0001", "wadi")


def hexed(word: str) -> str:
    return word.encode().hex()


def canary(shelf: Shelf) -> None:
    about = {
        **MOTHER["demographic_info"],
        "phone_number": ["+251911234567"],
        "address": [{"locality": "Wadi Karim", "sub_region_code": "XT-01-02"}],
    }
    shelf.put(1, Document({**MOTHER, "demographic_info": about}, None), unit=1)
    shelf.read(1)


@pytest.mark.parametrize("word", CLEAR)
def test_no_name_and_no_number_stands_readable(shelf: Shelf, word: str) -> None:
    canary(shelf)
    written = everything(shelf)
    assert word not in written.replace("2026-01-01", "")
    assert hexed(word) not in written


def test_control_what_is_not_sealed_would_be_seen(shelf: Shelf) -> None:
    canary(shelf)
    shelf.fetch("update appearance set features = $1", b"amina karimi")
    assert hexed("amina") in everything(shelf)


def test_features_open_only_in_their_own_row(shelf: Shelf) -> None:
    shelf.put(1, a_household(MOTHER, FATHER))
    shelf.read(1)
    rows = shelf.appearances(1)
    assert open_features(shelf.sealer, Appearance(1, 1), rows[1]["features"]).names
    with pytest.raises(Unavailable):
        open_features(shelf.sealer, Appearance(1, 2), rows[1]["features"])
    with pytest.raises(Unavailable):
        open_features(shelf.sealer, Appearance(2, 1), rows[1]["features"])


def test_only_programmes_in_reach_are_read(shelf: Shelf) -> None:
    shelf.put(1, Document(MOTHER, None), unit=1, programme=1)
    shelf.put(2, Document(FATHER, None), unit=1, programme=2)
    narrow = AppearanceReader(shelf.database, shelf.keyring, [2], processes=0)
    assert shelf.run(narrow.read([1, 2], START)).fresh == 1
    assert shelf.appearances(1) == {}
    assert len(shelf.appearances(2)) == 1


def test_control_all_are_read_in_reach_of_all(shelf: Shelf) -> None:
    shelf.put(1, Document(MOTHER, None), unit=1, programme=1)
    shelf.put(2, Document(FATHER, None), unit=1, programme=2)
    assert shelf.read(1, 2).fresh == 2


def test_who_is_out_of_reach_is_not_taken_for_gone(shelf: Shelf) -> None:
    shelf.put(1, Document(MOTHER, None), unit=1, programme=1)
    shelf.read(1)
    narrow = AppearanceReader(shelf.database, shelf.keyring, [2], processes=0)
    assert shelf.run(narrow.read([1], later(1))).gone == 0
    assert len(shelf.names(1)) == 1


async def _as_role(dsn: str, role: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute(f"set role {role}")
        await connection.execute("select set_config('ibr.programmes', '1', false)")
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", ["appearance", "appearance_number"])
def test_whoever_answers_questions_only_reads(shelf: Shelf, dsn: str, table: str) -> None:
    shelf.run(_as_role(dsn, "ibr_app", f"select * from {table}"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        shelf.run(_as_role(dsn, "ibr_app", f"delete from {table}"))


def test_many_records_are_read_in_other_processes(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_appearances, "BLOCK", 7)
    monkeypatch.setattr(read_appearances, "FEW", 10)
    for record_id in range(1, 41):
        shelf.put(record_id, a_household(MOTHER, FATHER, SON))
    ids = [*range(1, 41), *range(1, 41), 99]
    assert shelf.read(*ids).fresh == 120
    there = shelf.fetch("select record_id, appearance_no, keys from appearance order by 1, 2")
    shelf.fetch("truncate appearance, appearance_number")
    few = AppearanceReader(shelf.database, shelf.keyring, [1, 2], processes=0)
    assert shelf.run(few.read(ids, START)).fresh == 120
    here = shelf.fetch("select record_id, appearance_no, keys from appearance order by 1, 2")
    assert here == there


def test_what_was_read_before_an_interruption_stays(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_appearances, "BLOCK", 2)
    for record_id in range(1, 9):
        shelf.put(record_id, Document(MOTHER, None), unit=1)
    # A record whose seal is broken stops the reading at its block.
    shelf.fetch("update beneficiary_record set personal = 'x' where record_id = 5")
    with pytest.raises(Unavailable):
        shelf.read(*range(1, 9))
    read = [row["record_id"] for row in shelf.fetch("select record_id from appearance order by 1")]
    assert read[:4] == [1, 2, 3, 4]
    assert not {5, 6} & set(read)
    shelf.put(5, Document(MOTHER, None), unit=1)
    shelf.read(*range(1, 9), at=later(1))
    assert len(shelf.fetch("select from appearance")) == 8


def test_a_process_that_died_is_said_and_the_next_reading_works(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_appearances, "FEW", 1)
    for record_id in (1, 2):
        shelf.put(record_id, Document(MOTHER, None), unit=1)
    reader = AppearanceReader(shelf.database, shelf.keyring, [1], processes=1)
    try:
        with monkeypatch.context() as broken:
            broken.setattr(helpers, "_do_here", _die)
            with pytest.raises(Unavailable, match="Run it again"):
                shelf.run(reader.read([1, 2], START))
        assert shelf.run(reader.read([1, 2], START + timedelta(hours=1))).fresh == 2
    finally:
        reader.close()


def _die(*_: object) -> None:
    helpers.os._exit(3)
