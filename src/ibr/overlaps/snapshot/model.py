"""A snapshot as it is kept: which files, how many rows, how recent its sources."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

import msgspec


class File(msgspec.Struct, frozen=True):
    """A file of a snapshot: its digest in hexadecimal and its size."""

    sha256: str
    bytes: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry held at one moment, written out.

    `vintages` say for each programme and source how recent its news were: a finding can be no
    better than they are.
    """

    snapshot_no: int
    as_known_at: datetime
    through_change: int
    link_run: int | None
    files: dict[str, File]
    rows: dict[str, int]
    vintages: dict[str, dict[str, Any]]
    dropped_at: datetime | None = None

    @property
    def digest(self) -> str:
        """One digest for all of its files: SHA-256 over a line for each, by name."""
        lines = (f"{name} {self.files[name].sha256}\n" for name in sorted(self.files))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def as_known_on(self) -> date:
        return self.as_known_at.date()
