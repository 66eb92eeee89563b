"""The linkage model: for every level of every comparison its weight in bits, and the thresholds."""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.identity.model import STANDARD
from ibr.identity.weights.comparisons import COMPARISONS

UNKNOWN: Final = 0
"""The level of a comparison in which one side is blank: it weighs nothing, ever."""


class LevelWeight(msgspec.Struct, frozen=True, gc=False):
    """How much one level of agreement counts, and how often it was seen when that was learned."""

    level: str
    bits: float
    same: float = 0.0
    """Pairs of one person that were seen at this level."""
    other: float = 0.0
    """Pairs of two people that were seen at this level."""


class Weights(msgspec.Struct, frozen=True):
    """The levels of one comparison; the first is "unknown" and weighs nothing."""

    comparison: str
    levels: tuple[LevelWeight, ...]


class LinkageModel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides a weight. It is never changed, only followed by another."""

    standard: int = STANDARD
    method: str
    """`starting` (general reasoning, learned from nobody) or `anchored` (on equal numbers)."""
    prior: float
    """Bits for two appearances that share a blocking key and of which nothing else is known."""
    weights: tuple[Weights, ...]
    bands: dict[int, int] = {}
    """Names that are not rare, by digest: 2 middling, 3 common."""
    review: float = -2.0
    """From this weight on a person looks at a pair."""
    link: float = 2.5
    """From this weight on a pair is linked without a person."""
    most_in_block: int = 200
    """A key that more appearances share than this is not followed."""
    most_in_cluster: int = 20
    """No more appearances than this are joined without a person."""


def encode(model: LinkageModel) -> bytes:
    """The model as JSON, the same bytes for the same model."""
    return msgspec.json.encode(model)


def decode(content: bytes) -> LinkageModel:
    """A model from JSON. NotUnderstood where its levels are not those that are compared here."""
    try:
        model = msgspec.json.decode(content, type=LinkageModel)
    except msgspec.MsgspecError as error:
        raise NotUnderstood(
            "linkage.model", "This is not a linkage model. Train a new one: ibr linkage train"
        ) from error
    check(model)
    return model


def check(model: LinkageModel) -> None:
    """NotUnderstood unless the model weighs exactly the levels that are compared here."""
    theirs = [(each.comparison, *(level.level for level in each.levels)) for each in model.weights]
    ours = [(each.name, "unknown", *each.levels) for each in COMPARISONS]
    if theirs != ours or any(each.levels[UNKNOWN].bits != 0 for each in model.weights):
        raise NotUnderstood(
            "linkage.model_levels",
            "The model was made for other comparisons. Train a new one: ibr linkage train",
        )
