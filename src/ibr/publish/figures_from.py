"""Where figures are read from: frozen ones here; releases are a source of the same kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import Connection
from ibr.publish.files.model import Audience, TableName

Keys = frozenset[tuple[str, ...]]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Tables, and of releases what is withheld in them."""

    tables: tuple[FigureTable, ...]
    hidden: Mapping[TableName, Keys] = {}
    release_no: int | None = None
    licence: str = ""


class Source(Protocol):
    """Where figures come from, and whom they may be shown to."""

    @property
    def audience(self) -> Audience: ...
    async def periods(self, connection: Connection, indicator: str) -> Sequence[str]: ...
    async def tables(
        self,
        connection: Connection,
        indicators: Sequence[str],
        breakdowns: Sequence[str],
        periods: Sequence[str],
    ) -> Found: ...


class FrozenFigures:
    """Exact figures, for officers with the right to see them."""

    audience: Audience = "internal"

    async def periods(self, connection: Connection, indicator: str) -> Sequence[str]:
        return await read.months(connection, indicator)

    async def tables(
        self,
        connection: Connection,
        indicators: Sequence[str],
        breakdowns: Sequence[str],
        periods: Sequence[str],
    ) -> Found:
        found = await read.figure_tables(connection, indicators, breakdowns, periods)
        return Found(tables=tuple(found.values()))
