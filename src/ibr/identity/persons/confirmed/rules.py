"""Who is one person by people's decisions alone, whatever anything weighs; pure."""

from __future__ import annotations

from collections.abc import Iterable

from ibr.identity.engines.clustering import cluster
from ibr.identity.model import Appearance, Decided
from ibr.identity.weights.starting import starting_model

Group = tuple[Appearance, ...]
"""Appearances that people have made one, in order; the first stands for all of them."""


def confirmed_groups(decided: Iterable[Decided]) -> list[Group]:
    """The groups of two and more, by their first appearance.

    The decisions are followed as a run follows them, the newest first, so that an answer never
    says more than the persons do. No pair is given, so no weight joins anybody.
    """
    heard = list(decided)
    numbers = {end: None for each in heard for end in (each.low, each.high)}
    found = cluster(numbers, (), heard, starting_model())
    return [group for group in found.clusters if len(group) > 1]
