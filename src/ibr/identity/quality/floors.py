"""The least that a model must reach for its runs to be applied by themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec


class ModelFloor(msgspec.Struct, frozen=True):
    """The least, measured on the made-up country."""

    least_f1: float = 0.945
    """F1 of pairs that are more likely one person than two."""
    least_precision: float = 0.995
    """Of the pairs linked without a person, the share that is right."""
    least_found: float = 0.95
    """Of the true pairs, the share that is linked or put before a person."""
    most_below: float = 0.04
    """How far F1 of any programme, script or sex may lie below the whole: nobody is found worse for
    who they are."""
    most_below_by_mistake: float = 0.10
    """The same for a kind of mistake, which makes a record harder to know by its nature."""


FLOOR: Final = ModelFloor()


def below_floor(measured: Mapping[str, Any], floor: ModelFloor = FLOOR) -> list[str]:
    """Why a model with these figures is not used by itself; nothing where it may be.

    A figure that could not be measured is no reason: of nothing there is no share.
    """
    reasons = []
    for path, least, what in (
        (("even_odds", "f1"), floor.least_f1, "F1 of likely pairs"),
        (("linked", "precision"), floor.least_precision, "precision of what is linked"),
        (("linked_or_review", "recall"), floor.least_found, "share linked or put up for review"),
    ):
        figure = (measured.get(path[0]) or {}).get(path[1])
        if figure is not None and figure < least:
            reasons.append(f"{what} is {figure:.4f}; at least {least:.4f} is asked for")
    for kind, (name, gap) in (measured.get("furthest_below") or {}).items():
        most = floor.most_below_by_mistake if kind == "mistake" else floor.most_below
        if gap > most:
            reasons.append(
                f"F1 of '{name}' lies {gap:.4f} below the whole; at most {most:.4f} is allowed"
            )
    return reasons
