"""Which log files a restore needs in a row, and what handing one over twice means."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pytest

from ibr.db.backup.backup_key import recipient
from ibr.db.backup.keep_wal import SUFFIX, archive_command, keep_handed, keep_on, waiting
from ibr.db.backup.wal_names import (
    Segment,
    history_timeline,
    left_at,
    may_be_kept,
    missing,
    name_of,
    segment,
)
from ibr.errors import Conflict

SIZE = 16 * 1024 * 1024
FIRST = "000000010000000000000003"


def row(timeline: int, *numbers: int) -> list[Segment]:
    return [Segment(timeline, number) for number in numbers]


def test_a_name_says_timeline_and_number() -> None:
    assert segment("0000000200000001000000FF", SIZE) == Segment(2, 511)
    assert name_of(Segment(2, 511), SIZE) == "0000000200000001000000FF"
    assert name_of(Segment(2, 512), SIZE) == "000000020000000200000000"


@pytest.mark.parametrize("name", ["00000002.history", f"{FIRST}.partial", "x", ""])
def test_other_names_are_no_log_files(name: str) -> None:
    assert segment(name, SIZE) is None


@pytest.mark.parametrize("name", [FIRST, "00000002.history", f"{FIRST}.00000028.backup"])
def test_what_the_server_hands_over_is_kept(name: str) -> None:
    assert may_be_kept(name)


@pytest.mark.parametrize("name", [f".{FIRST}.part", "../x", f"{FIRST}\n", "README"])
def test_nothing_else_is(name: str) -> None:
    assert not may_be_kept(name)


def test_files_in_a_row_lack_none() -> None:
    assert missing(Segment(1, 3), row(1, 3, 4, 5), {}) is None


def test_the_first_hole_is_named() -> None:
    assert missing(Segment(1, 3), row(1, 3, 5, 7), {}) == Segment(1, 4)
    assert missing(Segment(1, 3), row(1, 4, 5), {}) == Segment(1, 3)


def test_after_a_restore_the_newer_timeline_is_followed() -> None:
    history = left_at("1\t0/5000198\tno recovery target specified\n", SIZE)
    assert history == {1: 5}
    assert history_timeline("00000002.history") == 2
    kept = row(1, 3, 4, 5, 6) + row(2, 5, 6, 7)
    assert missing(Segment(1, 3), kept, {2: history}) is None


def test_a_hole_in_the_newer_timeline_is_not_filled_by_the_older_one() -> None:
    kept = row(1, 3, 4, 5, 6) + row(2, 5, 7)
    assert missing(Segment(1, 3), kept, {2: {1: 5}}) == Segment(2, 6)


class Place:
    """Folders as the embedded server and the keeper have them."""

    def __init__(self, folder: Path) -> None:
        self.handed, self.kept = folder / "ha'n%f ded", folder / "kept"
        self.source = folder / FIRST
        self.handed.mkdir()
        self.kept.mkdir()
        self.key = partial(recipient, folder / "keys")
        self.source.write_bytes(b"log" * 1000)

    def hand_over(self) -> int:
        """What the server would run, with its placeholders filled in."""
        line = archive_command(self.handed).replace("%p", str(self.source)).replace("%f", FIRST)
        # What is left of a doubled per cent sign is a single one.
        done = subprocess.run(["/bin/sh", "-c", line.replace("%%", "%")], check=False)
        return done.returncode

    def keep(self) -> int:
        return keep_handed(self.handed, self.kept, self.key)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_file_is_handed_over_kept_and_taken_away(place: Place) -> None:
    # The folder's name holds a quote, a space and a placeholder of the server's.
    place.handed = place.handed.rename(place.handed.with_name("ha'n ded"))
    assert place.hand_over() == 0
    assert (place.handed / FIRST).read_bytes() == place.source.read_bytes()
    assert waiting(place.handed)[0] == 1
    assert place.keep() == 1
    assert list(place.handed.iterdir()) == []
    sealed = (place.kept / f"{FIRST}{SUFFIX}").read_bytes()
    assert b"loglog" not in sealed


def test_the_same_file_twice_is_no_error(place: Place) -> None:
    place.handed = place.handed.rename(place.handed.with_name("handed"))
    assert place.hand_over() == 0
    assert place.hand_over() == 0
    place.keep()
    assert place.hand_over() == 0
    assert place.keep() == 1


def test_another_file_of_the_same_name_is_refused_at_both_steps(place: Place) -> None:
    place.handed = place.handed.rename(place.handed.with_name("handed"))
    place.hand_over()
    place.source.write_bytes(b"another")
    assert place.hand_over() != 0
    place.keep()
    assert place.hand_over() == 0
    with pytest.raises(Conflict, match="two databases use this place"):
        place.keep()
    assert (place.handed / FIRST).exists()


def test_a_copy_under_way_is_not_taken(place: Place) -> None:
    (place.handed / f".{FIRST}.part").write_bytes(b"half")
    assert place.keep() == 0


def test_a_place_that_refuses_ends_nothing_and_loses_nothing(place: Place) -> None:
    place.handed = place.handed.rename(place.handed.with_name("handed"))
    place.hand_over()
    place.kept.rmdir()
    place.kept.write_bytes(b"not a folder")
    keep_on(place.handed, place.kept, place.key, lambda _: True)
    assert (place.handed / FIRST).exists()
