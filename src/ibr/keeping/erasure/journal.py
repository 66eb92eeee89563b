"""The journal of erasures outside the database: what a restored backup must be told again.

A line for each, with numbers of records and keyed hashes and nothing that names anybody. It lies
beside the keyring, since a copy of the database without it would not know whom to forget.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from ibr.errors import Unavailable
from ibr.keeping.erasure.model import Entry

FILE_NAME: Final = "erased.jsonl"


def entries(folder: Path) -> list[Entry]:
    """Every erasure that was carried out, in its order; none where there is no journal."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        return [
            msgspec.json.decode(line, type=Entry) for line in path.read_bytes().splitlines() if line
        ]
    except msgspec.DecodeError:
        raise Unavailable(
            "erasure.journal",
            f"{path} is damaged. Restore it from your newest key backup: without it a restored "
            "database would hold people again who were erased.",
        ) from None


def append(folder: Path, entry: Entry) -> None:
    """Adds an erasure once, on the disk before anything else goes on."""
    path = folder / FILE_NAME
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        _mend(path)
        if any(same(each, entry) for each in entries(folder)):
            return
        file.write(msgspec.json.encode(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def same(one: Entry, other: Entry) -> bool:
    """Whether two entries are of one erasure."""
    return one.approved_at == other.approved_at and one.records == other.records


def _mend(path: Path) -> None:
    """Cuts off a last line that a crash left half written; its erasure is written again."""
    written = path.read_bytes()
    if written and not written.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(written.rfind(b"\n") + 1)
