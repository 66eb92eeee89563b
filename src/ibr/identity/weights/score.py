"""The plain scorer: the weight of one pair, the same number that the batch engine gives it."""

from __future__ import annotations

from ibr.identity.model import Appearance, Features, Weighed
from ibr.identity.weights.levels import levels_of
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.prepared import Prepared, prepare

Table = tuple[tuple[float, ...], ...]


def table_of(model: LinkageModel) -> Table:
    """The bits of each level by comparison and level, as plain tuples."""
    return tuple(tuple(level.bits for level in each.levels) for each in model.weights)


def weight_of(levels: tuple[int, ...], prior: float, table: Table) -> float:
    """The sum of what each comparison says, on top of what is expected before comparing."""
    weight = prior
    for bits, level in zip(table, levels, strict=True):
        weight += bits[level]
    return weight


def weigh(
    low: Appearance, low_features: Features, high: Appearance, high_features: Features,
    model: LinkageModel,
) -> Weighed:  # fmt: skip
    """Two appearances weighed; the pair comes back in order, whichever way round it was given."""
    if low > high:
        low, high, low_features, high_features = high, low, high_features, low_features
    one, other = prepare(low_features, model.bands), prepare(high_features, model.bands)
    return weigh_prepared(low, one, high, other, model.prior, table_of(model))


def weigh_prepared(
    low: Appearance, one: Prepared, high: Appearance, other: Prepared, prior: float, table: Table
) -> Weighed:  # fmt: skip
    """The same for appearances that are prepared already, low before high."""
    levels = levels_of(one, other)
    return Weighed(low, high, weight_of(levels, prior, table), levels)
