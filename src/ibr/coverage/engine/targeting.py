"""T1 and T2: whom targeting misses and whom it reaches wrongly, for given sets of people. Pure.

Both need to know of everybody, reached or not, whether they belong to the target group. The
registry knows that of nobody but its own people: poverty of those who are in no programme stands
in a social registry or a survey. Where there is none there is no figure, and no page shows one;
whoever has such a list of people hands it in here. Both errors hang on where the line is drawn and
say nothing of how far anybody is from it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TypeVar

import msgspec

from ibr.coverage.figures.model import Cell, share_cell

Who = TypeVar("Who", bound=Hashable)


class Targeting(msgspec.Struct, frozen=True):
    """Both errors, each as a share of its whole."""

    exclusion: Cell
    """T1: of the target group, those who receive nothing."""
    inclusion: Cell
    """T2: of the beneficiaries, those outside the target group."""


def targeting_errors(target: Collection[Who], beneficiaries: Collection[Who]) -> Targeting:
    """How many of the target group are missed, and how many beneficiaries are not in it."""
    meant, reached = set(target), set(beneficiaries)
    return Targeting(
        share_cell(("T1",), len(meant - reached), len(meant)),
        share_cell(("T2",), len(reached - meant), len(reached)),
    )
