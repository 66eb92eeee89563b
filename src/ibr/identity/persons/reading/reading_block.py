"""A block of sealed records as rows of appearances: pure work for the processor, in any process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from ibr.identity.features.appearing import OWN
from ibr.identity.features.features_of import Appeared, features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.features.ties import Noted
from ibr.identity.model import STANDARD, Appearance, Features
from ibr.identity.persons.reading.numbering import Earlier, Known, first, numbered
from ibr.identity.persons.reading.sealed import open_features, packed, place_of_features
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import decode_document

Numbers = frozenset[Noted]
_NOTHING: Final = Features()


class Kept(NamedTuple):
    """An appearance as it stands in the database."""

    appearance_no: int
    member_no: int | None
    digest: bytes
    features: bytes
    standard: int
    numbers: Numbers


class Record(NamedTuple):
    """A record to be read, with what was read of it before; `personal` None where it is gone."""

    record_id: int
    programme_id: int
    unit: int
    personal: bytes | None
    kept: Sequence[Kept]


class AppearanceRow(msgspec.Struct, frozen=True, gc=False):
    """A row of appearance that is new or changed."""

    record_id: int
    appearance_no: int
    programme_id: int
    member_no: int | None
    features: bytes
    features_digest: bytes
    keys: list[int]
    standard: int
    read_at: datetime


class PlaceRow(msgspec.Struct, frozen=True, gc=False):
    """An appearance whose features stay, and whose place in the group is another, or none.

    `read_at` is set where it came back or is gone, which others have to hear of.
    """

    record_id: int
    appearance_no: int
    member_no: int | None
    read_at: datetime | None


class NumberRow(msgspec.Struct, frozen=True, gc=False):
    """A row of appearance_number."""

    record_id: int
    appearance_no: int
    kind: str
    tie: str
    blind_index: bytes
    programme_id: int


class Rows(msgspec.Struct, gc=False):
    """What a block changes, by table."""

    appearances: list[AppearanceRow] = []
    places: list[PlaceRow] = []
    numbers: list[NumberRow] = []
    stale: list[Appearance] = []
    """Whose numbers are put anew."""
    fresh: int = 0
    changed: int = 0
    gone: int = 0


class Reader:
    """Opens records, makes features and keys, and seals them again."""

    def __init__(self, sealer: Sealer, index: BlindIndex) -> None:
        self._sealer = sealer
        self._index = index

    def read_many(self, records: Iterable[Record], at: datetime) -> Rows:
        """What the records change, in their order."""
        rows = Rows()
        for record in records:
            self._read(record, at, rows)
        return rows

    def _read(self, record: Record, at: datetime, rows: Rows) -> None:
        kept = {each.appearance_no: each for each in record.kept}
        appeared = self._appeared(record)
        content = [packed(each.features) for each in appeared]
        digests = [self._index.digest(each) for each in content]
        now = [
            Known(each.features, digest, _own(each.numbers), each.member_no == OWN)
            for each, digest in zip(appeared, digests, strict=True)
        ]
        numbers = numbered(self._earlier(record, digests), now) if kept else first(now)
        for number, each, clear, digest in zip(numbers, appeared, content, digests, strict=True):
            before = kept.pop(number, None)
            self._put(record, number, each, clear, digest, before, at, rows)
        for number, before in kept.items():
            if before.member_no is not None:
                rows.places.append(PlaceRow(record.record_id, number, None, at))
                rows.gone += 1
                if before.numbers:
                    rows.stale.append(Appearance(record.record_id, number))

    def _appeared(self, record: Record) -> list[Appeared]:
        if record.personal is None:
            return []
        place = place_of("beneficiary_record", "personal", record.record_id)
        document = decode_document(self._sealer.open(record.personal, place))
        return features_of(document, record.unit, record.programme_id, self._index)

    def _earlier(self, record: Record, digests: Sequence[bytes]) -> list[Earlier]:
        """Those who had a number; their features are opened only where the digests do not tell."""
        told = Counter(digests) <= Counter(each.digest for each in record.kept)
        found = []
        for each in record.kept:
            appearance = Appearance(record.record_id, each.appearance_no)
            features = _NOTHING if told else open_features(self._sealer, appearance, each.features)
            known = Known(features, each.digest, _own(each.numbers), each.member_no == OWN)
            found.append(Earlier(each.appearance_no, known, each.member_no is not None))
        return found

    def _put(
        self,
        record: Record,
        number: int,
        appeared: Appeared,
        clear: bytes,
        digest: bytes,
        before: Kept | None,
        at: datetime,
        rows: Rows,
    ) -> None:
        appearance = Appearance(record.record_id, number)
        noted = appeared.numbers
        if before is None or before.digest != digest or before.standard != STANDARD:
            rows.appearances.append(
                AppearanceRow(
                    *appearance,
                    record.programme_id,
                    appeared.member_no,
                    self._sealer.seal(clear, place_of_features(appearance)),
                    digest,
                    keys_of(appeared.features, self._index),
                    STANDARD,
                    at,
                )
            )
            rows.fresh += before is None
            rows.changed += before is not None
        elif before.member_no != appeared.member_no:
            returned = before.member_no is None
            rows.places.append(PlaceRow(*appearance, appeared.member_no, at if returned else None))
            rows.changed += returned
        if before is not None:
            if before.numbers == set(noted):
                return
            if before.numbers:
                rows.stale.append(appearance)
        rows.numbers += [
            NumberRow(*appearance, each.kind, each.tie, each.blind_index, record.programme_id)
            for each in noted
        ]


def _own(numbers: Iterable[Noted]) -> frozenset[bytes]:
    return frozenset(each.blind_index for each in numbers if not each.tie)
