"""A key for each record, letter, case and delivery, any of which can be destroyed for good.

The keys are the leaves of trees with four branches at each knot, a tree for each kind of thing.
A knot's key gives those of its branches by a keyed hash, and nothing leads back. To destroy a leaf,
the file is written anew with the keys beside the way to the leaf instead of those on the way: every
other leaf can still be worked out, that one cannot, by nobody. The file grows by at most 60 keys
for a leaf that lies alone, and shrinks where neighbours go. New things need no new key in the file,
so a database restored to any moment opens with the file of today (decision 48).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ibr.errors import Unavailable
from ibr.protection.keyring import KEY_BYTES

FILE_NAME: Final = "record-keys.json"
KINDS: Final = ("record", "letter", "case", "delivery")
"""What has keys of its own; their order is part of what is sealed."""
_LEVELS: Final = 20
_MOST: Final = 4**_LEVELS
# Knots so many levels above the leaves are remembered: 64 things in a row share one, and 65,536.
_NEAR: Final = 3
_FAR: Final = 8
_BRANCHES: Final = tuple(b"ibr record keys %d" % which for which in range(4))
_LOOK_AGAIN: Final = 2.0

Knots = dict[tuple[int, int], bytes]


class _Stored(msgspec.Struct):
    """The file: by kind the keys that are left, each named by its level and its place in it."""

    trees: dict[str, dict[str, str]]


def _branch(key: bytes, which: int) -> bytes:
    # Every key is random and of one length, so a plain hash over it is as good as a keyed one.
    return hashlib.sha256(_BRANCHES[which] + key).digest()


def _within(number: int) -> int:
    if not 0 <= number < _MOST:
        raise ValueError("no leaf has this number")
    return number


def covering(knots: Mapping[tuple[int, int], bytes], number: int) -> tuple[int, int] | None:
    """The knot that leads to a leaf; None where its key was destroyed."""
    place = _within(number)
    for level in range(_LEVELS, -1, -1):
        if (level, place) in knots:
            return level, place
        place >>= 2
    return None


def leaf_key(knots: Mapping[tuple[int, int], bytes], number: int) -> bytes | None:
    """The key of a leaf; None where it was destroyed."""
    found = covering(knots, number)
    return None if found is None else _down(knots[found], found[0], number, _LEVELS)


def _down(key: bytes, level: int, number: int, to: int) -> bytes:
    """From a knot's key down the way to a leaf, as far as a level."""
    for step in range(level, to):
        key = _branch(key, number >> 2 * (_LEVELS - 1 - step) & 3)
    return key


def without(knots: Knots, numbers: Iterable[int]) -> Knots:
    """The keys from which every leaf but these can be worked out."""
    left = dict(knots)
    for number in numbers:
        found = covering(left, number)
        if found is None:
            continue
        level, key = found[0], left.pop(found)
        for step in range(level, _LEVELS):
            place = number >> 2 * (_LEVELS - 1 - step)
            for which in range(4):
                if which != place & 3:
                    left[step + 1, (place & ~3) | which] = _branch(key, which)
            key = _branch(key, place & 3)
    return left


