"""A weight in words: what each comparison found and how many bits it adds, for a waterfall."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from ibr.identity.model import Features
from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.levels import levels_of
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.prepared import prepare

PRIOR: Final = "prior"
SILENT: Final = ("household", "name_and_birth", "both_names")
"""Comparisons that only correct what others say; they add bits and no words of their own."""


class Contribution(msgspec.Struct, frozen=True):
    """One step of the waterfall."""

    comparison: str
    """`prior`, `given`, `family`, `birth`, `sex`, `uin`, `numbers` or `companions`."""
    levels: tuple[str, ...]
    """What was found, by code, as `family.same_rare`; for translations."""
    words: str
    """The same in English. It never holds a value of either record."""
    bits: float
    """What it adds to the weight."""


def explain(low: Features, high: Features, model: LinkageModel) -> list[Contribution]:
    """Why a pair weighs what it weighs; the bits add up to the weight."""
    one, other = prepare(low, model.bands), prepare(high, model.bands)
    return explain_levels(levels_of(one, other), model)


def explain_levels(levels: Iterable[int], model: LinkageModel) -> list[Contribution]:
    """The same from the levels of a pair as they are kept."""
    found: dict[str, tuple[list[str], list[str], float]] = {}
    for comparison, weights, level in zip(COMPARISONS, model.weights, levels, strict=True):
        codes, words, bits = found.get(comparison.shown_with, ([], [], 0.0))
        code = f"{comparison.name}.{weights.levels[level].level}"
        if level and comparison.name not in SILENT:
            codes.append(code)
            words.append(WORDS[code])
        found[comparison.shown_with] = (codes, words, bits + weights.levels[level].bits)
    steps = [Contribution(PRIOR, (), WORDS[PRIOR], model.prior)]
    for shown, (codes, words, bits) in found.items():
        said = "; ".join(words) if words else WORDS[f"{shown}.unknown"]
        steps.append(Contribution(shown, tuple(codes), said, bits))
    return steps


WORDS: Final[dict[str, str]] = {
    PRIOR: "They have something in common, as many pairs of different people have",
    "given.unknown": "given name missing",
    "given.exact_rare": "same given name, a rare one",
    "given.exact_middling": "same given name",
    "given.exact_common": "same given name, a common one",
    "given.sound_rare": "same given name spelled otherwise, a rare one",
    "given.sound_middling": "same given name spelled otherwise",
    "given.sound_common": "same given name spelled otherwise, a common one",
    "given.part": "one given name is part of the other",
    "given.swapped": "given and family name in the other order",
    "given.swapped_near": "given and family name in the other order, with a small slip",
    "given.crossed": "given name found among the other's names",
    "given.short": "given name shortened",
    "given.initial": "given name as an initial",
    "given.close": "given name with a small slip",
    "given.near": "given names alike",
    "given.far": "given names hardly alike",
    "given.different": "different given names",
    "family.unknown": "family name and home missing",
    "family.same_rare": "same family name, a rare one",
    "family.same_middling": "same family name",
    "family.same_common": "same family name, a common one",
    "family.part": "one family name is part of the other",
    "family.elsewhere": "family name found among the other's names",
    "family.close": "family name with a small slip",
    "family.near": "family names alike",
    "family.different_of_women": "different family names, of women",
    "family.different": "different family names",
    "father.same_rare": "same father's name, a rare one",
    "father.same_middling": "same father's name",
    "father.same_common": "same father's name, a common one",
    "father.part": "one father's name is part of the other",
    "father.inside": "father's name written within the given name",
    "father.close": "father's names alike",
    "father.different": "different fathers' names",
    "home.contact_village": "same phone or account, same village",
    "home.contact_district": "same phone or account, same district",
    "home.contact": "same phone or account",
    "home.village": "same village",
    "home.village_other_contact": "same village, other phone",
    "home.district": "same district",
    "home.district_other_contact": "same district, other phone",
    "home.other_village": "another village of the district",
    "home.other_village_other_contact": "another village of the district, other phone",
    "home.region": "another district of the region",
    "home.elsewhere": "another region",
    "home.other_contact": "other phone",
    "birth.unknown": "birth date missing",
    "birth.day": "same birth date",
    "birth.turned": "birth date with day and month exchanged",
    "birth.month": "same month of birth",
    "birth.year_of_day": "same year of birth, the day known on one side",
    "birth.year": "same year of birth, no day known",
    "birth.shifted_1": "same day of birth, one year apart",
    "birth.shifted_more": "same day of birth, some years apart",
    "birth.same_year_part": "same year of birth, day or month differs",
    "birth.same_year": "same year of birth, another day",
    "birth.year_1_of_day": "one year apart, the day known on one side",
    "birth.year_1": "born a year apart",
    "birth.year_2": "born two or three years apart",
    "birth.decade": "born up to ten years apart",
    "birth.different": "born more than ten years apart",
    "sex.unknown": "sex missing",
    "sex.same": "same sex",
    "sex.other_same_name": "different sex in spite of the same given name",
    "sex.different": "different sex",
    "uin.unknown": "national number missing",
    "uin.same": "same national number",
    "uin.near": "national number with one slip",
    "uin.different": "different national numbers",
    "companions.unknown": "no other members to compare",
    "companions.some": "another member of the one household is found in the other",
    "companions.none": "no other member of the one household is found in the other",
    "numbers.unknown": "no other number in common to compare",
    "numbers.same": "another number is the same",
    "numbers.near": "another number with one slip",
    "numbers.different": "another number differs",
}
"""What each level says, by comparison and level."""
