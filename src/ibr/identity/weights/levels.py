"""Two appearances, and how far they agree in each comparison.

A blank on either side gives level 0, whatever stands on the other side. The batch engine asks the
same in SQL (`engines/level_conditions.py`); a test holds both to the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rapidfuzz.distance import JaroWinkler

from ibr.identity.weights.comparisons import (
    BIRTH,
    FAMILY,
    FATHER,
    GIVEN,
    HOME,
    Comparison,
    level_no,
)
from ibr.identity.weights.prepared import Prepared

CLOSE: Final = 0.9
NEAR: Final = 0.8
FAR: Final = 0.65
"""Likeness by Jaro and Winkler from which names count as close, near, or at least not foreign."""
WOMAN: Final = 2
"""The number of the sex in the standard's list."""
SHORT: Final = 4
"""Letters of a short form at most, of which the first three are those of the whole name."""

Level = Callable[[Prepared, Prepared], int]

likeness = JaroWinkler.similarity


def _numbers(comparison: Comparison) -> dict[str, int]:
    return {level: level_no(comparison, level) for level in comparison.levels}


_GIVEN, _FAMILY, _FATHER = _numbers(GIVEN), _numbers(FAMILY), _numbers(FATHER)
_HOME, _BIRTH = _numbers(HOME), _numbers(BIRTH)


def _alike(one: str, other: str, one_skeleton: str, other_skeleton: str) -> float:
    """Likeness of two names as written or as they sound, whichever is greater."""
    alike = likeness(one, other)
    if one_skeleton and other_skeleton:
        return max(alike, likeness(one_skeleton, other_skeleton))
    return alike


def _one_in_other(one: str, other: str) -> bool:
    return bool(one and other) and (one in other or other in one)


def given(a: Prepared, b: Prepared) -> int:
    """Given names."""
    if not a.given or not b.given:
        return 0
    if a.given == b.given:
        return _GIVEN["exact_rare"] - 1 + a.given_band
    if a.given_skeleton and a.given_skeleton == b.given_skeleton:
        return _GIVEN["sound_rare"] - 1 + a.given_band
    if a.given_set and b.given_set:
        if _one_in_other(a.given_set, b.given_set):
            return _GIVEN["part"]
        if a.given_skeleton == b.family_skeleton and b.given_skeleton == a.family_skeleton:
            return _GIVEN["swapped"]
        if _exchanged_nearly(a, b) or _exchanged_nearly(b, a):
            return _GIVEN["swapped_near"]
    shorter = min(len(a.given), len(b.given))
    if shorter == 1 and a.given[0] == b.given[0]:
        return _GIVEN["initial"]
    if 3 <= shorter <= SHORT and a.given[:3] == b.given[:3]:
        return _GIVEN["short"]
    alike = _alike(a.given, b.given, a.given_skeleton, b.given_skeleton)
    if alike >= CLOSE:
        return _GIVEN["close"]
    if alike >= NEAR:
        return _GIVEN["near"]
    if a.given_set and b.given_set and (a.given_set in b.names_set or b.given_set in a.names_set):
        return _GIVEN["crossed"]
    return _GIVEN["far"] if alike >= FAR else _GIVEN["different"]


def _exchanged_nearly(a: Prepared, b: Prepared) -> bool:
    """Whether a's given name is b's family name, and the other two are alike."""
    if not a.family or a.given_skeleton != b.family_skeleton:
        return False
    return _alike(a.family, b.given, a.family_skeleton, b.given_skeleton) >= NEAR


def family(a: Prepared, b: Prepared) -> int:
    """Family names; a maiden name or swapped names are found among the other's names."""
    if not a.family or not b.family:
        return 0
    if a.family == b.family or (a.family_skeleton and a.family_skeleton == b.family_skeleton):
        return _FAMILY["same_rare"] - 1 + a.family_band
    if a.family_set and b.family_set:
        if _one_in_other(a.family_set, b.family_set):
            return _FAMILY["part"]
        if a.family_set in b.names_set or b.family_set in a.names_set:
            return _FAMILY["elsewhere"]
    alike = _alike(a.family, b.family, a.family_skeleton, b.family_skeleton)
    if alike >= CLOSE:
        return _FAMILY["close"]
    if alike >= NEAR:
        return _FAMILY["near"]
    # A woman may bear her husband's name in one record and her own in the other.
    of_women = a.sex == WOMAN and b.sex == WOMAN
    return _FAMILY["different_of_women"] if of_women else _FAMILY["different"]


def father(a: Prepared, b: Prepared) -> int:
    """Fathers' names; where one record has none, it may stand inside the given name."""
    if not a.father or not b.father:
        if b.father_set and a.given_set != b.father_set and b.father_set in a.given_set:
            return _FATHER["inside"]
        if a.father_set and b.given_set != a.father_set and a.father_set in b.given_set:
            return _FATHER["inside"]
        return 0
    if a.father == b.father or (a.father_skeleton and a.father_skeleton == b.father_skeleton):
        return _FATHER["same_rare"] - 1 + a.father_band
    if _one_in_other(a.father_set, b.father_set):
        return _FATHER["part"]
    alike = _alike(a.father, b.father, a.father_skeleton, b.father_skeleton)
    return _FATHER["close"] if alike >= NEAR else _FATHER["different"]


