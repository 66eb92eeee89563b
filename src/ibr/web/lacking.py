"""The note beside every figure that lacks reports: whose, and since when they are late.

One function for the pages of officers and the public site alike. What it says was frozen with the
figures, and with a release it is in what was signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from ibr.coverage.figures.model import NotReported
from ibr.web.written import Written


class Lacking(msgspec.Struct, frozen=True):
    """A programme whose report is not in some figures, in the reader's words."""

    name: str
    since: str


class Counted(Protocol):
    """A table of figures, or whatever else was counted from programmes' reports."""

    @property
    def not_reported(self) -> Sequence[NotReported] | None: ...

    @property
    def as_known_at(self) -> datetime | None: ...


def not_reported(
    written: Written, table: Counted | None, names: Mapping[str, Mapping[str, str]]
) -> list[Lacking]:
    """Every programme that a table lacks, those that are late for longest first."""
    if table is None or not table.not_reported:
        return []
    known_on = table.as_known_at.date() if table.as_known_at else None
    said = []
    for each in sorted(table.not_reported, key=lambda one: (one.due_on, one.programme)):
        late = known_on is None or each.due_on < known_on
        words = written.say("late since %(day)s") if late else written.say("due by %(day)s")
        name = written.name(names.get(each.programme, {}), each.programme)
        said.append(Lacking(name, words % {"day": written.date(each.due_on)}))
    return said
