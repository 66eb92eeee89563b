"""Keys of single records: any can be destroyed, all others stay, nothing leads back."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.errors import Unavailable
from ibr.protection.keyring import new_keyring, open_keyring
from ibr.protection.record_keys import (
    FILE_NAME,
    RecordKeys,
    covering,
    leaf_key,
    make_record_keys,
    without,
)
from ibr.protection.seal import OF_A_RECORD, VERSION, Sealer, place_of

ROOT = {(0, 0): bytes(range(32))}
NUMBERS = st.integers(0, 4**20 - 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    open_keyring(tmp_path, create=True)
    assert make_record_keys(tmp_path)
    return tmp_path


def sealer_of(folder: Path) -> Sealer:
    return Sealer(open_keyring(folder, create=False))


def place(number: int, table: str = "beneficiary_record", column: str = "personal") -> bytes:
    return place_of(table, column, number)


@settings(max_examples=200, deadline=None)
@given(gone=st.lists(NUMBERS, max_size=12), asked=st.lists(NUMBERS, min_size=1, max_size=12))
def test_what_is_destroyed_is_gone_and_every_other_key_is_what_it_was(
    gone: list[int], asked: list[int]
) -> None:
    left = without(ROOT, gone)
    for number in gone:
        assert leaf_key(left, number) is None
    for number in set(asked) - set(gone):
        assert leaf_key(left, number) == leaf_key(ROOT, number)


@settings(max_examples=50, deadline=None)
@given(number=NUMBERS, others=st.lists(NUMBERS, max_size=6))
def test_no_key_that_is_left_stands_on_the_way_to_a_destroyed_one(
    number: int, others: list[int]
) -> None:
    left = without(ROOT, [*others, number])
    on_the_way = {(level, number >> 2 * (20 - level)) for level in range(21)}
    assert on_the_way.isdisjoint(left)
    assert covering(left, number) is None


def test_the_order_and_doing_it_twice_change_nothing() -> None:
    one = without(without(ROOT, [7]), [9, 4**19])
    assert one == without(ROOT, [4**19, 9, 7, 7])
    assert without(one, [9]) == one


def test_neighbours_destroyed_together_leave_hardly_anything() -> None:
    alone = without(ROOT, [1_000_000])
    assert len(alone) == 60
    assert len(without(ROOT, range(4**6, 2 * 4**6))) <= 60
    # The file grows by less than 60 keys for each one that lies alone.
    assert len(without(ROOT, range(0, 4**8, 97))) < 60 * 676


def test_two_keys_are_never_equal() -> None:
    keys = {leaf_key(ROOT, number) for number in (*range(3000), 4**19, 4**20 - 1)}
    assert len(keys) == 3002


def test_a_sealed_record_opens_until_its_key_is_destroyed(folder: Path) -> None:
    sealer = sealer_of(folder)
    one, other = sealer.seal(b"Ana", place(5)), sealer.seal(b"Bea", place(6))
    assert one[0] == other[0] == OF_A_RECORD
    assert sealer.record_keys is not None
    sealer.record_keys.destroy("record", [5])
    with pytest.raises(Unavailable) as refused:
        sealer.open(one, place(5))
    assert refused.value.code == "seal.destroyed"
    assert sealer.open(other, place(6)) == b"Bea"
    with pytest.raises(Unavailable):
        sealer.seal(b"again", place(5))


def test_nobody_opens_it_with_the_file_as_it_is_left(folder: Path) -> None:
    """Another process, the file alone, and the keyring beside it: none of them leads there."""
    sealer = sealer_of(folder)
    sealed = sealer.seal(b"Ana", place(5))
    before = (folder / FILE_NAME).read_bytes()
    assert sealer.record_keys is not None
    sealer.record_keys.destroy("record", [5])
    with pytest.raises(Unavailable):
        sealer_of(folder).open(sealed, place(5))
    # The control: with the file as it was before, it opens. So copies of it must go as well.
    (folder / FILE_NAME).write_bytes(before)
    assert sealer_of(folder).open(sealed, place(5)) == b"Ana"


def test_another_process_hears_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ibr.protection.record_keys._LOOK_AGAIN", 0.0)
    one, other = sealer_of(folder), sealer_of(folder)
    sealed = one.seal(b"Ana", place(5))
    assert other.open(sealed, place(5)) == b"Ana"
    assert one.record_keys is not None
    one.record_keys.destroy("record", [5])
    with pytest.raises(Unavailable):
        other.open(sealed, place(5))


def test_each_kind_of_thing_has_its_own_keys(folder: Path) -> None:
    sealer = sealer_of(folder)
    letter = place(5, "case_letter", "content")
    sealed = sealer.seal(b"Dear Ana", letter)
    assert sealer.record_keys is not None
    sealer.record_keys.destroy("record", [5])
    assert sealer.open(sealed, letter) == b"Dear Ana"
    # A value that says it is of another kind does not pick another key.
    forged = bytes((OF_A_RECORD, 0, 3)) + sealed[3:]
    with pytest.raises(Unavailable):
        sealer.open(forged, letter)


def test_a_value_does_not_open_elsewhere(folder: Path) -> None:
    sealer = sealer_of(folder)
    sealed = sealer.seal(b"Ana", place(5))
    for elsewhere in (place(6), place(5, "beneficiary_version"), place(5, "identifier", "value")):
        with pytest.raises(Unavailable) as refused:
            sealer.open(sealed, elsewhere)
        assert refused.value.code == "seal.broken"


def test_what_was_sealed_before_there_were_such_keys_stays_readable(tmp_path: Path) -> None:
    open_keyring(tmp_path, create=True)
    before = sealer_of(tmp_path).seal(b"Ana", place(5))
    assert before[0] == VERSION
    make_record_keys(tmp_path)
    sealer = sealer_of(tmp_path)
    assert sealer.open(before, place(5)) == b"Ana"
    assert sealer.seal(b"Ana", place(5))[0] == OF_A_RECORD
    # What is of no record is sealed as before.
    assert sealer.seal(b"secret", place_of("officer_totp", "secret_sealed", 1))[0] == VERSION


def test_without_a_folder_there_are_no_such_keys() -> None:
    sealer = Sealer(new_keyring())
    assert sealer.seal(b"Ana", place(5))[0] == VERSION
    with pytest.raises(Unavailable) as refused:
        sealer.open(bytes((OF_A_RECORD, 0, 0)) + bytes(40), place(5))
    assert refused.value.code == "seal.key_missing"


def test_the_file_is_the_users_alone_and_is_never_made_twice(folder: Path) -> None:
    path = folder / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert not make_record_keys(folder)
    assert path.read_bytes() == before
    path.chmod(0o644)
    with pytest.raises(Unavailable) as refused:
        RecordKeys(path).cipher("record", 1)
    assert refused.value.code == "record_keys.readable_by_others"


def test_the_bytes_of_the_old_file_are_overwritten(folder: Path) -> None:
    path = folder / FILE_NAME
    root = json.loads(path.read_bytes())["trees"]["record"]["0:0"]
    with path.open("rb") as old:
        RecordKeys(path).destroy("record", [5])
        assert root.encode() not in old.read()
    assert root not in path.read_text()
    assert not [each for each in os.listdir(folder) if each.endswith(".new")]


def test_a_damaged_file_is_said_to_be_damaged(folder: Path) -> None:
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unavailable) as refused:
        RecordKeys(path).are_there()
    assert refused.value.code == "record_keys.damaged"
