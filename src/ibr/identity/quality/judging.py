"""A linkage held against people of whom it is known who they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from ibr.codelists.people import SEX_NUMBER
from ibr.identity.model import Appearance, Clusters, Features, Pair, Weighed
from ibr.identity.quality.measures import (
    Band,
    ClusterMeasures,
    Counted,
    Measured,
    calibration,
    count,
    count_by,
    furthest_below,
    measured,
    of_clusters,
    pairs_within,
    rounded,
    true_pairs,
)

EVEN_ODDS: Final = 0.0
"""The weight at which a pair is as likely one person as two."""

COMPARED: Final = ("mistake", "programme", "script", "sex")
"""Kinds of strata that are held against the whole: nobody may be found much worse for one of these.
The others say where pairs are hard to tell apart by their nature, as twins are."""

FEWEST_IN_STRATUM: Final = 100
"""True pairs below which a stratum is shown, but not compared with the whole."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An appearance with what is compared of it."""

    appearance: Appearance
    features: Features
    keys: tuple[int, ...]


class Population(msgspec.Struct, frozen=True):
    """Appearances of whom it is known who they are."""

    entries: tuple[Entry, ...]
    truth: Mapping[Appearance, int]
    strata: Mapping[Appearance, tuple[str, ...]]
    """What is true of an appearance and may make linkage better or worse at it."""
    programmes: Mapping[int, str]
    """Codes of the programmes by their number."""


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """How well it was found who is who. Pairs are counted, not people, unless it says so."""

    appearances: int
    people: int
    true_pairs: int
    candidates: int
    """Pairs that share a key and were weighed."""
    candidates_hold: float | None
    """Of the true pairs, the share among them: more than this nothing can find."""
    even_odds: Measured
    """Pairs that are more likely one person than two, by their weight alone."""
    joined: Measured
    """Pairs that would stand in one person if even odds were enough to link: with what follows from
    other pairs, and with what households say of their members."""
    linked: Measured
    """Pairs that stand in one person without anybody having looked."""
    review: Measured
    """Pairs that wait for somebody to look, against the true pairs that were not linked."""
    linked_or_review: Measured
    furthest_below: dict[str, tuple[str, float]]
    """Of each kind that is compared the stratum at which even odds do worst, and by how much of F1
    it lies below the whole."""
    furthest_below_joined: dict[str, tuple[str, float]]
    """The same of pairs that would stand in one person at even odds."""
    clusters: ClusterMeasures
    calibration: list[Band]
    even_odds_by: dict[str, Measured]
    joined_by: dict[str, Measured]
    linked_by: dict[str, Measured]
    linked_or_review_by: dict[str, Measured]


def judge(
    population: Population,
    candidates: Sequence[Weighed],
    clusters: Clusters,
    at_even_odds: Clusters | None = None,
) -> Judged:
    """Weights and clusters of a population held against its truth. `at_even_odds` are the clusters
    that there would be if even odds were enough to link."""
    true = true_pairs(population.truth)
    weighed = {(each.low, each.high) for each in candidates}
    likely = {(each.low, each.high) for each in candidates if each.weight >= EVEN_ODDS}
    linked = pairs_within(clusters.clusters)
    waiting = {(each.low, each.high) for each, _ in clusters.open} - linked
    strata = _Strata(population)
    even_odds = count(likely, true)
    by = count_by(likely, true, strata.of)
    together = pairs_within((at_even_odds or clusters).clusters)
    joined, joined_by = count(together, true), count_by(together, true, strata.of)
    return Judged(
        appearances=len(population.entries),
        people=len(set(population.truth.values())),
        true_pairs=len(true),
        candidates=len(weighed),
        candidates_hold=rounded(count(weighed, true).recall),
        even_odds=measured(even_odds),
        joined=measured(joined),
        linked=measured(count(linked, true)),
        review=measured(count(waiting, true - linked)),
        linked_or_review=measured(count(linked | waiting, true)),
        furthest_below=_furthest_below(by, even_odds),
        furthest_below_joined=_furthest_below(joined_by, joined),
        clusters=of_clusters(clusters.clusters, population.truth),
        calibration=calibration(candidates, true.__contains__),
        even_odds_by=_measured(by),
        joined_by=_measured(joined_by),
        linked_by=_measured(count_by(linked, true, strata.of)),
        linked_or_review_by=_measured(count_by(linked | waiting, true, strata.of)),
    )


def _furthest_below(by: Mapping[str, Counted], whole: Counted) -> dict[str, tuple[str, float]]:
    found = {}
    for kind in COMPARED:
        strata = {name: each for name, each in by.items() if name.startswith(f"{kind}: ")}
        furthest = furthest_below(strata, whole, FEWEST_IN_STRATUM)
        if furthest is not None:
            found[kind] = furthest
    return found


def _measured(counted: Mapping[str, Counted]) -> dict[str, Measured]:
    return {name: measured(each) for name, each in counted.items()}


class _Strata:
    """To which strata a pair belongs: to each that is true of one of the two, and of both."""

    def __init__(self, population: Population) -> None:
        sexes = {number: f"sex: {code}" for code, number in SEX_NUMBER.items()}
        self._of: dict[Appearance, frozenset[str]] = {}
        self._features = {each.appearance: each.features for each in population.entries}
        for entry in population.entries:
            seen = entry.features
            self._of[entry.appearance] = frozenset(
                (
                    *population.strata.get(entry.appearance, ()),
                    f"script: {seen.script or 'none'}",
                    sexes[seen.sex],
                    f"programme: {population.programmes.get(seen.programme_id, 'none')}",
                )
            )

    def of(self, pair: Pair) -> Iterator[str]:
        one, other = self._features[pair[0]], self._features[pair[1]]
        strata = self._of[pair[0]] | self._of[pair[1]]
        if "no mistake" in strata and any(each.startswith("mistake: ") for each in strata):
            # One of the two has a mistake, so the pair is not without one.
            strata -= {"no mistake"}
        yield from strata
        same = one.programme_id == other.programme_id
        yield "within one programme" if same else "between programmes"
        yield "in one script" if one.script == other.script else "in two scripts"
        numbers = (one.uin is not None) + (other.uin is not None)
        yield ("neither has the UIN", "one has the UIN", "both have the UIN")[numbers]
