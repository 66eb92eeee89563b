"""The file of a backup opens whole, with its key, or not at all (reliability F11, F12)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibr.db.backup.backup_key import (
    PRIVATE_FILE,
    PUBLIC_FILE,
    fingerprint,
    private_half,
    public_of,
    recipient,
)
from ibr.db.backup.sealed_file import MAGIC, PIECE, Header, read_header, read_sealed, write_sealed
from ibr.errors import NotUnderstood, Unavailable

HEADER = Header(what="dump", made_at="2026-10-04T09:30:00.000Z", program="test")
# Not to be compressed, so that it fills several pieces.
CONTENT = os.urandom(2 * PIECE + 12_345)


@pytest.fixture(scope="module")
def private() -> bytes:
    return os.urandom(32)


@pytest.fixture(scope="module")
def sealed(private: bytes) -> bytes:
    return seal(CONTENT, private)


def seal(content: bytes, private: bytes) -> bytes:
    out = io.BytesIO()
    write_sealed(out, public_of(private), HEADER, [content[:1000], content[1000:]])
    return out.getvalue()


def opened(sealed: bytes, private: bytes) -> bytes:
    return b"".join(read_sealed(io.BytesIO(sealed), private, "x.ibrbackup"))


def test_what_was_sealed_opens_again(sealed: bytes, private: bytes) -> None:
    assert opened(sealed, private) == CONTENT


@pytest.mark.parametrize("content", [b"", b"a", b"a" * PIECE, os.urandom(PIECE)])
def test_also_the_empty_and_the_just_full(content: bytes, private: bytes) -> None:
    assert opened(seal(content, private), private) == content


def test_the_header_is_readable_and_the_content_is_not(sealed: bytes, private: bytes) -> None:
    header, head = read_header(io.BytesIO(sealed), "x")
    assert head.startswith(MAGIC)
    assert header.what == "dump"
    assert header.key == fingerprint(public_of(private))
    assert CONTENT[:64] not in sealed


def test_a_long_content_that_repeats_itself_shows_nothing_of_itself(private: bytes) -> None:
    sealed = seal(b"ZZ-CANARY Amina Haddad\n" * 1000, private)
    assert b"CANARY" not in sealed
    assert len(sealed) < 2000


def test_another_key_is_told_in_words(sealed: bytes) -> None:
    with pytest.raises(Unavailable, match="Name the right key file with --key") as refused:
        opened(sealed, os.urandom(32))
    assert refused.value.code == "backup.wrong_key"


def places(sealed: bytes) -> Iterator[int]:
    """Somewhere in the header, in a length, in each piece and in the last byte."""
    head = len(read_header(io.BytesIO(sealed), "x")[1])
    yield from (30, head - 3, head, head + 3, head + 4, head + 5000, head + PIECE + 100)
    yield from (len(sealed) // 2, len(sealed) - 1)


@pytest.mark.parametrize("which", range(9))
def test_a_flipped_bit_anywhere_is_detected(sealed: bytes, private: bytes, which: int) -> None:
    place = list(places(sealed))[which]
    broken = bytearray(sealed)
    broken[place] ^= 1
    with pytest.raises((Unavailable, NotUnderstood)):
        opened(bytes(broken), private)


@pytest.mark.parametrize("less", [1, 16, 20_000, PIECE, 2 * PIECE])
def test_a_file_cut_short_is_detected(sealed: bytes, private: bytes, less: int) -> None:
    with pytest.raises(Unavailable) as refused:
        opened(sealed[:-less], private)
    assert refused.value.code == "backup.damaged"


def test_a_file_cut_exactly_between_two_pieces_is_detected(sealed: bytes, private: bytes) -> None:
    head = len(read_header(io.BytesIO(sealed), "x")[1])
    first = int.from_bytes(sealed[head : head + 4], "big")
    with pytest.raises(Unavailable, match="cut short"):
        opened(sealed[: head + 4 + first], private)


def test_pieces_that_changed_places_are_detected(sealed: bytes, private: bytes) -> None:
    head = len(read_header(io.BytesIO(sealed), "x")[1])
    length = 4 + int.from_bytes(sealed[head : head + 4], "big")
    one, two = sealed[head : head + length], sealed[head + length : head + 2 * length]
    with pytest.raises(Unavailable):
        opened(sealed[:head] + two + one + sealed[head + 2 * length :], private)


def test_what_is_no_backup_is_said_to_be_none(private: bytes) -> None:
    with pytest.raises(NotUnderstood, match="is not a backup of the registry"):
        opened(b"PGDMP" + CONTENT[:100], private)


def test_the_key_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    public = recipient(tmp_path / "keys")
    assert recipient(tmp_path / "keys") == public
    path = tmp_path / "keys" / PRIVATE_FILE
    assert public_of(private_half(path)) == public
    assert path.stat().st_mode & 0o777 == 0o600


def test_backups_are_made_without_the_private_half(tmp_path: Path) -> None:
    public = recipient(tmp_path)
    (tmp_path / PRIVATE_FILE).unlink()
    assert recipient(tmp_path) == public
    with pytest.raises(Unavailable, match="bring it back from where you keep it"):
        private_half(tmp_path / PRIVATE_FILE)


def test_the_public_half_opens_nothing_and_says_so(tmp_path: Path) -> None:
    recipient(tmp_path)
    with pytest.raises(NotUnderstood, match="public half only"):
        private_half(tmp_path / PUBLIC_FILE)


def test_a_private_half_that_others_may_read_is_refused(tmp_path: Path) -> None:
    recipient(tmp_path)
    (tmp_path / PRIVATE_FILE).chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        private_half(tmp_path / PRIVATE_FILE)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"kind":"key of IBR backups","public":"eA=="}'])
def test_a_damaged_key_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / PRIVATE_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(NotUnderstood, match="is no backup key, or is damaged"):
        private_half(path)
