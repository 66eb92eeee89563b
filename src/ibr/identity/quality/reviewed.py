"""What people decided, as a measure of what linkage does by itself and of the people themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Pair
from ibr.identity.quality import store
from ibr.identity.quality.measures import BANDS, Interval, rounded, wilson
from ibr.identity.quality.sampling import (
    Agreement,
    Estimate,
    Stratum,
    agreement,
    share_found,
    share_of_all,
    spread_over,
)
from ibr.identity.quality.store import Sampled
from ibr.identity.weights.model import LinkageModel

SAMPLE: Final = 600
"""No mistake among so many shows a precision of 0.995; see docs/linkage.md."""
SEED: Final = 1

_EXPECTED: Final = 0.9
_FOUNDATIONAL: Final = "uin"
_EQUAL: Final = "same"


class ReviewedBand(msgspec.Struct, frozen=True):
    """The pairs of one band of weight, and what was decided of the ones drawn from it."""

    low: float | None
    high: float | None
    linked: bool
    """Whether pairs of this weight are linked without a person."""
    pairs: int
    drawn: int
    same: int
    different: int
    unsure: int


class KnownAnswers(msgspec.Struct, frozen=True):
    """Answers to planted pairs whose truth is known by two foundational numbers."""

    answers: int
    right: int
    unsure: int
    share_right: float | None
    interval: Interval | None


class WithoutNumber(msgspec.Struct, frozen=True):
    """Pairs that bear one foundational number, and how many would have been linked without it:
    how well those are found of whom no number is known."""

    pairs: int
    still_linked: int
    share: float | None
    interval: Interval | None


class Reviewed(msgspec.Struct, frozen=True):
    """The registry's own figures, from a sample that chance drew."""

    precision: Estimate
    """Of the pairs linked without a person, the share that is the same person."""
    found: Estimate
    """Of the pairs kept that are the same person, the share linked without a person."""
    bands: tuple[ReviewedBand, ...]
    between_reviewers: Agreement
    known: KnownAnswers
    without_number: WithoutNumber
    to_look_at: tuple[Pair, ...]
    """Pairs of the sample that nobody has decided yet."""


async def measure_reviewed(
    connection: Connection, model: LinkageModel, *, sample: int = SAMPLE, seed: int = SEED
) -> Reviewed:
    """Draws the sample and reads what was decided of it."""
    edges = _edges(model)
    pairs = await store.pairs_by_band(connection, edges)
    wanted = _wanted(edges, pairs, sample)
    drawn = await store.sample(connection, edges, wanted, seed)
    bands = _bands(edges, model.link, pairs, drawn)
    known = await store.known_answers(connection)
    return Reviewed(
        precision=share_of_all(_strata(bands, linked=True)),
        found=share_found(_strata(bands, linked=True), _strata(bands, linked=False)),
        bands=bands,
        between_reviewers=agreement(await store.opinions(connection)),
        known=_known(known),
        without_number=await _without_number(connection, model),
        to_look_at=tuple(each.pair for each in drawn if each.decision in (None, "withdrawn")),
    )


def _edges(model: LinkageModel) -> tuple[float, ...]:
    """The bands, with edges where linking by itself and review begin."""
    return tuple(sorted({*BANDS, model.review, model.link}))


def _wanted(edges: Sequence[float], pairs: Mapping[int, int], sample: int) -> list[int]:
    shares = {str(band): (pairs.get(band, 0), _EXPECTED) for band in range(len(edges) + 1)}
    spread = spread_over(shares, sample)
    return [spread[str(band)] for band in range(len(edges) + 1)]


def _bands(
    edges: Sequence[float], link: float, pairs: Mapping[int, int], drawn: Sequence[Sampled]
) -> tuple[ReviewedBand, ...]:
    found = []
    for band, (low, high) in enumerate(zip((None, *edges), (*edges, None), strict=True)):
        inside = [each.decision for each in drawn if each.band == band]
        found.append(
            ReviewedBand(
                low=low,
                high=high,
                linked=low is not None and low >= link,
                pairs=pairs.get(band, 0),
                drawn=len(inside),
                same=inside.count("same"),
                different=inside.count("different"),
                unsure=inside.count("unsure"),
            )
        )
    return tuple(found)


def _strata(bands: Sequence[ReviewedBand], *, linked: bool) -> list[Stratum]:
    """Who was not sure says nothing either way; the band rests on those who were."""
    return [
        Stratum(_name(each), each.pairs, each.same + each.different, each.same)
        for each in bands
        if each.linked is linked
    ]


def _name(band: ReviewedBand) -> str:
    low = "below" if band.low is None else f"{band.low:g}"
    return f"{low} to {'above' if band.high is None else f'{band.high:g}'}"


def _known(answers: Sequence[tuple[str, str, int]]) -> KnownAnswers:
    """Who was not sure was not wrong; the share is of those who decided."""
    number = sum(many for *_, many in answers)
    right = sum(many for truth, decision, many in answers if truth == decision)
    unsure = sum(many for _, decision, many in answers if decision == "unsure")
    decided = number - unsure
    return KnownAnswers(
        number,
        right,
        unsure,
        rounded(right / decided) if decided else None,
        wilson(right, decided),
    )


async def _without_number(connection: Connection, model: LinkageModel) -> WithoutNumber:
    names = [each.comparison for each in model.weights]
    comparison = names.index(_FOUNDATIONAL)
    levels = [each.level for each in model.weights[comparison].levels]
    level = levels.index(_EQUAL)
    bits = model.weights[comparison].levels[level].bits
    pairs, still = await store.found_without(connection, comparison, level, bits, model.link)
    return WithoutNumber(
        pairs, still, rounded(still / pairs) if pairs else None, wilson(still, pairs)
    )
