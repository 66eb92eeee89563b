"""A model trained on a registry's own appearances, kept as a candidate until a run with it.

Everybody is read twice, a block at a time: first for how common names are and to choose whose pairs
are looked at, then for those pairs. Of very many people a sample is looked at: whoever the hash of
their record's key falls among, against everybody. So every pair is as likely as any other to be
among those that are learned from, whatever it has in common; the same records always give the same
sample and the same model; and memory holds the sample and its neighbours, never everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import Conflict
from ibr.identity.engines import blocks
from ibr.identity.engines.found import Keyed
from ibr.identity.engines.splink_engine import opened
from ibr.identity.engines.training import UIN_COLUMN, compared, name_bands
from ibr.identity.model import STANDARD, Appearance
from ibr.identity.persons import kept_models
from ibr.identity.persons.loading import store as loading
from ibr.identity.persons.loading.open_features import Loader, through
from ibr.identity.persons.news import Progress
from ibr.identity.persons.runs import store as runs
from ibr.identity.weights.starting import starting_model
from ibr.identity.weights.train import Trained, train
from ibr.protection.seal import Sealer

MOST: Final = 100_000
"""So many appearances are compared with everybody; that gives some hundred thousands of pairs with
two numbers, of which the weights stand still long before."""
_NO_LIMIT: Final = 2**62
_HASHES: Final = 2**64


class NewModel(msgspec.Struct, frozen=True):
    """A candidate and what was said of its training."""

    model_no: int
    said: dict[str, object]


class _Place(NamedTuple):
    """What DuckDB may take."""

    memory: str
    threads: int
    folder: Path | None


class _Looked(NamedTuple):
    """What the first reading brought: whose pairs are looked at, and the names that are common."""

    sample: list[Keyed]
    bands: dict[int, int]


async def train_model(
    database: Database,
    sealer: Sealer,
    *,
    memory: str,
    threads: int,
    folder: Path | None,
    progress: Progress,
    most: int = MOST,
) -> NewModel:
    """Trains on what is reported now; Conflict where too few carry a foundational number."""
    async with database.transaction(()) as connection:
        programmes = await runs.see_programmes(connection)
    async with database.transaction(programmes) as connection:
        await runs.take_time(connection)
        many = await loading.how_many(connection, STANDARD, _NO_LIMIT)
    loader = Loader(database, sealer, programmes)
    share = most / many if many > most else 1.0

    def first(everybody: Iterator[Keyed]) -> _Looked:
        return _first_look(everybody, share)

    def second(everybody: Iterator[Keyed]) -> Trained | None:
        others = (each for each in everybody if not is_sampled(each[0], share))
        return _learn(looked.sample, others, looked.bands, _Place(memory, threads, folder))

    looked: _Looked = await through(_told(loader, progress, "read"), first)
    trained: Trained | None = await through(_told(loader, progress, "train"), second)
    if trained is None:
        raise Conflict(
            "linkage.too_few_numbers",
            "Too few pairs carry a foundational number in both records to learn from. The model "
            "in use stays; train again when more was reported.",
        )
    said: dict[str, object] = {
        "method": trained.model.method,
        "appearances": many,
        "sampled": len(looked.sample),
        **trained.said,
    }
    async with database.transaction(()) as connection:
        number = await kept_models.add(connection, trained.model, said, now())
    return NewModel(number, said)


def is_sampled(each: Appearance, share: float) -> bool:
    """Whether the pairs of an appearance are looked at; it hangs on its record's key alone."""
    key = each.record_id.to_bytes(8, "big", signed=True)
    digest = hashlib.blake2b(key, digest_size=8, person=b"train").digest()
    return int.from_bytes(digest, "big") < share * _HASHES


async def _told(loader: Loader, progress: Progress, what: str) -> AsyncIterator[list[Keyed]]:
    """Everybody a block at a time; whoever waits hears how many it were."""
    count = 0
    async for block in loader.everybody():
        count += len(block)
        progress(what, count)
        yield block


def _first_look(everybody: Iterator[Keyed], share: float) -> _Looked:
    sample: list[Keyed] = []

    def each_one() -> Iterator[Keyed]:
        for each in everybody:
            if is_sampled(each[0], share):
                sample.append(each)
            yield each

    bands = name_bands(features for _, features, _ in each_one())
    return _Looked(sample, bands)


def _learn(
    sample: Sequence[Keyed], others: Iterator[Keyed], bands: dict[int, int], place: _Place
) -> Trained | None:
    """The model of the pairs that the sample has with itself and with the others.

    Everybody who shares a key with the sample is kept, so a key that too many share is known for
    one as surely as if everybody had been loaded.
    """
    start = starting_model()
    with opened(place.memory, place.threads, place.folder) as connection:
        blocks.load(connection, sample, others, bands)
        blocks.count_dropped(connection, start.most_in_block)
        blocks.find_pairs(connection, only_fresh=True)
        pairs = compared(connection)
    same_number = pairs.levels[:, UIN_COLUMN] == 1
    return train(pairs.levels, pairs.shared > same_number, start, bands)
