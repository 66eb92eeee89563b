"""What is compared, and the levels of agreement that each comparison knows, the strongest first."""

from __future__ import annotations

from typing import Final

import msgspec


class Comparison(msgspec.Struct, frozen=True):
    """One comparison. Level 0 is "unknown"; the levels named here are numbered from 1.

    `shown_with` is the comparison under which an explanation adds it up: what a household shares
    is one piece of evidence, however many fields it fills.
    """

    name: str
    shown_with: str
    levels: tuple[str, ...]


GIVEN: Final = Comparison(
    "given",
    "given",
    (
        "exact_rare", "exact_middling", "exact_common", "sound_rare", "sound_middling",
        "sound_common", "part", "swapped", "swapped_near", "short", "initial", "close", "near",
        "crossed", "far", "different",
    ),
)  # fmt: skip
FAMILY: Final = Comparison(
    "family",
    "family",
    (
        "same_rare", "same_middling", "same_common", "part", "elsewhere", "close", "near",
        "different_of_women", "different",
    ),
)  # fmt: skip
FATHER: Final = Comparison(
    "father",
    "family",
    ("same_rare", "same_middling", "same_common", "part", "inside", "close", "different"),
)
HOME: Final = Comparison(
    "home",
    "family",
    (
        "contact_village", "contact_district", "contact", "village", "village_other_contact",
        "district", "district_other_contact", "other_village", "other_village_other_contact",
        "region", "elsewhere", "other_contact",
    ),
)  # fmt: skip
BIRTH: Final = Comparison(
    "birth",
    "birth",
    (
        "day", "turned", "month", "year_of_day", "year", "shifted_1", "shifted_more",
        "same_year_part", "same_year", "year_1_of_day", "year_1", "year_2", "decade",
        "different",
    ),
)  # fmt: skip
SEX: Final = Comparison("sex", "sex", ("same", "other_same_name", "different"))
UIN: Final = Comparison("uin", "uin", ("same", "near", "different"))
NUMBERS: Final = Comparison("numbers", "numbers", ("same", "near", "different"))
HOUSEHOLD: Final = Comparison(
    "household",
    "family",
    (
        "name_father_contact", "name_father_village", "name_father", "name_contact",
        "name_village", "father_contact", "father_village", "neither_contact",
        "neither_village", "other",
    ),
)  # fmt: skip
NAME_AND_BIRTH: Final = Comparison(
    "name_and_birth",
    "birth",
    (
        "name_day", "name_like", "name_other", "like_day", "like_like", "like_other",
        "other_day", "other_like", "other_other",
    ),
)  # fmt: skip
BOTH_NAMES: Final = Comparison(
    "both_names",
    "given",
    ("name_name", "name_other", "like_name", "like_other", "other_name", "other_other"),
)
COMPANIONS: Final = Comparison("companions", "companions", ("some", "none"))
"""Whether the two lists they stand in share somebody else. It cannot be seen in the two alone:
clustering finds it (`engines/companions.py`), and until then it is unknown."""

COMPARISONS: Final = (
    GIVEN, FAMILY, FATHER, HOME, BIRTH, SEX, UIN, NUMBERS, HOUSEHOLD, NAME_AND_BIRTH, BOTH_NAMES,
    COMPANIONS,
)  # fmt: skip


def level_no(comparison: Comparison, level: str) -> int:
    """The number of a level by its name."""
    return comparison.levels.index(level) + 1


FALLING: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "given": (
        ("exact_rare", "exact_middling", "exact_common"),
        ("sound_rare", "sound_middling", "sound_common"),
        ("close", "near", "far", "different"),
    ),
    "family": (
        ("same_rare", "same_middling", "same_common"),
        ("close", "near", "different_of_women", "different"),
    ),
    "father": (("same_rare", "same_middling", "same_common"), ("close", "different")),
    "home": (("village", "other_village", "region"),),
    "birth": (("day", "turned", "same_year_part", "same_year"), ("year_2", "decade", "different")),
    "uin": (("same", "near", "different"),),
    "numbers": (("same", "near", "different"),),
}
"""Runs of levels of which each must not count more than the one before it, whatever was seen."""
