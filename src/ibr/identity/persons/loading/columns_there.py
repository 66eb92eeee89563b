"""Everybody as columns for DuckDB, opened and laid out by helping processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np

from ibr.identity.engines.columns import Columns, compared_of
from ibr.identity.model import STANDARD, Appearance
from ibr.identity.persons.helpers import Helpers, Place
from ibr.identity.persons.loading import sharing, store
from ibr.identity.persons.reading.sealed import open_features
from ibr.identity.persons.runs import store as runs
from ibr.identity.weights.prepared import Bands


async def everybody_as_columns(
    place: Place, helpers: Helpers, bands: Bands
) -> AsyncIterator[list[Columns]]:
    """Everybody who is reported now, in order, a block at a time."""
    known = dict(bands)

    async def opened(begin: Appearance) -> Columns:
        return await helpers.do(columns_after, begin, sharing.BLOCK, known)

    begins = await sharing.begins_of_blocks(place)
    async for block in sharing.few_at_a_time(begins, opened):
        yield [block]


async def these_as_columns(
    helpers: Helpers, wanted: Sequence[Appearance], bands: Bands
) -> AsyncIterator[list[Columns]]:
    """These, as far as they are reported now, a block at a time."""
    known, size = dict(bands), sharing.BLOCK
    parts = [list(wanted[start : start + size]) for start in range(0, len(wanted), size)]

    async def opened(part: list[Appearance]) -> Columns:
        return await helpers.do(columns_of_these, part, known)

    async for block in sharing.few_at_a_time(parts, opened):
        yield [block]


async def columns_after(place: Place, after: Appearance, most: int, bands: Bands) -> Columns:
    """The next appearances that are reported now, opened."""
    async with place.database.transaction(place.programmes) as connection:
        await runs.take_time(connection)
        rows = await store.appearances_packed(connection, after, most, STANDARD)
    return _opened(place, rows, bands)


async def columns_of_these(place: Place, wanted: Sequence[Appearance], bands: Bands) -> Columns:
    """These appearances as far as they are reported now, opened."""
    async with place.database.transaction(place.programmes) as connection:
        await runs.take_time(connection)
        rows = await store.these_packed(connection, wanted, STANDARD)
    return _opened(place, rows, bands)


def _opened(place: Place, rows: Sequence[Any], bands: Bands) -> Columns:
    opened = [open_features(place.sealer, Appearance(row[0], row[1]), row[2]) for row in rows]
    keys = [store.unpacked_keys(row[3]) for row in rows]
    return Columns(
        np.fromiter((row[0] for row in rows), np.int64, len(rows)),
        np.fromiter((row[1] for row in rows), np.int16, len(rows)),
        compared_of(opened, bands),
        np.concatenate(keys) if keys else np.empty(0, np.int64),
        np.fromiter(map(len, keys), np.int64, len(rows)),
    )
