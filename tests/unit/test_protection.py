"""Sealed values, blind indexes and the keyring (reliability F6, F7)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.errors import NotUnderstood, Unavailable
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.protection.keyring import Keyring, new_keyring, open_keyring
from ibr.protection.seal import Sealer, place_of
from ibr.protection.spool import Spool

KEYS = new_keyring()
PLACE = place_of("identifier", "value", 7)


@given(st.binary(max_size=100))
def test_what_is_sealed_opens_where_it_stands(clear: bytes) -> None:
    sealed = Sealer(KEYS).seal(clear, PLACE)
    assert Sealer(KEYS).open(sealed, PLACE) == clear
    assert sealed != Sealer(KEYS).seal(clear, PLACE)


@pytest.mark.parametrize(
    "place",
    [
        place_of("identifier", "value", 8),
        place_of("identifier", "other", 7),
        place_of("other", "value", 7),
        place_of("identifier", "value", b"7"),
    ],
)
def test_moved_to_another_place_it_does_not_open(place: bytes) -> None:
    sealed = Sealer(KEYS).seal(b"somebody", PLACE)
    with pytest.raises(Unavailable, match="does not belong"):
        Sealer(KEYS).open(sealed, place)


@pytest.mark.parametrize("cut", [0, 1, 3, 5, 14, 15, 20, -1])
def test_cut_short_it_does_not_open(cut: int) -> None:
    with pytest.raises(Unavailable):
        Sealer(KEYS).open(Sealer(KEYS).seal(b"somebody", PLACE)[:cut], PLACE)


def test_one_bit_is_enough_wherever_it_is() -> None:
    sealed = Sealer(KEYS).seal(b"somebody", PLACE)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unavailable):
            Sealer(KEYS).open(bytes(changed), PLACE)


def test_older_keys_still_open_and_newer_ones_seal() -> None:
    old = Sealer(KEYS).seal(b"somebody", PLACE)
    both = Keyring(current=2, data={**KEYS.data, 2: bytes(range(32))}, index=KEYS.index)
    assert Sealer(both).open(old, PLACE) == b"somebody"
    with pytest.raises(Unavailable, match="key that is not in the keyring"):
        Sealer(KEYS).open(Sealer(both).seal(b"x", PLACE), PLACE)


def test_a_keyring_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    made = open_keyring(tmp_path / "keys", create=True)
    assert open_keyring(tmp_path / "keys", create=True) == made
    file = tmp_path / "keys" / "keyring.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(Unavailable, match="chmod 600"):
        open_keyring(tmp_path / "keys", create=False)


def test_a_missing_keyring_is_not_made_by_accident(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="Restore"):
        open_keyring(tmp_path, create=False)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"current": 1, "data": {}, "index": "AAAA"}',
        '{"current": 1, "data": {"1": "AAAA"}, "index": "AAAA"}',
        '{"current": 1, "data": {"x": "AAAA"}, "index": "AAAA"}',
        '{"current": 1, "data": {"1": "%%%"}, "index": "A"}',
    ],
)
def test_a_damaged_keyring_is_said_to_be(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keyring.json"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(Unavailable, match="damaged"):
        open_keyring(tmp_path, create=False)


INDEX = BlindIndex(KEYS.index)


def test_equal_numbers_of_two_kinds_never_meet() -> None:
    assert INDEX.of("UIN", "1") == INDEX.of("UIN", "1")
    assert len({INDEX.of("UIN", "1"), INDEX.of("NID", "1"), INDEX.of("UIN", "2")}) == 3
    assert INDEX.of_record(1, "UIN", "1") != INDEX.of_record(2, "UIN", "1")
    assert BlindIndex(bytes(32)).of("UIN", "1") != INDEX.of("UIN", "1")


@pytest.mark.parametrize("text", ["ab-1", " AB-1 ", "a b - 1", "AB-1"])
def test_one_number_has_one_form(text: str) -> None:
    assert canonical_value(text) == "AB-1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1\n",
        "\t1",
        "1\u00a01",
        "１２",
        "٣",
        "А1",  # a Cyrillic A
        "ı1",
        "ſ1",
        "ß1",
        "ﬁ1",
        "1\u200b",
        "1\u202e2",
        "é",
        "e\u0301",
        "x" * 65,
        "1'--",
        "1%",
        "<b>",
        "\ud800",
        "\x00",
    ],
)
def test_numbers_that_only_look_alike_are_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        canonical_value(text)


@given(st.text(max_size=70))
def test_the_form_of_a_form_is_itself(text: str) -> None:
    try:
        form = canonical_value(text)
    except NotUnderstood:
        return
    assert canonical_value(form) == form
    assert form.isascii()


@pytest.mark.parametrize(("text", "kind"), [("uin", "UIN"), ("Birth number", "BIRTH_NUMBER")])
def test_one_type_has_one_form(text: str, kind: str) -> None:
    assert canonical_type(text) == kind


@pytest.mark.parametrize("text", ["", "é", "ſ", "U.I.N", "x" * 41, "U;N", "ＵＩＮ"])
def test_types_are_letters_digits_and_low_lines(text: str) -> None:
    with pytest.raises(NotUnderstood):
        canonical_type(text)


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_a_spool_gives_back_what_it_was_given(pieces: list[bytes]) -> None:
    spool = Spool(Path("/tmp"), shared=True)
    for piece in pieces:
        spool.write(piece)
    other = Spool.reopen(spool.ticket())
    assert list(spool) == list(spool) == list(other) == pieces
    other.close()
    spool.close()


def test_what_is_spooled_is_not_there_to_be_read() -> None:
    spool = Spool(Path("/tmp"), shared=True)
    spool.write(b"somebody" * 100)
    assert b"somebody" not in Path(spool.ticket().path).read_bytes()
    spool.close()
