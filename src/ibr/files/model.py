"""A file that was sent, and what became of its records."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.deliveries.model import ControlTotals
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.propose import Question

State = Literal["arriving", "arrived", "trying", "tried", "taking", "done", "failed"]
OPEN: Final[tuple[State, ...]] = ("arriving", "arrived", "trying", "tried", "taking")
Outcome = Literal["new", "changed", "unchanged", "repeated", "refused"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("new", "changed", "unchanged", "repeated", "refused")
# Partners have numbers from 1 on; this one means that a person of the registry sent a file.
BY_HAND: Final = 0


class Counts(msgspec.Struct, omit_defaults=True):
    """Records by outcome, and how many rows were lines of sums.

    `repeated` are records that say the same as one before them in the file.
    """

    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: int = 0
    totals: int = 0

    def add(self, outcome: Outcome) -> None:
        """Counts one record."""
        self.records += 1
        setattr(self, outcome, getattr(self, outcome) + 1)


class FileTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender says of a file as a whole."""

    cycle: str
    sequence: int | None = None
    mode: Literal["initial", "delta", "correction"] = "delta"
    totals: ControlTotals = ControlTotals()
    as_of: datetime | None = None


class Look(msgspec.Struct):
    """What was seen of a file when its columns were looked at; kept sealed, for it holds rows.

    `sample` is the first rows below the heading, `words` some words of each column of codes.
    """

    format: str
    encoding: str = ""
    sheet: str | None = None
    sheets: list[str] = []
    heading: int = 1
    titles: list[str] = []
    sample: list[tuple[int, list[str]]] = []
    rows: int = 0
    totals: int = 0
    width: int = 0
    questions: list[Question] = []
    words: dict[str, list[str]] = {}
    known: bool = False
    """Whether the mapping was remembered from an earlier file of this layout."""


class FileSent(msgspec.Struct, kw_only=True):
    """One file as it is kept."""

    file_no: int
    programme_id: int
    partner_id: int
    officer_id: int | None
    state: State
    name: str
    format: str | None
    bytes_said: int | None
    length: int
    digest: bytes | None
    terms: FileTerms
    mapping: Mapping | None
    look: Look | None
    last_row: int
    counts: Counts
    tried: Counts | None
    delivery_id: int | None
    refused_code: str | None
    refused_reason: str | None
    response_format: str | None
    response_bytes: int | None
    created_at: datetime
    touched_at: datetime
    done_at: datetime | None

    @property
    def must_be_answered(self) -> list[Question]:
        """What a person must decide before anything can be sent."""
        return [each for each in (self.look.questions if self.look else []) if each.must]
