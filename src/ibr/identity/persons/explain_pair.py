"""Why two appearances weigh what they weigh, in words and bits; without a name."""

from __future__ import annotations

import msgspec

from ibr.db.pool import Database
from ibr.errors import NotFound
from ibr.identity.model import Appearance
from ibr.identity.persons import kept_models, store
from ibr.identity.persons.decide import in_order
from ibr.identity.persons.loading.open_features import Loader
from ibr.identity.persons.runs import store as runs
from ibr.identity.weights.explain import Contribution, explain
from ibr.protection.seal import Sealer


class Explained(msgspec.Struct, frozen=True):
    """A pair with the steps that add up to its weight."""

    low: Appearance
    high: Appearance
    weight: float
    review: float
    link: float
    share_a_key: bool
    one_person: bool
    persons: tuple[int | None, int | None]
    """Whose each of the two is now, by number; None before a run has told."""
    steps: list[Contribution]


async def explain_pair(
    database: Database, sealer: Sealer, one: Appearance, other: Appearance
) -> Explained:
    """The pair by the model in use, before any companions of a household are asked."""
    low, high = in_order(one, other)
    async with database.transaction(()) as connection:
        programmes = await runs.see_programmes(connection)
        model = await kept_models.in_use(connection)
    opened = await Loader(database, sealer, programmes).these((low, high))
    if model is None or len(opened) != 2:
        raise NotFound(
            "linkage.no_appearance",
            "One of the two is not reported now, or was not read yet. Run: ibr linkage run",
        )
    async with database.transaction(programmes) as connection:
        persons = await store.members_of(connection, (low, high))
    (_, ours, our_keys), (_, theirs, their_keys) = opened
    steps = explain(ours, theirs, model.weights)
    return Explained(
        low=low,
        high=high,
        weight=sum(step.bits for step in steps),
        review=model.weights.review,
        link=model.weights.link,
        share_a_key=not set(our_keys).isdisjoint(their_keys),
        one_person=low in persons and persons[low] == persons.get(high),
        persons=(persons.get(low), persons.get(high)),
        steps=steps,
    )
