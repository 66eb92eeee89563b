"""Weighs and joins: everybody, or what changed against everybody.

What changed is weighed against whoever shares a key with it, and only those are joined anew who
hang together with it; the result is the same as if everybody had been weighed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ibr.db.pool import Database
from ibr.identity.engines import companions, plain, splink_engine
from ibr.identity.engines import found as engines
from ibr.identity.engines.clustering import cluster
from ibr.identity.engines.columns import Columns, columns_of
from ibr.identity.engines.found import Keyed, in_order
from ibr.identity.model import Appearance, Decided, Number, Weighed
from ibr.identity.persons.apply import Result
from ibr.identity.persons.decisions import store as decisions
from ibr.identity.persons.helpers import Helpers
from ibr.identity.persons.loading.columns_there import everybody_as_columns, these_as_columns
from ibr.identity.persons.loading.open_features import Loader, through
from ibr.identity.persons.loading.sharing import (
    SCANNED_FOR_ONE_ASKED,
    Sharing,
    sharing_by_scan,
)
from ibr.identity.persons.news import Progress
from ibr.identity.persons.pairs import store as pairs
from ibr.identity.persons.region import affected, with_near
from ibr.identity.persons.runs import store as runs
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.score import table_of, weight_of
from ibr.protection.seal import Sealer

FEW: Final = 2_000
"""So many appearances are weighed by the plain engine sooner than DuckDB is made ready."""
_SLACK: Final = 0.001
"""Both engines add up the same bits, but not in the same order; the sum is made again here."""

_DIGITS: Final = 6

Numbers = Mapping[Appearance, Number | None]


class Found(msgspec.Struct, frozen=True):
    """What a run found, the foundational numbers of whom it looked at, and how many it compared."""

    result: Result
    numbers: Numbers
    compared: int


class Weigher:
    """Weighs by one model, with what is in the database now."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        programmes: Collection[int],
        model: LinkageModel,
        *,
        memory: str,
        threads: int,
        folder: Path | None,
        progress: Progress,
    ) -> None:
        self._database = database
        self._loader = Loader(database, sealer, programmes)
        self._programmes = programmes
        self._model = model
        self._memory = memory
        self._threads = threads
        self._folder = folder
        self._progress = progress
        self._table = table_of(model)
        self._least = model.review - _SLACK

    async def everybody(self) -> Found:
        """Everybody against everybody."""
        decided, upto = await self._decided()
        found = await self._weigh_everybody()
        numbers: dict[Appearance, Number | None] = dict.fromkeys(found.everybody)
        numbers |= found.numbers
        # Whom people judged may be in no pair, and its number counts as well.
        judged = {end for each in decided for end in (each.low, each.high)} & numbers.keys()
        numbers |= {each: features.uin for each, features, _ in await self._loader.these(judged)}
        weighed = list(self._exact(found.weighed))
        self._progress("join", len(weighed))
        result = Result(
            clusters=cluster(numbers, weighed, decided, self._model, households=True),
            weighed=weighed,
            touched=None,
            region=None,
            decided=decided,
            through_decision=upto,
        )
        return Found(result, numbers, found.compared)

    async def _weigh_everybody(self) -> engines.Found:
        self._progress("weigh", 0)
        if not await self._loader.are_more_than(FEW):
            work = partial(plain.link, model=self._model, least=self._least)
            few: engines.Found = await through(self._loader.everybody(), work)
            return few
        here = self._loader.place
        helpers = Helpers(here, self._threads)
        try:
            many: engines.Found = await through(
                everybody_as_columns(here, helpers, self._model.bands), self._link_columns
            )
            return many
        finally:
            helpers.close()

    async def changed(self, read: bool) -> Found:
        """What was read since the last run that counts, and what people decided since."""
        decided, upto = await self._decided()
        async with self._database.transaction(self._programmes) as connection:
            await runs.take_time(connection)
            marks = await runs.marks(connection)
            touched = await runs.read_after(connection, marks.read) if read else []
            told = await decisions.decided_after(connection, marks.decision, upto)
        fresh = await self._loader.these(touched)
        found, compared, known = await self._against_everybody(fresh)
        async with self._database.transaction(self._programmes) as connection:
            await runs.take_time(connection)
            region = await affected(connection, with_near({*touched, *told}, found))
            kept = await pairs.pairs_within(connection, region)
        left = await self._loader.these(region - known.keys())
        known |= {each: features.uin for each, features, _ in left}
        numbers = {each: known[each] for each in sorted(region) if each in known}
        again = set(touched)
        within = [
            each
            for each in self._exact(map(_at_first_look, kept))
            if each.low not in again and each.high not in again
        ]
        within += found
        within.sort(key=in_order)
        self._progress("join", len(within))
        result = Result(
            clusters=cluster(numbers, within, decided, self._model, households=True),
            weighed=within,
            touched=again,
            region=region,
            decided=decided,
            through_decision=upto,
        )
        return Found(result, numbers, compared)

    async def _decided(self) -> tuple[list[Decided], int]:
        async with self._database.transaction(self._programmes) as connection:
            await runs.take_time(connection)
            upto = await runs.newest_decision(connection)
            in_force = await decisions.in_force(connection, None)
        return [each for each in in_force if each.decision_no <= upto], upto

    async def _against_everybody(
        self, fresh: Collection[Keyed]
    ) -> tuple[list[Weighed], int, dict[Appearance, Number | None]]:
        """The pairs of these with each other and with everybody, how many were compared, and the
        foundational numbers of these and of all in a pair.

        A key that too many share is not followed; that is counted among everybody.
        """
        self._progress("weigh", len(fresh))
        weigh = self._few_against_everybody if len(fresh) <= FEW else self._many_against_everybody
        found = await weigh(fresh)
        numbers = {each: features.uin for each, features, _ in fresh}
        for pair in found.weighed:
            for end in (pair.low, pair.high):
                if end not in numbers:
                    numbers[end] = found.numbers.get(end)
        return list(self._exact(found.weighed)), found.compared, numbers

    async def _few_against_everybody(self, fresh: Collection[Keyed]) -> engines.Found:
        keys = {key for _, _, keys in fresh for key in keys}
        sharing = await self._loader.sharing(keys, self._model.most_in_block)
        near = {each for those in sharing.values() for each in those}
        others = await self._loader.these(near - {each for each, _, _ in fresh})
        return plain.link(
            _following(fresh, sharing.keys()), self._model, against=others, least=self._least
        )

    async def _many_against_everybody(self, fresh: Collection[Keyed]) -> engines.Found:
        here, bands = self._loader.place, self._model.bands
        helpers = Helpers(here, self._threads)
        try:
            keys = np.unique(np.fromiter((key for _, _, keys in fresh for key in keys), np.int64))
            shared = await self._sharing(keys, helpers)
            near = sorted(shared.who - {each for each, _, _ in fresh})
            new = columns_of(_following(fresh, set(shared.keys.tolist())), bands)
            found: engines.Found = await through(
                these_as_columns(helpers, near, bands), partial(self._link_columns, new)
            )
            return found
        finally:
            helpers.close()

    async def _sharing(self, keys: NDArray[np.int64], helpers: Helpers) -> Sharing:
        """Who has one of these keys, by whichever way is shorter."""
        most = self._model.most_in_block
        if not await self._loader.are_more_than(SCANNED_FOR_ONE_ASKED * len(keys)):
            return await sharing_by_scan(self._loader.place, helpers, keys, most)
        found = await self._loader.sharing(keys.tolist(), most)
        who = {each for those in found.values() for each in those}
        return Sharing(np.array(sorted(found), np.int64), who)

    def _link_columns(
        self, fresh: Iterable[Columns], against: Iterable[Columns] | None = None
    ) -> engines.Found:
        return splink_engine.link_columns(
            fresh,
            self._model,
            against=against,
            least=self._least,
            memory=self._memory,
            threads=self._threads,
            folder=self._folder,
        )

    def _exact(self, weighed: Iterable[Weighed]) -> Iterator[Weighed]:
        """The same pairs with the weight that their levels add up to, the same in each engine."""
        for each in weighed:
            weight = weight_of(each.levels, self._model.prior, self._table)
            if round(weight, _DIGITS) >= self._model.review:
                yield Weighed(each.low, each.high, weight, each.levels)


def _following(fresh: Iterable[Keyed], followed: Set[int]) -> list[Keyed]:
    """The same with those of their keys that are followed."""
    return [
        (each, features, [key for key in keys if key in followed]) for each, features, keys in fresh
    ]


def _at_first_look(each: Weighed) -> Weighed:
    """A pair as it is before its companions are asked: these may have changed."""
    place = companions.PLACE
    if each.levels[place] == companions.UNKNOWN:
        return each
    levels = (*each.levels[:place], companions.UNKNOWN, *each.levels[place + 1 :])
    return Weighed(each.low, each.high, each.weight, levels)
