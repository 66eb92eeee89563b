"""Figures of releases, for partners and the public: what was shown, with what is hidden in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ibr.db.pool import Connection
from ibr.publish.figures_from import Found
from ibr.publish.files.model import TableName
from ibr.publish.releases.model import ReleasedTable
from ibr.publish.releases.read import one_release, released_tables, standing


class ReleasedFigures:
    """What counts for an audience: of each table the newest release that stands.

    Partners read what the public reads too; where both have a table, theirs says more.
    """

    def __init__(self, audience: Literal["partners", "public"]) -> None:
        self.audience = audience

    @property
    def _read(self) -> tuple[Literal["partners", "public"], ...]:
        return ("public", "partners") if self.audience == "partners" else ("public",)

    async def periods(self, connection: Connection, indicator: str) -> Sequence[str]:
        """Months in which readers have any figure of an indicator."""
        found: set[str] = set()
        for audience in self._read:
            every = await standing(connection, audience)
            found |= {each.period for each in every if each.indicator == indicator}
        return sorted(each for each in found if "-" in each)

    async def tables(
        self,
        connection: Connection,
        indicators: Sequence[str],
        breakdowns: Sequence[str],
        periods: Sequence[str],
    ) -> Found:
        counted: dict[TableName, tuple[int, ReleasedTable]] = {}
        for audience in self._read:
            names = [(code, breakdown) for code in indicators for breakdown in breakdowns]
            counted |= await released_tables(connection, audience, names, periods)
        numbers = sorted({number for number, _ in counted.values()})
        heads = [await one_release(connection, number) for number in numbers]
        return Found(
            tables=tuple(each.table for _, each in counted.values()),
            hidden={name: each.hidden_keys for name, (_, each) in counted.items() if each.hidden},
            release_no=numbers[-1] if numbers else None,
            licence="; ".join(dict.fromkeys(head.licence for head in heads)),
        )
