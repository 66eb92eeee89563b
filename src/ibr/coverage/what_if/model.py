"""Changes that can be simulated, and what comes of them. Nothing here is ever kept as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.periods import Month

PERSON: Final = "person"
HOUSEHOLD: Final = "household"
SMALLER: Final = "smaller"
"""Whoever is in both loses the one that gave less."""
WHOLE: Final = 100


class Close(msgspec.Struct, frozen=True, tag="close"):
    """These programmes end; nobody receives from them any more."""

    programmes: tuple[str, ...]


class Open(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """A new programme for recorded people whom all of these fit."""

    code: str
    age_from: int | None = None
    age_to: int | None = None
    sex: int | None = None
    disability: bool = False
    areas: tuple[str, ...] = ()
    also_in: tuple[str, ...] = ()
    """Only people who receive from one of these now."""
    not_in: tuple[str, ...] = ()
    """Nobody who receives from one of these now."""
    amount_minor: int = 0
    currency: str = ""
    take_up: int = WHOLE
    """Percent of those it is for who come to receive it."""


class ChangeAge(msgspec.Struct, frozen=True, kw_only=True, tag="age"):
    """Another youngest and oldest age of a programme; empty for no limit."""

    programme: str
    age_from: int | None = None
    age_to: int | None = None
    take_up: int = WHOLE
    """Percent of those who newly may that come to receive it."""


class Exclude(msgspec.Struct, frozen=True, kw_only=True, tag="exclude"):
    """Two programmes exclude each other from now on."""

    first: str
    second: str
    loses: str
    """The code of the programme that gives way, or `smaller` for the one that gave less."""
    unit: Literal["person", "household"] = "person"


Step = Close | Open | ChangeAge | Exclude


class Reached(msgspec.Struct, frozen=True):
    """People reached, and what was given by currency in minor units."""

    people: int
    money: dict[str, int]


class Line(msgspec.Struct, frozen=True):
    """A programme or a group of people before and after; `whole` is the population where known."""

    key: str
    before: Reached
    after: Reached
    lose: int
    """People who received before and do not after."""
    gain: int
    whole: int | None = None


class Overlap(msgspec.Struct, frozen=True):
    """People in two programmes, or in so many, before and after."""

    key: tuple[str, ...]
    before: int
    after: int


class Counted(msgspec.Struct, frozen=True):
    """What a step met with that nobody asked for: told with the assumptions."""

    entitled: int = 0
    """Recorded people whom a new limit or programme fits."""
    enter: int = 0
    leave: int = 0
    age_unknown: int = 0
    """People of whom the age is not known, where it was asked for."""
    outside_already: int = 0
    """People whom the limit of today does not fit either; they are left as they are."""
    no_limit: bool = False
    """Whether no limit is recorded, so that nobody is newly let in."""
    of_others: bool = False
    """Whether the recorded limit is about the head or a member, not about who receives."""
    without_amount: int = 0
    """People whom one of the two gave nothing with a value, or in another currency."""
    average_minor: int = 0
    currency: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation: what was assumed and what came of it."""

    month: Month
    as_known_at: datetime
    recorded: int
    steps: tuple[Step, ...]
    counted: tuple[Counted, ...]
    """Beside each step."""
    whole: Line
    programmes: list[Line]
    sexes: list[Line]
    ages: list[Line]
    areas: list[Line]
    by_number: list[Overlap]
    pairs: list[Overlap]
    """Pairs of programmes whose overlap changes."""
    lose_all: int
    """People who receive something before and nothing after."""
    lose_some: int
    """People who lose a benefit and keep another."""
    reached_anew: int
    """People who receive nothing before and something after."""
    gain_more: int
    """People who receive something before and one more after."""


Populations = Mapping[tuple[str, str], int]
"""Population by dimension (empty for everybody) and key."""
