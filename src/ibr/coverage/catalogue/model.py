"""What an indicator is: its definition in words and symbols, and how it may be broken down."""

from __future__ import annotations

from typing import Literal

import msgspec

Unit = Literal[
    "persons", "households", "share", "ratio", "money", "days", "cases", "records", "number"
]
"""Money stands in units of the currency in the key; a share is part of 1, shown in percent; people
and households are distinct."""
Disclosure = Literal["persons", "money", "open"]
"""How small figures are protected: as counts of people, as money that people received, or not at
all because nobody is counted (reports of programmes)."""


class Words(msgspec.Struct, frozen=True):
    """A text in the languages of the registry."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        return self.fr if language == "fr" else self.en


class Example(msgspec.Struct, frozen=True):
    """A worked example: a small story, what is counted, and the figure that comes out."""

    story: Words
    numerator: int | None
    denominator: int | None
    value: str


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator of the catalogue; `source` is the page or section that defines it."""

    code: str
    version: int
    name: Words
    about: Words
    """What it tells and what for, in a sentence or two."""
    formula: Words
    """The formula in words."""
    symbols: str
    """The formula in symbols."""
    unit: Unit
    decimals: int
    numerator: Words
    denominator: Words | None
    breakdowns: tuple[str, ...]
    """Each as `breakdown_of` writes it; the empty one is the total."""
    yearly: tuple[str, ...] = ()
    """Breakdowns that a calendar year has as well as a month."""
    limits: Words
    """What it does not tell, and what the registry cannot know."""
    disclosure: Disclosure = "persons"
    better: Literal["higher", "lower", "neither"] = "neither"
    source: Words
    example: Example
