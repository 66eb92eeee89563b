"""A record's sealed content, and its rows as the database keeps them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

import msgspec

from ibr.reported.person import Group, Member


class Document(msgspec.Struct, omit_defaults=True):
    """What several reports add up to: member and group in strict form.

    `older` names the attributes whose newest word is older than the record's newest report, and
    when it was said; every attribute not named was said by the newest report.
    """

    member: dict[str, Any] | None = None
    group: dict[str, Any] | None = None
    older: dict[str, str] = {}


class _Fresh(msgspec.Struct, omit_defaults=True):
    member: Member | None
    group: Group | None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Document)
_sorted = msgspec.json.Encoder(order="deterministic")


def encode_fresh(member: Member | None, group: Group | None) -> bytes:
    """The content of a first report."""
    return _encoder.encode(_Fresh(member, group))


def encode_document(document: Document) -> bytes:
    return _sorted.encode(document)


def decode_document(encoded: bytes) -> Document:
    return _decoder.decode(encoded)


def digest_of(unit: int, content: bytes) -> bytes:
    """16 bytes that tell one report's content from another's."""
    return hashlib.blake2b(content, digest_size=16, key=bytes([unit])).digest()


class RecordRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of beneficiary_record."""

    record_id: int
    programme_id: int
    assistance_unit: int
    sex: int
    birth_date: date | None
    birth_precision: int
    death_date: date | None
    region_code: str | None
    sub_region_code: str | None
    is_disabled: bool | None
    group_size: int | None
    subject_index: bytes
    personal: bytes
    content_digest: bytes
    as_of: datetime
    known_at: datetime
    delivery_id: int


class VersionRow(msgspec.Struct, frozen=True, gc=False):
    """A row of beneficiary_version: what a record said before."""

    record_id: int
    as_of: datetime
    known_at: datetime
    programme_id: int
    personal: bytes
    delivery_id: int


class MemberRow(msgspec.Struct, frozen=True, gc=False):
    """A row of group_member."""

    record_id: int
    member_no: int
    programme_id: int
    sex: int
    birth_date: date | None
    birth_precision: int
    is_head: bool
    relationship: str | None
    is_disabled: bool | None
    subject_index: bytes | None


class IdentifierRow(msgspec.Struct, frozen=True, gc=False):
    """A row of identifier."""

    record_id: int
    blind_index: bytes
    role: int
    programme_id: int
    type_id: int
    value_sealed: bytes
    as_of: datetime


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """An identifier that a newer report put another in place of."""

    record_id: int
    blind_index: bytes
    role: int
    programme_id: int
    at: datetime


class StoredRecord(msgspec.Struct, frozen=True):
    """A record's sealed content as it stands in the database."""

    record_id: int
    personal: bytes
    as_of: datetime
    known_at: datetime
    delivery_id: int
