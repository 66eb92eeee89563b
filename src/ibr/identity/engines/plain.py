"""The plain engine: candidate pairs by shared keys, each weighed by the plain scorer.

It is what the batch engine must agree with, and quick enough for some ten thousand pairs.
"""

from __future__ import annotations

from collections.abc import Iterable

from ibr.identity.engines.found import Found, Keyed, in_order
from ibr.identity.model import Appearance, Pair
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.prepared import prepare
from ibr.identity.weights.score import table_of, weigh_prepared


def link(
    appearances: Iterable[Keyed],
    model: LinkageModel,
    *,
    against: Iterable[Keyed] | None = None,
    least: float | None = None,
) -> Found:
    """Every pair that shares a key and weighs at least `least` (else the model's review threshold):
    among `appearances`, or with `against` also between them and those, but not among those."""
    threshold = model.review if least is None else least
    fresh = list(appearances)
    everybody = fresh + list(against or ())
    known = {each: prepare(features, model.bands) for each, features, _ in everybody}
    pairs, dropped = candidates(everybody, {each for each, _, _ in fresh}, model.most_in_block)
    table = table_of(model)
    found = []
    for low, high in pairs:
        weighed = weigh_prepared(low, known[low], high, known[high], model.prior, table)
        if weighed.weight >= threshold:
            found.append(weighed)
    found.sort(key=in_order)
    paired = {end for each in found for end in (each.low, each.high)}
    numbers = {
        each: features.uin
        for each, features, _ in everybody
        if features.uin is not None and each in paired
    }
    return Found(found, len(pairs), dropped, sorted(known), numbers)


def candidates(
    everybody: Iterable[Keyed], fresh: set[Appearance], most: int
) -> tuple[set[Pair], int]:
    """Pairs that share a key, of which at least one is fresh and which are not of one record; and
    how many keys were dropped because more than `most` appearances share them."""
    blocks: dict[int, list[Appearance]] = {}
    for appearance, _, keys in everybody:
        for key in keys:
            blocks.setdefault(key, []).append(appearance)
    pairs: set[Pair] = set()
    dropped = 0
    for block in blocks.values():
        if len(block) > most:
            dropped += 1
            continue
        block.sort()
        for place, low in enumerate(block):
            for high in block[place + 1 :]:
                if low.record_id != high.record_id and (low in fresh or high in fresh):
                    pairs.add((low, high))
    return pairs, dropped
