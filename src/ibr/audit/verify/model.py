"""What is verified and what came of it, as plain records; they are the lines of an export, too."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.audit.model import Event, LedgerLine, canonical_details, digest_of_lines
from ibr.audit.seals.model import AuditKey, Batch, Member, Seal

FORMAT: Final = 1

What = Literal[
    "seal_missing",
    "seal_changed",
    "chain_broken",
    "resealed",
    "other_key",
    "key_unknown",
    "rolled_back",
    "event_changed",
    "event_missing",
    "event_inserted",
    "event_swapped",
    "asked_changed",
    "asked_missing",
    "asked_inserted",
    "export_cut",
    "not_anchored",
]

# Each in plain words; the seal and the row are named beside them.
WORDS: Final[dict[What, str]] = {
    "seal_missing": "A seal is missing here. Somebody removed it, or the end of the trail was cut "
    "off and written anew.",
    "seal_changed": "This seal's signature does not hold: the seal was changed after it was made, "
    "or was made by somebody without the audit key.",
    "chain_broken": "This seal does not follow the one before it: one of the two was replaced.",
    "resealed": "This seal is not the one that was anchored outside the database: the trail was "
    "changed and sealed again.",
    "other_key": "This seal was made with another key than the anchored one: the trail was sealed "
    "again by somebody else.",
    "key_unknown": "This seal was made with a key that no earlier audit key vouches for.",
    "rolled_back": "The anchor holds newer seals than the database: the database was rolled back "
    "to an earlier state, or its newest part was cut off.",
    "event_changed": "This event was changed after it was recorded.",
    "event_missing": "This event was sealed and is no longer there: it was deleted.",
    "event_inserted": "This event is in no seal though those before and after it are: it was "
    "inserted afterwards.",
    "event_swapped": "What stands under this number is not what was sealed under it: the event "
    "was replaced together with its digest, or exchanged with another.",
    "asked_changed": "A row of the ledger of questions was changed after it was recorded.",
    "asked_missing": "A look-up was removed from the ledger of questions.",
    "asked_inserted": "A row was put into the ledger of questions that nobody asked.",
    "not_anchored": "The anchor does not know this seal. It may be of another registry.",
    "export_cut": "The export ends before its last line. Make it again, or ask for the whole file.",
}


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where the trail does not hold: `seal` and `row` are numbers, where there is
    one."""

    what: What
    seal: int | None = None
    row: int | None = None

    @property
    def words(self) -> str:
        """Where and what, in plain words."""
        place = [] if self.row is None else [f"event {self.row}"]
        if self.what.startswith("asked") and self.row is not None:
            place = [f"batch {self.row} of the ledger"]
        place += [] if self.seal is None else [f"seal {self.seal}"]
        return f"{', '.join(place).capitalize()}: {WORDS[self.what]}" if place else WORDS[self.what]


class BrokenError(Exception):
    """Raised where the trail does not hold, so that nothing after it is believed."""

    def __init__(self, found: Break) -> None:
        super().__init__(found.words)
        self.found = found


class Report(msgspec.Struct, kw_only=True):
    """What was verified: `waiting` is not sealed yet; `lost` are seals that a restored backup did
    not hold, as pairs; `key` is the oldest key, to be compared with what was noted elsewhere."""

    seals: int = 0
    events: int = 0
    asked: int = 0
    waiting: int = 0
    anchored: int = 0
    first: int | None = None
    last: int | None = None
    code: str | None = None
    key: str | None = None
    lost: list[tuple[int, ...]] = []
    broken: Break | None = None


class Checked(msgspec.Struct, frozen=True):
    """A row as it was found: what a seal closes of it, and what is wrong with it by itself."""

    member: Member
    wrong: What | None
    rows: int = 0


class EventKept(msgspec.Struct, frozen=True, kw_only=True, tag="event", tag_field="is"):
    """An event as it is kept; `details` is JSON."""

    number: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    details: msgspec.Raw
    digest: bytes

    def checked(self) -> Checked:
        """Works its digest out anew."""
        details = canonical_details(bytes(self.details))
        anew = Event(self.at, self.kind, self.actor_kind, self.actor_id, details).digest
        wrong: What | None = None if anew == self.digest else "event_changed"
        return Checked(Member(self.number, "event", self.digest), wrong)


class BatchKept(msgspec.Struct, frozen=True, kw_only=True, tag="asked", tag_field="is"):
    """A batch of the ledger with its rows as lines. Those of before sealing began are many, so they
    come as a count and a digest that were worked out from the rows."""

    number: int
    at: datetime
    rows: int
    digest: bytes
    of_before: bool
    lines: list[LedgerLine] = []
    found_rows: int | None = None
    found_digest: bytes | None = None

    def checked(self) -> Checked:
        """Works its digest out anew."""
        rows, digest = self.found_rows, self.found_digest
        if rows is None or digest is None:
            rows, digest = len(self.lines), digest_of_lines(self.lines)
        wrong: What | None = None
        if rows != self.rows:
            wrong = "asked_missing" if rows < self.rows else "asked_inserted"
        elif digest != self.digest:
            wrong = "asked_changed"
        batch = Batch(
            number=self.number,
            at=self.at,
            rows=self.rows,
            digest=self.digest,
            of_before=self.of_before,
        )
        return Checked(batch.member, wrong, rows)


Kept = EventKept | BatchKept


class Head(msgspec.Struct, frozen=True, kw_only=True, tag="head", tag_field="is"):
    """The first line of an export."""

    format: int
    chain: str
    made_at: datetime
    first: int
    last: int
    keys: list[AuditKey]


class SealLine(msgspec.Struct, frozen=True, tag="seal", tag_field="is"):
    """A seal; the events and batches that it closes follow it."""

    seal: Seal


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end", tag_field="is"):
    """The last line of an export, so that a file that was cut off is noticed."""

    seals: int
    members: int
    broken: Break | None = None


ExportLine = Head | SealLine | EventKept | BatchKept | End


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That an event is in a seal: its place among the seal's leaves, and what leads to the root."""

    kept: Kept
    place: int
    path: list[bytes]
    seal: Seal
    key: AuditKey
    format: int = FORMAT
