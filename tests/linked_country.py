"""A small made-up country as linkage sees it, with who is really who; without a database.

    from tests.linked_country import linked_country

    country = linked_country()            # about 300 people, the same every time
    for entry in country.entries:
        entry.appearance, entry.features, entry.keys
    country.truth[appearance]             # the true person's number
    true_pairs(country.truth)             # from ibr.identity.quality.measures

It is made once for each size and seed of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from ibr.demo.country import make_country
from ibr.demo.known_people import known_population
from ibr.identity.quality.judging import Entry, Population


@cache
def linked_country(people: int = 300, seed: int = 5) -> Population:
    """Appearances of about so many people, in the order of their records."""
    return known_population(make_country(people, seed))


def in_deliveries(entries: Sequence[Entry], parts: int) -> list[Sequence[Entry]]:
    """The same entries as so many deliveries."""
    edges = [len(entries) * part // parts for part in range(parts + 1)]
    return [entries[start:end] for start, end in pairwise(edges)]