class RecordKeys:
    """The keys in the file, read again when another process has destroyed some."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._trees: dict[str, Knots] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._looked = float("-inf")
        self._near = lru_cache(maxsize=16_384)(self._ancestor_near)
        self._far = lru_cache(maxsize=4_096)(self._ancestor_far)
        self._cipher = lru_cache(maxsize=4_096)(self._new_cipher)

    def are_there(self) -> bool:
        """Whether this registry has keys of records: without the file it seals as before."""
        self._look()
        return bool(self._trees)

    def cipher(self, kind: str, number: int) -> AESGCM:
        """What seals and opens for one thing; Unavailable where its key was destroyed."""
        self._look()
        return self._cipher(kind, number)

    def is_destroyed(self, kind: str, number: int) -> bool:
        """Whether the key of one thing is gone for good."""
        self._look()
        return covering(self._trees.get(kind, {}), number) is None

    def destroy(self, kind: str, numbers: Iterable[int]) -> None:
        """Destroys keys for good, in the file first. What was destroyed before stays so."""
        if not self.are_there():
            return
        with _alone(self.path):
            trees = _read(self.path)
            trees[kind] = without(trees[kind], numbers)
            _replace(self.path, trees)
        self._looked = float("-inf")
        self._look()

    def _look(self) -> None:
        if time.monotonic() - self._looked < _LOOK_AGAIN:
            return
        with self._lock:
            try:
                seen = self.path.stat()
            except FileNotFoundError:
                # Seen before: what is in memory still opens what is there; the doctor complains.
                self._looked = time.monotonic()
                return
            stamp = (seen.st_mtime_ns, seen.st_ino, seen.st_size)
            if stamp != self._stamp:
                self._trees = _read(self.path)
                self._stamp = stamp
                self._near.cache_clear()
                self._far.cache_clear()
                self._cipher.cache_clear()
            self._looked = time.monotonic()

    def _ancestor_far(self, kind: str, place: int) -> bytes | None:
        """The key of the knot eight levels above a leaf, where it is whole."""
        number, to = place << 2 * _FAR, _LEVELS - _FAR
        found = covering(self._trees.get(kind, {}), number)
        if found is None or found[0] > to:
            return None
        return _down(self._trees[kind][found], found[0], number, to)

    def _ancestor_near(self, kind: str, place: int) -> bytes | None:
        """The key of the knot three levels above a leaf, where it is whole."""
        number, to = place << 2 * _NEAR, _LEVELS - _NEAR
        far = self._far(kind, place >> 2 * (_FAR - _NEAR))
        if far is not None:
            return _down(far, _LEVELS - _FAR, number, to)
        found = covering(self._trees.get(kind, {}), number)
        if found is None or found[0] > to:
            return None
        return _down(self._trees[kind][found], found[0], number, to)

    def _new_cipher(self, kind: str, number: int) -> AESGCM:
        near = self._near(kind, number >> 2 * _NEAR)
        if near is not None:
            return AESGCM(_down(near, _LEVELS - _NEAR, number, _LEVELS))
        key = leaf_key(self._trees.get(kind, {}), number)
        if key is None:
            raise Unavailable(
                "seal.destroyed",
                "The key of this value was destroyed, because what it belongs to was erased or "
                "disposed of. If the database was restored from a backup, run: ibr erasure replay",
            )
        return AESGCM(key)


def make_record_keys(folder: Path) -> bool:
    """Makes the file with fresh keys; False where there is one already."""
    path = folder / FILE_NAME
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh: dict[str, Knots] = {kind: {(0, 0): os.urandom(KEY_BYTES)} for kind in KINDS}
    temporary = _written(path, fresh)
    try:
        # A hard link, unlike a rename, does not replace what another process has just written.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    _settle(path.parent)
    return True


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the file itself is replaced, so another one is locked."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, Knots]:
    if path.stat().st_mode & 0o077:
        raise Unavailable(
            "record_keys.readable_by_others",
            f"{path} may be read by other users of this machine. Run: chmod 600 {path}",
        )
    for _ in range(3):
        # The bytes of a file that was just replaced are overwritten; the next look sees the new.
        with contextlib.suppress(msgspec.DecodeError, ValueError):
            stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
            trees = {kind: _knots(stored.trees.get(kind, {})) for kind in KINDS}
            if all(len(key) == KEY_BYTES for knots in trees.values() for key in knots.values()):
                return trees
    raise Unavailable(
        "record_keys.damaged",
        f"{path} is damaged. Restore it from your newest key backup, then run: ibr erasure replay",
    )


def _knots(written: Mapping[str, str]) -> Knots:
    knots = {}
    for name, key in written.items():
        level, _, place = name.partition(":")
        knots[int(level), int(place)] = base64.b64decode(key)
    return knots


def _written(path: Path, trees: Mapping[str, Knots]) -> Path:
    stored = _Stored(
        {
            kind: {
                f"{level}:{place}": base64.b64encode(key).decode()
                for (level, place), key in knots.items()
            }
            for kind, knots in trees.items()
        }
    )
    temporary = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(stored))
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _replace(path: Path, trees: Mapping[str, Knots]) -> None:
    """Puts the new file in the place of the old one, and overwrites the old one's bytes.

    On disks that write elsewhere what they overwrite the old bytes may stay for a time; the how-to
    says to keep the keys on an encrypted disk.
    """
    temporary = _written(path, trees)
    with path.open("r+b") as old:
        os.replace(temporary, path)
        _settle(path.parent)
        size = old.seek(0, os.SEEK_END)
        old.seek(0)
        old.write(bytes(size))
        old.flush()
        os.fsync(old.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
