"""What a case rests on at a moment, as one digest: whoever decides can be shown what they saw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec
from asyncpg import Record

# What says that it is the same evidence; when a finding was last seen again is not among it.
_FIELDS: Final = (
    "finding_id",
    "check_code",
    "check_version",
    "facts",
    "first_day",
    "last_day",
    "money_minor",
    "currency",
    "closed_reason",
)
_encoder = msgspec.json.Encoder(order="deterministic")


def digest(findings: Iterable[Record]) -> bytes:
    """SHA-256 of the findings of one case, in their order."""
    rows = [[each[name] for name in _FIELDS] for each in findings]
    return hashlib.sha256(_encoder.encode(rows)).digest()