def home(a: Prepared, b: Prepared) -> int:
    """Where they live and how they are reached: a phone or account in common, village, area."""
    reached = bool(a.contacts) and bool(b.contacts)
    shared = reached and any(each in b.contacts for each in a.contacts)
    same_district = bool(a.district) and a.district == b.district
    placed = same_district and bool(a.place) and bool(b.place)
    same_village = placed and a.place == b.place
    if shared:
        if same_village:
            return _HOME["contact_village"]
        return _HOME["contact_district"] if same_district else _HOME["contact"]
    if same_village:
        return _HOME["village_other_contact"] if reached else _HOME["village"]
    if placed:
        return _HOME["other_village_other_contact"] if reached else _HOME["other_village"]
    if same_district:
        return _HOME["district_other_contact"] if reached else _HOME["district"]
    if a.region and b.region:
        return _HOME["region"] if a.region == b.region else _HOME["elsewhere"]
    return _HOME["other_contact"] if reached else 0


def birth(a: Prepared, b: Prepared) -> int:
    """Birth dates with their precision; the first of January often stands for the year alone."""
    if not a.year or not b.year:
        return 0
    years = abs(a.year - b.year)
    if a.dated and b.dated:
        return _birth_of_days(a, b, years)
    if years == 0:
        if a.month and b.month and a.month == b.month and not (a.day and b.day):
            return _BIRTH["month"]
        return _BIRTH["year_of_day"] if a.dated or b.dated else _BIRTH["year"]
    if years == 1:
        return _BIRTH["year_1_of_day"] if a.dated or b.dated else _BIRTH["year_1"]
    if years <= 3:
        return _BIRTH["year_2"]
    return _BIRTH["decade"] if years <= 10 else _BIRTH["different"]


def _birth_of_days(a: Prepared, b: Prepared, years: int) -> int:
    same_day, same_month = a.day == b.day, a.month == b.month
    if years == 0:
        if same_day and same_month:
            return _BIRTH["day"]
        if a.day == b.month and a.month == b.day:
            return _BIRTH["turned"]
        return _BIRTH["same_year_part"] if same_day or same_month else _BIRTH["same_year"]
    if same_day and same_month and years <= 10:
        return _BIRTH["shifted_1"] if years == 1 else _BIRTH["shifted_more"]
    if years == 1:
        return _BIRTH["year_1"]
    if years <= 3:
        return _BIRTH["year_2"]
    return _BIRTH["decade"] if years <= 10 else _BIRTH["different"]


def sex(a: Prepared, b: Prepared) -> int:
    """Sex as reported. Where the given name is the very same, another sex is likelier a slip, for
    names have a sex too; their skeletons have not."""
    if not a.sex or not b.sex:
        return 0
    if a.sex == b.sex:
        return 1
    same_name = a.given != "" and a.given == b.given
    return 2 if same_name else 3


def uin(a: Prepared, b: Prepared) -> int:
    """The foundational number: the same, one slip apart, or another."""
    if not a.uin or not b.uin:
        return 0
    if a.uin == b.uin:
        return 1
    return 2 if any(each in b.uin_near for each in a.uin_near) else 3


def numbers(a: Prepared, b: Prepared) -> int:
    """Other numbers of the person's own; only those of one kind can be told apart."""
    if not a.others or not b.others:
        return 0
    if any(each in b.others for each in a.others):
        return 1
    if any(each in b.others_near for each in a.others_near):
        return 2
    return 3 if any(each in b.other_kinds for each in a.other_kinds) else 0


_NAMED: Final = _GIVEN["swapped_near"]
_LIKE: Final = _GIVEN["near"]
_FAMILY_AGREES: Final = _FAMILY["elsewhere"]
_FATHER_AGREES: Final = _FATHER["close"]
_CONTACT: Final = _HOME["contact"]
_VILLAGE: Final = _HOME["village_other_contact"]
_BORN_LIKE: Final = _BIRTH["shifted_more"]


def household(family_level: int, father_level: int, home_level: int) -> int:
    """What a household shares, taken together, so that it does not count several times."""
    if not family_level or not home_level:
        return 0
    name = family_level <= _FAMILY_AGREES
    by_father = 0 < father_level <= _FATHER_AGREES
    if home_level <= _CONTACT:
        place = 0
    elif home_level <= _VILLAGE:
        place = 1
    else:
        return 3 if name and by_father else 10
    if name:
        return (1 if by_father else 4) + place
    return (6 if by_father else 8) + place


def name_and_birth(given_level: int, birth_level: int) -> int:
    """Given name and birth together: a twin shares one, a careless record damages both."""
    if not given_level or not birth_level:
        return 0
    name = 0 if given_level <= _NAMED else 3 if given_level <= _LIKE else 6
    return name + (1 if birth_level == 1 else 2 if birth_level <= _BORN_LIKE else 3)


def both_names(given_level: int, family_level: int) -> int:
    """Given and family name together."""
    if not given_level or not family_level:
        return 0
    name = 0 if given_level <= _NAMED else 2 if given_level <= _LIKE else 4
    return name + (1 if family_level <= _FAMILY_AGREES else 2)


def levels_of(a: Prepared, b: Prepared) -> tuple[int, ...]:
    """The level of every comparison, in the order of COMPARISONS. The same either way round."""
    by_given, by_family, by_father = given(a, b), family(a, b), father(a, b)
    by_home, by_birth = home(a, b), birth(a, b)
    return (
        by_given,
        by_family,
        by_father,
        by_home,
        by_birth,
        sex(a, b),
        uin(a, b),
        numbers(a, b),
        household(by_family, by_father, by_home),
        name_and_birth(by_given, by_birth),
        both_names(by_given, by_family),
        0,  # Companions: clustering finds them.
    )
