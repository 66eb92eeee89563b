"""What the merge of one chunk reads and writes, by table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from ibr.registry.beneficiaries.model import (
    IdentifierRow,
    MemberRow,
    RecordRow,
    Replaced,
    StoredRecord,
    VersionRow,
)
from ibr.registry.benefits.model import BenefitRow
from ibr.registry.changes.model import Change
from ibr.registry.enrolment.model import EnrolmentRow, IndexRow, RecordState, StatusRow


class Rows(msgspec.Struct):
    """The rows of one chunk, by table."""

    records: list[RecordRow] = []
    versions: list[VersionRow] = []
    groups: list[int] = []
    members: list[MemberRow] = []
    identifiers: list[IdentifierRow] = []
    replaced: list[Replaced] = []
    index: list[IndexRow] = []
    enrolments: list[EnrolmentRow] = []
    statuses: list[StatusRow] = []
    benefits: list[BenefitRow] = []
    changes: list[Change] = []
    changed: set[int] = set()


class Known(msgspec.Struct, frozen=True):
    """What the database knows of the records of one chunk."""

    numbers: Mapping[bytes, int]
    states: Mapping[int, RecordState]
    contents: Mapping[int, StoredRecord]
    identifiers: Mapping[int, set[tuple[bytes, int]]]
    type_ids: Mapping[str, int]


class Source(msgspec.Struct, frozen=True):
    """The delivery that the records come from."""

    delivery_id: int
    as_of: datetime
    known_at: datetime
