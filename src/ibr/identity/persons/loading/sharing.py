"""Who shares a key with those that are looked for: by the index, or by going through everybody.

The index is asked once for each key. For so many that it takes longer than going through all keys
there are, helping processes read them all and what is looked for is picked out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ibr.identity.model import STANDARD, Appearance
from ibr.identity.persons.helpers import Helpers, Place
from ibr.identity.persons.loading import store
from ibr.identity.persons.runs import store as runs

A = TypeVar("A")
T = TypeVar("T")
BLOCK: Final = 20_000
SCANNED_FOR_ONE_ASKED: Final = 15
"""Going through so many appearances takes about as long as asking the index for one key: some
3 µs each against some 50, by estimate. Either way finds the same."""
_UNDER_WAY: Final = 4
_BITS: Final = 26
"""What is looked for is marked in a table of so many bits, which is looked into first."""


class Sharing(NamedTuple):
    """The keys that are followed, sorted, and who has one of them."""

    keys: NDArray[np.int64]
    who: set[Appearance]


class Keys(NamedTuple):
    """Some appearances and their keys: of the first, then of the second, and so on."""

    records: NDArray[np.int64]
    numbers: NDArray[np.int16]
    keys: NDArray[np.int64]
    keys_each: NDArray[np.int64]


async def begins_of_blocks(place: Place) -> list[Appearance]:
    """The last appearance before each block of those who are reported now."""
    async with place.database.transaction(place.programmes) as connection:
        await runs.take_time(connection)
        return [store.BEFORE_ALL, *await store.ends_of_blocks(connection, BLOCK, STANDARD)]


async def few_at_a_time(wanted: Iterable[A], work: Callable[[A], Awaitable[T]]) -> AsyncIterator[T]:
    """What `work` gives for each, in order, while the next ones are under way."""
    waiting: deque[asyncio.Future[T]] = deque()
    try:
        for each in wanted:
            waiting.append(asyncio.ensure_future(work(each)))
            if len(waiting) == _UNDER_WAY:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def sharing_by_scan(
    place: Place, helpers: Helpers, sought: NDArray[np.int64], most: int
) -> Sharing:
    """Who of all has one of the keys; those of more than `most` are not followed.

    `sought` is sorted and holds each key once.
    """
    marked = np.zeros(1 << _BITS, np.bool_)
    marked[_mark(sought)] = True
    keys, records, numbers = [sought[:0]], [sought[:0]], [np.empty(0, np.int16)]

    async def read(begin: Appearance) -> Keys:
        return await helpers.do(keys_after, begin, BLOCK)

    async for block in few_at_a_time(await begins_of_blocks(place), read):
        maybe = np.flatnonzero(marked[_mark(block.keys)])
        places = np.searchsorted(sought, block.keys[maybe])
        places[places == len(sought)] = 0
        hits = maybe[sought[places] == block.keys[maybe]] if len(sought) else maybe[:0]
        whose = np.repeat(np.arange(len(block.records)), block.keys_each)[hits]
        keys.append(block.keys[hits])
        records.append(block.records[whose])
        numbers.append(block.numbers[whose])
    all_keys = np.concatenate(keys)
    each, back, counts = np.unique(all_keys, return_inverse=True, return_counts=True)
    kept = counts[back] <= most
    who = zip(
        np.concatenate(records)[kept].tolist(), np.concatenate(numbers)[kept].tolist(), strict=True
    )
    return Sharing(each[counts <= most], {Appearance(*one) for one in who})


def _mark(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """A place in the table: keys are hashes, so any of their bits will do."""
    return keys & ((1 << _BITS) - 1)


async def keys_after(place: Place, after: Appearance, most: int) -> Keys:
    """The keys of the next appearances that are reported now."""
    async with place.database.transaction(place.programmes) as connection:
        await runs.take_time(connection)
        rows = await store.keys_packed(connection, after, most, STANDARD)
    keys = [store.unpacked_keys(row[2]) for row in rows]
    return Keys(
        np.fromiter((row[0] for row in rows), np.int64, len(rows)),
        np.fromiter((row[1] for row in rows), np.int16, len(rows)),
        np.concatenate(keys) if keys else np.empty(0, np.int64),
        np.fromiter(map(len, keys), np.int64, len(rows)),
    )
