"""Who is asking: the partner or officer, the purpose, the programmes in reach."""

from __future__ import annotations

from typing import Literal

import msgspec


class Purpose(msgspec.Struct, frozen=True):
    """Why somebody asks: a code, and the asker's own words where there are any."""

    code: str
    text: str | None = None


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """A partner, an officer or the registry itself, as the gate sees it.

    `ask` and `report` are programme numbers; both were looked up for this very asker and are
    never taken from what the asker sent. `partner` is the partner whose developer an officer is,
    None for every other officer.
    """

    kind: Literal["partner", "officer", "registry"]
    id: int
    name: str
    purpose: Purpose
    ask: frozenset[int]
    report: frozenset[int] = frozenset()
    scopes: frozenset[str] = frozenset()
    partner: int | None = None

    @property
    def reach(self) -> frozenset[int]:
        """Every programme whose rows the asker may see or write."""
        return self.ask | self.report
