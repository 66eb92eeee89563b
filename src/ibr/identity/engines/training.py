"""A model trained on a registry's own appearances: names counted, pairs compared, bits learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from ibr.identity.engines import blocks
from ibr.identity.engines.found import Keyed
from ibr.identity.engines.splink_engine import MEMORY, THREADS, opened, with_levels
from ibr.identity.model import Features
from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.prepared import FAMILY_NAME, FIRST_NAME, name_digest
from ibr.identity.weights.starting import starting_model
from ibr.identity.weights.train import Levels, Trained, train

MIDDLING: Final = 0.001
COMMON: Final = 0.004
"""Shares of people who bear a name, from which it is middling or common."""
FEWEST_BEARERS: Final = 20
"""A name that fewer bear stays out of the model: it must not tell that anybody is there."""


class Compared:
    """Candidate pairs with their levels; what training and judging look at."""

    def __init__(
        self, low: NDArray[np.int32], high: NDArray[np.int32], shared: NDArray[np.uint16],
        levels: Levels,
    ) -> None:  # fmt: skip
        self.low, self.high, self.shared, self.levels = low, high, shared, levels


def name_bands(everybody: Iterable[Features]) -> dict[int, int]:
    """The names that are not rare: 2 middling, 3 common, by digest."""
    names: Counter[tuple[str, str]] = Counter()
    people = 0
    for features in everybody:
        people += 1
        if features.given_skeleton:
            names[FIRST_NAME, features.given_skeleton] += 1
        if features.family_skeleton:
            names[FAMILY_NAME, features.family_skeleton] += 1
    found = {}
    for (kind, name), bearers in names.items():
        if bearers >= max(FEWEST_BEARERS, people * MIDDLING):
            found[name_digest(kind, name)] = 3 if bearers >= people * COMMON else 2
    return dict(sorted(found.items()))


def compared(connection: duckdb.DuckDBPyConnection) -> Compared:
    """The levels of every pair in the table `pairs`, in order."""
    query = with_levels(
        "(select join_key_l as l, join_key_r as r, shared from pairs)", "l, r, shared"
    )
    table = connection.sql(query).to_arrow_table().sort_by([("l", "ascending"), ("r", "ascending")])
    low, high, shared, *levels = (column.to_numpy() for column in table.columns)
    return Compared(low, high, shared, np.column_stack(levels).astype(np.uint8))


def train_on(
    appearances: Iterable[Keyed],
    *,
    memory: str = MEMORY,
    threads: int = THREADS,
    folder: Path | None = None,
) -> Trained | None:
    """A model learned from these appearances, or None where too few carry the number.

    They are read twice, first for their names; so no iterator that is used up by that.
    """
    start = starting_model()
    bands = name_bands(features for _, features, _ in appearances)
    with opened(memory, threads, folder) as connection:
        blocks.load(connection, appearances, None, bands)
        blocks.count_dropped(connection, start.most_in_block)
        blocks.find_pairs(connection, only_fresh=False)
        pairs = compared(connection)
    same_number = pairs.levels[:, UIN_COLUMN] == 1
    return train(pairs.levels, pairs.shared > same_number, start, bands)


UIN_COLUMN: Final = [each.name for each in COMPARISONS].index("uin")
