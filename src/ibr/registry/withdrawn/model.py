"""Some records as they stand now, and what is to be changed so that they stand as others say."""

from __future__ import annotations

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
from ibr.registry.enrolment.model import EnrolmentRow, IndexRow, StatusRow

# A benefit of a record: when it was given, and what tells it from others of that moment.
BenefitKey = tuple[int, datetime, int]
StatusKey = tuple[int, datetime, int]
Place = tuple[bytes, int]


class Standing(msgspec.Struct):
    """Records as they stand, each kind by record number; what is not there has no entry."""

    contents: dict[int, StoredRecord] = {}
    units: dict[int, int] = {}
    digests: dict[int, bytes] = {}
    enrolments: dict[int, EnrolmentRow] = {}
    benefits: dict[BenefitKey, int] = {}
    statuses: dict[StatusKey, int] = {}
    index: dict[int, set[Place]] = {}
    programmes: dict[int, int] = {}
    identifiers: dict[int, set[Place]] = {}


class Restated(msgspec.Struct):
    """What changes in some records once a delivery counts no more, or counts again."""

    gone: set[int] = set()
    records: list[RecordRow] = []
    versions: list[VersionRow] = []
    regrouped: set[int] = set()
    members: list[MemberRow] = []
    identifiers: list[IdentifierRow] = []
    replaced: list[Replaced] = []
    index: list[IndexRow] = []
    off_index: list[Replaced] = []
    enrolments: list[EnrolmentRow] = []
    earlier: set[int] = set()
    benefits_out: list[BenefitKey] = []
    benefits_in: list[BenefitRow] = []
    statuses_out: list[StatusKey] = []
    statuses_in: list[StatusRow] = []
    changes: list[Change] = []

    @property
    def totals_of(self) -> list[int]:
        """Records whose totals of benefits are to be added up again."""
        touched = {each[0] for each in self.benefits_out}
        touched |= {each.record_id for each in self.benefits_in}
        touched |= {each.record_id for each in self.enrolments}
        return sorted(touched - self.gone)

    @property
    def counts(self) -> dict[str, int]:
        """How much changes, for whoever asked for it."""
        return {
            "changed": len({each.record_id for each in self.changes}),
            "gone": len(self.gone),
            "back": sum(each.kind == "enrolled" for each in self.changes),
            "benefits_out": len(set(self.benefits_out) - _keys(self.benefits_in)),
            "benefits_in": len(_keys(self.benefits_in) - set(self.benefits_out)),
        }


def _keys(benefits: list[BenefitRow]) -> set[BenefitKey]:
    return {(each.record_id, each.given_at, each.benefit_key) for each in benefits}
