"""A visit: who proved what, agreed to what, and until when they see their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

LASTS: Final = timedelta(minutes=15)
PROOFS: Final = ("identity_card", "passport", "birth_certificate", "fingerprint", "known_witness")
"""How a person proves at the counter who they are, by code."""
AGREED_BY: Final = ("person", "guardian", "representative")
"""Who agreed: the person, who has custody of them, or who acts for them by law."""
LONGEST_NOTE: Final = 200
OF_THE_PERSON, OTHER_MEMBER = 0, 2
"""How a record carries a person: as the one it is about, or as another member of a household."""


class Proved(msgspec.Struct, frozen=True):
    """The number and the birth date that the person showed, in canonical form."""

    kind: str
    value: str
    birth_date: date


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed to: the fixed text by its version and digest, in which language, by whom."""

    version: str
    digest: bytes
    language: str
    by: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer writes to begin a visit."""

    kind: str
    value: str
    birth_date: str
    proof: str
    agreed_by: str
    agreed: bool
    language: str
    note: str = ""
    opened_for: str = ""


class HelpVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit as it stands; `records` gives each record that is the visitor's own its role.
    `officer_id` is None where the person signed in themselves (ibr/subject/own)."""

    visit_no: int
    officer_id: int | None
    proved: Proved
    subjects: tuple[bytes, ...]
    records: dict[int, int]
    proof_code: str
    consent: Consent
    note: str | None
    opened_for: str | None
    begun_at: datetime
    until: datetime
    ended_at: datetime | None

    def lasts(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.until

    @property
    def own(self) -> list[int]:
        """Records that are about the visitor, not about a household they are a member of."""
        return [record for record, role in self.records.items() if role == OF_THE_PERSON]
