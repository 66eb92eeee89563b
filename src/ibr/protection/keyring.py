"""The keys that stay outside the database, in one file that only the registry's user may read."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec

from ibr.errors import Unavailable

FILE_NAME = "keyring.json"
KEY_BYTES = 32


class Keyring(msgspec.Struct, frozen=True, kw_only=True):
    """The data keys, by number, and the key of the blind index.

    `current` is the number of the data key that new values are sealed with; older ones stay so
    that older values can be opened. The index key is another one, so that whoever holds a data
    key can still not tell which person an index value belongs to.
    """

    current: int
    data: dict[int, bytes]
    index: bytes
    folder: str | None = None
    """Where it is kept; the keys of single records are in a file beside it (record_keys)."""


class _Stored(msgspec.Struct):
    current: int
    data: dict[str, str]
    index: str


def new_keyring() -> Keyring:
    """Fresh random keys."""
    return Keyring(current=1, data={1: os.urandom(KEY_BYTES)}, index=os.urandom(KEY_BYTES))


def open_keyring(folder: Path, *, create: bool) -> Keyring:
    """The keyring kept in `folder`; made there when missing and `create` is set.

    Refuses a file that others on the machine may read: a key that leaked cannot be called back.
    """
    path = folder / FILE_NAME
    if not path.exists():
        if not create:
            raise Unavailable(
                "keyring.missing",
                f"No keyring at {path}. Restore it from your key backup; "
                "without it no stored identifier can be read.",
            )
        _write(path, new_keyring())
    if path.stat().st_mode & 0o077:
        raise Unavailable(
            "keyring.readable_by_others",
            f"{path} may be read by other users of this machine. Run: chmod 600 {path}",
        )
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        keyring = Keyring(
            current=stored.current,
            data={int(number): base64.b64decode(key) for number, key in stored.data.items()},
            index=base64.b64decode(stored.index),
            folder=str(folder),
        )
        whole = all(len(key) == KEY_BYTES for key in (*keyring.data.values(), keyring.index))
        if not whole or keyring.current not in keyring.data:
            raise ValueError
        return keyring
    except (msgspec.DecodeError, ValueError):
        raise Unavailable(
            "keyring.damaged", f"{path} is damaged. Restore it from your key backup."
        ) from None


def _write(path: Path, keyring: Keyring) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stored = _Stored(
        current=keyring.current,
        data={str(number): base64.b64encode(key).decode() for number, key in keyring.data.items()},
        index=base64.b64encode(keyring.index).decode(),
    )
    temporary = path.with_suffix(f".{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(stored))
        file.flush()
        os.fsync(file.fileno())
    try:
        # Two processes may start at once. A hard link, unlike a rename, does not replace the
        # keyring that the other one has just written.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
