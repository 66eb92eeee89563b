"""What became of each row, kept by block without a word of what the rows hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from ibr.files.model import OUTCOMES, Counts, Outcome
from ibr.files.records.items import Block
from ibr.files.records.seen import Seen
from ibr.intake.enrolment_updates import News
from ibr.reported.beneficiary import Refusal

_NUMBER: Final = {outcome: number for number, outcome in enumerate(OUTCOMES, 1)}


class _Kept(msgspec.Struct, array_like=True):
    """Rows of one block: number, outcome and reason of each; the reasons once."""

    rows: list[int]
    outcomes: bytes
    reasons: list[str]
    reason_of: list[int]


class Sorter:
    """Says of each record what it brought, the same in a dry run as when it counts."""

    def __init__(self) -> None:
        self._known = Seen()

    def outcomes(self, block: Block, news: Sequence[News]) -> list[Outcome]:
        """The outcomes of a block's records; blocks come in their order.

        In a dry run no block sees the one before it, so a record that is new there may have been
        met before in the file: then it is one that was changed.
        """
        marks = np.array([_mark(item) for item in block.items], np.uint64)
        met = self._known.before_marks(marks)
        found: list[Outcome] = []
        for place, said in enumerate(news):
            if said == "refused":
                found.append("refused")
            elif block.repeated[place]:
                found.append("repeated")
            elif said == "new" and met[place]:
                found.append("changed")
            else:
                found.append(said)
        return found


def _mark(item: object) -> int:
    if isinstance(item, Refusal) or not isinstance(item, list) or not item:
        return 0
    return int.from_bytes(item[0].record_key[:8], "big")


def count(counts: Counts, outcomes: Iterable[Outcome]) -> None:
    """Adds outcomes to the counts."""
    for outcome in outcomes:
        counts.add(outcome)


def kept(block: Block, outcomes: Sequence[Outcome]) -> bytes:
    """A block's outcomes as they are stored."""
    rows: list[int] = []
    numbers = bytearray()
    reasons: dict[str, int] = {"": 0}
    reason_of: list[int] = []
    for item, own, outcome in zip(block.items, block.rows, outcomes, strict=True):
        reason = _reason(item) if isinstance(item, Refusal) else ""
        reason_no = reasons.setdefault(reason, len(reasons))
        for row in own:
            rows.append(row)
            numbers.append(_NUMBER[outcome])
            reason_of.append(reason_no)
    encoded = msgspec.msgpack.encode(_Kept(rows, bytes(numbers), list(reasons), reason_of))
    return zstandard.compress(encoded)


def _reason(refusal: Refusal) -> str:
    return f"{refusal.field or ''}\n{refusal.reason}"


class RowOutcomes:
    """The outcomes of all rows of a file, five bytes a row, and each reason once."""

    def __init__(self, blocks: Iterable[bytes], last_row: int) -> None:
        self._outcome: npt.NDArray[np.uint8] = np.zeros(last_row + 1, np.uint8)
        self._reason: npt.NDArray[np.uint32] = np.zeros(last_row + 1, np.uint32)
        self._reasons: dict[str, int] = {"": 0}
        for block in blocks:
            self._add(msgspec.msgpack.decode(zstandard.decompress(block), type=_Kept))
        self._texts = list(self._reasons)

    def _add(self, one: _Kept) -> None:
        numbers = [self._reasons.setdefault(each, len(self._reasons)) for each in one.reasons]
        rows = np.array(one.rows, np.int64)
        most = int(rows.max(initial=0))
        if most >= len(self._outcome):
            self._outcome.resize(most + 1, refcheck=False)
            self._reason.resize(most + 1, refcheck=False)
        self._outcome[rows] = np.frombuffer(one.outcomes, np.uint8)
        self._reason[rows] = np.array(numbers, np.uint32)[np.array(one.reason_of, np.int64)]

    def of(self, row: int) -> tuple[str, str, str]:
        """The outcome of a row, the reason against it and how to mend it; empty for rows that are
        no records."""
        if row >= len(self._outcome) or not self._outcome[row]:
            return ("", "", "")
        outcome = OUTCOMES[self._outcome[row] - 1]
        if outcome == "repeated":
            return (outcome, "The row says the same as one before it; it counts once.", "")
        field, _, reason = self._texts[self._reason[row]].partition("\n")
        return (outcome, *_in_two(field, reason)) if reason else (outcome, "", "")


def _in_two(field: str, reason: str) -> tuple[str, str]:
    """What is wrong, and what to do: the first sentence and the others."""
    what, point, how = reason.partition(". ")
    if not point:
        about = f"{field} cannot be taken." if field else "The row cannot be taken."
        return about, reason
    named = what if not field or field in what else f"{field}: {what}"
    return f"{named}.", how
