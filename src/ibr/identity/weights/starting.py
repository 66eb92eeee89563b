"""The model to begin with, before a registry has equal numbers enough to learn from its own."""

from __future__ import annotations

from typing import Final

from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.model import LevelWeight, LinkageModel, Weights

_PRIOR: Final = -4.5
_BITS: Final[dict[str, tuple[float, ...]]] = {
    "given": (5, 4.5, 4, 4.5, 4, 3.5, 3, 3.5, 3, 2, 1.5, 2.5, 0.5, -1, -2.5, -5),
    "family": (3, 2.5, 2, 2, 1.5, 1.5, 0.5, -1, -2),
    "father": (2, 2, 1.5, 1, 2, 1, -2),
    "home": (3, 2.5, 2.5, 2, 1.5, 1, 0.5, -0.5, -1, -1.5, -2.5, -1),
    "birth": (6, 4, 4, 2.5, 2, 3, 1.5, 0.5, -1, 0, -2, -3, -5, -8),
    "sex": (0.5, -4, -6),
    "uin": (9, 5, -9),
    "numbers": (8, 5, -5),
    "household": (-3, -2.5, -1, -1.5, -1, -1.5, -1, 0, 0, 0),
    "name_and_birth": (0, 0, 0, 0, 0, -1, -1, -1, -1),
    "both_names": (0, 0, 0, 0, 0, -1),
    "companions": (5, -4),
}


def starting_model() -> LinkageModel:
    """Weights by general reasoning: learned from nobody, and said to be so."""
    return LinkageModel(
        method="starting",
        prior=_PRIOR,
        weights=tuple(
            Weights(
                each.name,
                (
                    LevelWeight("unknown", 0.0),
                    *(
                        LevelWeight(level, float(bits))
                        for level, bits in zip(each.levels, _BITS[each.name], strict=True)
                    ),
                ),
            )
            for each in COMPARISONS
        ),
    )
