"""The figures that somebody asks for, in the order and with the codes that they ask for."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.publish.asked.read_asked import Asked
from ibr.publish.figures_from import Found, Source


async def find(connection: Connection, source: Source, asked: Asked) -> Found:
    """The tables asked for, in the order asked for, with the codes asked for; NotFound if none."""
    periods = asked.periods or await _newest(connection, source, asked)
    found = await source.tables(connection, asked.indicators, asked.breakdowns, periods)
    if not found.tables:
        raise NotFound(
            "figures.none",
            "There are no figures for this indicator, period and breakdown. The library of "
            "indicators says how each can be broken down, and for which periods it was worked out.",
        )
    order = {code: place for place, code in enumerate(asked.indicators)}
    tables = sorted(found.tables, key=lambda t: (order[t.indicator], t.period, t.breakdown))
    if not asked.where:
        return msgspec.structs.replace(found, tables=tuple(tables))
    return msgspec.structs.replace(
        found,
        tables=tuple(_narrowed(table, asked.where) for table in tables),
        hidden={
            name: frozenset(key for key in keys if _wanted(name[1], key, asked.where))
            for name, keys in found.hidden.items()
        },
    )


async def _newest(connection: Connection, source: Source, asked: Asked) -> tuple[str, ...]:
    """The newest month that each indicator has figures for."""
    newest = [max(await source.periods(connection, code), default="") for code in asked.indicators]
    return tuple(dict.fromkeys(each for each in newest if each))


def _narrowed(table: FigureTable, where: Mapping[str, frozenset[str]]) -> FigureTable:
    cells = tuple(each for each in table.cells if _wanted(table.breakdown, each.key, where))
    return msgspec.structs.replace(table, cells=cells)


def _wanted(breakdown: str, key: tuple[str, ...], where: Mapping[str, frozenset[str]]) -> bool:
    """Whether a figure has one of the codes wanted; a breakdown without the dimension has all."""
    there = dict(zip(breakdown.split("*"), key, strict=True)) if key else {}
    return all(there.get(each, next(iter(codes))) in codes for each, codes in where.items())
