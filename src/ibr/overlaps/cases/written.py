"""Rows of the tables as cases and steps, and steps as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from ibr.overlaps.cases.model import MOVING, Act, By, Case, Step
from ibr.protection.seal import Sealer, place_of

LONGEST_NOTE = 4_000


def case_from(row: Record) -> Case:
    """A case from its row."""
    fields = {name: row[name] for name in Case.__struct_fields__}
    return Case(**fields | {"at_stake": msgspec.json.decode(fields["at_stake"])})


def step_from(row: Record, note: str | None = None) -> Step:
    """A step from its row."""
    plain = {name: row[name] for name in Step.__struct_fields__ if name != "note" and name in row}
    return Step(**plain, note=note)


def case_before(case: Case, before: str) -> dict[str, Any]:
    """The moving fields as a step's row keeps them."""
    kept = msgspec.json.decode(before)
    whole = msgspec.convert(msgspec.to_builtins(case) | kept, Case)
    return {name: getattr(whole, name) for name in MOVING}


def note_place(case_id: int, step_no: int) -> bytes:
    """Where a sealed note stands: a row of two numbers."""
    return place_of("case_step", "note", case_id.to_bytes(8, "big") + step_no.to_bytes(8, "big"))


def step_row(
    sealer: Sealer | None,
    before: Case,
    after: Case,
    act: Act,
    by: By,
    at: datetime,
    *,
    evidence: bytes,
    note: str | None = None,
    letter_no: int | None = None,
) -> list[object]:
    """The step's row."""
    kept = {name: getattr(before, name) for name in MOVING}
    sealed = None
    if note and sealer is not None:
        sealed = sealer.seal(note.encode(), note_place(after.case_id, after.step_no))
    return [
        after.case_id,
        after.step_no,
        after.programme_id,
        act.action,
        before.state,
        after.state,
        by.kind,
        by.id,
        at,
        act.outcome or act.reason,
        sealed,
        evidence,
        msgspec.json.encode(kept).decode(),
        letter_no,
    ]


def opened_note(sealer: Sealer, row: Record, case_id: int) -> str | None:
    """A step's note, opened."""
    if row["note"] is None:
        return None
    return sealer.open(row["note"], note_place(case_id, row["step_no"])).decode()
