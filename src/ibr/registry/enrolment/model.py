"""An enrolment: one record in one programme, its status now and every status it had."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Standing(msgspec.Struct, frozen=True, gc=False):
    """A status, since when, and its rank among changes of the same moment."""

    status: int
    at: datetime
    rank: int

    def stands_before(self, other: Standing) -> bool:
        """Whether the other one overrides this."""
        return (self.at, self.rank) < (other.at, other.rank)


class RecordState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the merge needs to know of a record that is already there."""

    record_id: int
    assistance_unit: int
    content_digest: bytes
    subject_index: bytes
    as_of: datetime
    standing: Standing
    enrolled_at: datetime | None
    enrolled_said_at: datetime | None


class EnrolmentRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of enrolment, without the totals that benefits add."""

    record_id: int
    programme_id: int
    enrolled_at: datetime | None
    enrolled_said_at: datetime | None
    status: int
    status_at: datetime
    status_rank: int
    as_of: datetime
    known_at: datetime
    delivery_id: int


class StatusRow(msgspec.Struct, frozen=True, gc=False):
    """A row of status_change."""

    record_id: int
    changed_at: datetime
    status: int
    programme_id: int
    known_at: datetime
    delivery_id: int


class IndexRow(msgspec.Struct, frozen=True, gc=False):
    """A row of enrolled_index: from an identifier to a record and its status."""

    blind_index: bytes
    programme_id: int
    record_id: int
    role: int
    assistance_unit: int
    status: int
    status_at: datetime
    status_rank: int
