"""The record of processing as plain records."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.keeping.model import Hold, Rule

Sensitivity = Literal["personal", "sensitive"]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table that holds data of people, with the columns that do."""

    name: str
    about: str
    personal: tuple[str, ...]
    sensitive: tuple[str, ...]


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme whose beneficiaries are recorded."""

    code: str
    institution: str | None
    feeds: tuple[str, ...]
    """Partners that may report for it."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner may tell, ask and see, by one clause of its agreement."""

    partner: str
    acts: tuple[str, ...]
    programmes: tuple[str, ...]
    purposes: tuple[str, ...]
    attributes: tuple[str, ...]
    legal_basis: str | None
    until: str | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Another registry that this one asks."""

    partner: str
    kind: str
    attributes: tuple[str, ...]
    purpose: str | None
    legal_basis: str | None


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of protection, by its code, whether it is truly there, and what was seen of it."""

    code: str
    there: bool
    seen: str


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """What could go wrong for the people recorded, and the measures against it."""

    code: str
    words: str
    measures: tuple[str, ...]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody last went through the record."""

    digest: bytes
    reviewed_by_name: str | None
    reviewed_at: datetime
    note: str


class Processing(msgspec.Struct, frozen=True, kw_only=True):
    """The whole record."""

    registry_id: str
    profile: str
    tables: tuple[Table, ...]
    programmes: tuple[Programme, ...]
    flows: tuple[Flow, ...]
    sources: tuple[Source, ...]
    purposes: tuple[str, ...]
    rules: tuple[Rule, ...]
    holds: tuple[Hold, ...]
    measures: tuple[Measure, ...]
    review: Review | None
    digest: bytes
    """Of everything above but the review and the holds: another digest means a review is due."""
    due: tuple[str, ...]
    """Why a review is due, by code; empty where none is."""


MEASURES: Final = {
    "row_security": "Row-level security by programme, area and class of data.",
    "signatures": "Every partner signs what it sends.",
    "agreements_whole": "Every agreement names its law.",
    "retention_rules": "Every rule of retention names a law.",
    "retention_runs": "What is past its time is disposed of every night.",
    "sealed_values": "Names, numbers, contacts and addresses are sealed with AES-256-GCM.",
    "budgets": "Different people an asker may ask about are counted and limited.",
    "ledger": "Every look at a person is recorded before the answer leaves.",
    "purposes": "A look-up on a page and a question of a partner names its purpose.",
    "people_decide": "Links in doubt and findings are decided by people, and can be undone.",
    "versions": "What a record said before is kept and can be shown.",
    "protected_people": "Protected people are hidden by the database from every look-up.",
    "two_people": "Partners, their keys and rights are changed by two people.",
    "sealed_audit": "The audit trail is sealed in batches, and lateness stops writing.",
    "disclosure": "Small groups in published figures are suppressed, and attacked before.",
    "extracts_approved": "Extracts for research are approved by a second person.",
    "record_keys": "Each record has a key of its own, destroyed when it is erased.",
    "sealed_backups": "Backups are taken every day, sealed to a key that need not be there.",
    "keys_apart": "No copy of the keys lies among the backups.",
    "second_factors": "Officers prove who they are with a second factor.",
}

RISKS: Final = (
    Risk(
        code="stolen_database",
        words="Somebody takes a copy of the database or a backup and reads names and numbers.",
        measures=("sealed_values", "record_keys", "sealed_backups", "keys_apart"),
    ),
    Risk(
        code="read_out",
        words="Somebody with a key or a password reads the registry out, person by person.",
        measures=("budgets", "ledger", "second_factors", "agreements_whole"),
    ),
    Risk(
        code="other_purpose",
        words="Data are asked for another purpose than they were collected for.",
        measures=("agreements_whole", "purposes", "ledger"),
    ),
    Risk(
        code="wrong_person",
        words="Two people are taken for one, and somebody loses a benefit.",
        measures=("people_decide", "versions"),
    ),
    Risk(
        code="found_by_abuser",
        words="Somebody who must not be found is found through the registry.",
        measures=("protected_people", "row_security"),
    ),
    Risk(
        code="kept_too_long",
        words="Data are kept after there is a reason for it, or come back after an erasure.",
        measures=("retention_rules", "retention_runs", "record_keys"),
    ),
    Risk(
        code="forged_news",
        words="Somebody reports in a programme's name.",
        measures=("signatures", "two_people"),
    ),
    Risk(
        code="changed_afterwards",
        words="Whoever rules the database changes what was done, so that nobody can prove it.",
        measures=("sealed_audit",),
    ),
    Risk(
        code="told_by_figures",
        words="Published figures or an extract tell of a single person.",
        measures=("disclosure", "extracts_approved"),
    ),
    Risk(
        code="lost",
        words="Data are lost, and people are not paid.",
        measures=("sealed_backups",),
    ),
)
