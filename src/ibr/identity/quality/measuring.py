"""One linkage of people of known truth, from their features to the figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from ibr.identity.engines import plain, splink_engine
from ibr.identity.engines.clustering import cluster
from ibr.identity.engines.found import Keyed
from ibr.identity.engines.training import train_on
from ibr.identity.model import Weighed
from ibr.identity.quality.judging import EVEN_ODDS, Judged, Population, judge
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.starting import starting_model
from ibr.identity.weights.train import FEWEST

EVERY_PAIR: Final = -1e6
"""A weight that every pair reaches."""

PLAIN_UP_TO: Final = 4_000
"""Appearances up to which the plain engine is the quicker one; both give the same weights."""


def keyed(population: Population) -> list[Keyed]:
    """The population as the engines take it."""
    return [(each.appearance, each.features, list(each.keys)) for each in population.entries]


def weigh_all(
    population: Population,
    model: LinkageModel,
    *,
    between_only: bool = False,
    threads: int = splink_engine.THREADS,
    folder: Path | None = None,
) -> list[Weighed]:
    """Every pair that shares a key, with its weight; of different programmes only, where two files
    are known to hold everybody once."""
    if len(population.entries) <= PLAIN_UP_TO:
        found = plain.link(keyed(population), model, least=EVERY_PAIR)
    else:
        found = splink_engine.link(
            keyed(population), model, least=EVERY_PAIR, threads=threads, folder=folder
        )
    if not between_only:
        return found.weighed
    programme = {each.appearance: each.features.programme_id for each in population.entries}
    return [each for each in found.weighed if programme[each.low] != programme[each.high]]


class Model(NamedTuple):
    """The model that was measured, and a word on where it comes from."""

    model: LinkageModel
    words: str


def trained_here(
    population: Population, *, threads: int = splink_engine.THREADS, folder: Path | None = None
) -> Model:
    """A model trained on these very people as a registry trains its own: by equal foundational
    numbers, without a look at the truth."""
    numbers = Counter(each.features.uin.token for each in population.entries if each.features.uin)
    equal = sum(bearers * (bearers - 1) // 2 for bearers in numbers.values())
    trained = (
        train_on(keyed(population), threads=threads, folder=folder) if equal >= FEWEST else None
    )
    if trained is None:
        return Model(starting_model(), "the starting model: too few foundational numbers to train")
    return Model(trained.model, "trained on these people's foundational numbers")


def measure(
    population: Population,
    model: LinkageModel,
    *,
    between_only: bool = False,
    threads: int = splink_engine.THREADS,
    folder: Path | None = None,
) -> Judged:
    """How well the model and the engine find who is who, with nobody having decided anything."""
    candidates = weigh_all(
        population, model, between_only=between_only, threads=threads, folder=folder
    )
    numbers = {each.appearance: each.features.uin for each in population.entries}
    even = replace(model, link=EVEN_ODDS)
    found, at_even_odds = (
        cluster(numbers, candidates, (), each, households=True) for each in (model, even)
    )
    return judge(population, candidates, found, at_even_odds)
