"""The levels of `weights/levels.py` as conditions that Splink asks DuckDB, in the same order."""

from __future__ import annotations

from typing import Final

from ibr.identity.weights.comparisons import (
    BIRTH,
    FATHER,
    GIVEN,
    Comparison,
)
from ibr.identity.weights.levels import CLOSE, FAR, NEAR, SHORT, WOMAN

ELSE: Final = "ELSE"
Conditions = dict[str, str]


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


def _has(*columns: str) -> str:
    return " and ".join(f"{column}_l <> '' and {column}_r <> ''" for column in columns)


def _one_in_other(one: str, other: str) -> str:
    """Whether the first column of either side stands in the second column of the other."""
    return f"(contains({other}_r, {one}_l) or contains({other}_l, {one}_r))"


def _likeness(one: str, other: str, least: float) -> str:
    """Whether two columns, or else their skeletons, are at least so much alike."""
    (one_name, one_side), (other_name, other_side) = one.rsplit("_", 1), other.rsplit("_", 1)
    first, second = f"{one_name}_skeleton_{one_side}", f"{other_name}_skeleton_{other_side}"
    return (
        f"(jaro_winkler_similarity({one}, {other}) >= {least} or ({first} <> '' and {second} <> '' "
        f"and jaro_winkler_similarity({first}, {second}) >= {least}))"
    )


def _alike(name: str, least: float) -> str:
    return _likeness(f"{name}_l", f"{name}_r", least)


def _exchanged_nearly(one: str, other: str) -> str:
    """Whether the given name of one side is the other's family name, and the other two alike."""
    alike = _likeness(f"family_{one}", f"given_{other}", NEAR)
    return f"(given_skeleton_{one} = family_skeleton_{other} and family_{one} <> '' and {alike})"


def _sounds(name: str) -> str:
    return f"({name}_skeleton_l <> '' and {_same(f'{name}_skeleton')})"


def _same_name(name: str) -> str:
    return f"({_same(name)} or {_sounds(name)})"


_SHORTER: Final = "least(length(given_l), length(given_r))"
_GIVEN_SETS: Final = _has("given_set")

_GIVEN: Final[Conditions] = {
    "unknown": "given_l = '' or given_r = ''",
    "exact_rare": f"{_same('given')} and given_band_l = 1",
    "exact_middling": f"{_same('given')} and given_band_l = 2",
    "exact_common": _same("given"),
    "sound_rare": f"{_sounds('given')} and given_band_l = 1",
    "sound_middling": f"{_sounds('given')} and given_band_l = 2",
    "sound_common": _sounds("given"),
    "part": f"{_GIVEN_SETS} and {_one_in_other('given_set', 'given_set')}",
    "swapped": f"{_GIVEN_SETS} and given_skeleton_l = family_skeleton_r "
    "and given_skeleton_r = family_skeleton_l",
    "swapped_near": f"{_GIVEN_SETS} and ({_exchanged_nearly('l', 'r')} "
    f"or {_exchanged_nearly('r', 'l')})",
    "initial": f"{_SHORTER} = 1 and left(given_l, 1) = left(given_r, 1)",
    "short": f"{_SHORTER} between 3 and {SHORT} and left(given_l, 3) = left(given_r, 3)",
    "close": _alike("given", CLOSE),
    "near": _alike("given", NEAR),
    "crossed": f"{_GIVEN_SETS} and {_one_in_other('given_set', 'names_set')}",
    "far": _alike("given", FAR),
    "different": ELSE,
}
_FAMILY_SETS: Final = _has("family_set")
_FAMILY: Final[Conditions] = {
    "unknown": "family_l = '' or family_r = ''",
    "same_rare": f"{_same_name('family')} and family_band_l = 1",
    "same_middling": f"{_same_name('family')} and family_band_l = 2",
    "same_common": _same_name("family"),
    "part": f"{_FAMILY_SETS} and {_one_in_other('family_set', 'family_set')}",
    "elsewhere": f"{_FAMILY_SETS} and {_one_in_other('family_set', 'names_set')}",
    "close": _alike("family", CLOSE),
    "near": _alike("family", NEAR),
    "different_of_women": f"sex_l = {WOMAN} and sex_r = {WOMAN}",
    "different": ELSE,
}


def _inside(one: str, other: str) -> str:
    return (
        f"(father_set_{one} <> '' and father_set_{one} <> given_set_{other} "
        f"and contains(given_set_{other}, father_set_{one}))"
    )


_NO_FATHER: Final = "(father_l = '' or father_r = '')"
_INSIDE: Final = f"(father_l = '' and {_inside('r', 'l')} or father_r = '' and {_inside('l', 'r')})"
_FATHER: Final[Conditions] = {
    "unknown": f"{_NO_FATHER} and not {_INSIDE}",
    "same_rare": f"father_l <> '' and {_same_name('father')} and father_band_l = 1",
    "same_middling": f"father_l <> '' and {_same_name('father')} and father_band_l = 2",
    "same_common": f"father_l <> '' and {_same_name('father')}",
    "part": f"{_has('father_set')} and {_one_in_other('father_set', 'father_set')}",
    "inside": _NO_FATHER,
    "close": _alike("father", NEAR),
    "different": ELSE,
}
_REACHED: Final = "(len(contacts_l) > 0 and len(contacts_r) > 0)"
_SHARED: Final = "list_has_any(contacts_l, contacts_r)"
_DISTRICT: Final = f"(district_l <> '' and {_same('district')})"
_PLACED: Final = f"({_DISTRICT} and {_has('place')})"
_VILLAGE: Final = f"({_PLACED} and {_same('place')})"
_HOME: Final[Conditions] = {
    "unknown": f"not {_REACHED} and not {_DISTRICT} and (region_l = '' or region_r = '')",
    "contact_village": f"{_SHARED} and {_VILLAGE}",
    "contact_district": f"{_SHARED} and {_DISTRICT}",
    "contact": _SHARED,
    "village": f"{_VILLAGE} and not {_REACHED}",
    "village_other_contact": _VILLAGE,
    "district": f"{_DISTRICT} and not {_PLACED} and not {_REACHED}",
    "district_other_contact": f"{_DISTRICT} and not {_PLACED}",
    "other_village": f"{_PLACED} and not {_REACHED}",
    "other_village_other_contact": _PLACED,
    "region": f"{_has('region')} and {_same('region')}",
    "elsewhere": _has("region"),
    "other_contact": ELSE,
}
_YEARS: Final = "abs(year_l - year_r)"
_DATED: Final = "(dated_l = 1 and dated_r = 1)"
_ONE_DATED: Final = "(dated_l = 1 or dated_r = 1)"
_BIRTH: Final[Conditions] = {
    "unknown": "year_l = 0 or year_r = 0",
    "day": f"{_DATED} and {_same('year')} and {_same('month')} and {_same('day')}",
    "turned": f"{_DATED} and {_same('year')} and month_l = day_r and day_l = month_r",
    "month": f"not {_DATED} and {_same('year')} and month_l > 0 and {_same('month')} "
    "and (day_l = 0 or day_r = 0)",
    "year_of_day": f"not {_DATED} and {_same('year')} and {_ONE_DATED}",
    "year": f"not {_DATED} and {_same('year')}",
    "shifted_1": f"{_DATED} and {_same('month')} and {_same('day')} and {_YEARS} = 1",
    "shifted_more": f"{_DATED} and {_same('month')} and {_same('day')} and {_YEARS} <= 10",
    "same_year_part": f"{_DATED} and {_same('year')} and ({_same('month')} or {_same('day')})",
    "same_year": _same("year"),
    "year_1_of_day": f"not {_DATED} and {_YEARS} = 1 and {_ONE_DATED}",
    "year_1": f"{_YEARS} = 1",
    "year_2": f"{_YEARS} <= 3",
    "decade": f"{_YEARS} <= 10",
    "different": ELSE,
}
_SEX: Final[Conditions] = {
    "unknown": "sex_l = 0 or sex_r = 0",
    "same": _same("sex"),
    "other_same_name": f"given_l <> '' and {_same('given')}",
    "different": ELSE,
}
_UIN: Final[Conditions] = {
    "unknown": "uin_l = 0 or uin_r = 0",
    "same": _same("uin"),
    "near": "list_has_any(uin_near_l, uin_near_r)",
    "different": ELSE,
}
_NUMBERS: Final[Conditions] = {
    "unknown": "not list_has_any(others_l, others_r) and not list_has_any(others_near_l, "
    "others_near_r) and not list_has_any(other_kinds_l, other_kinds_r)",
    "same": "list_has_any(others_l, others_r)",
    "near": "list_has_any(others_near_l, others_near_r)",
    "different": ELSE,
}


def _up_to(comparison: Comparison, conditions: Conditions, last: str) -> str:
    """Whether the level is `last` or a stronger one. The ELSE level is never the last."""
    levels = comparison.levels[: comparison.levels.index(last) + 1]
    return "(" + " or ".join(f"({conditions[level]})" for level in levels) + ")"


_NAMED: Final = (
    f"({_same('given')} or {_sounds('given')} or ({_GIVEN_SETS} and "
    f"({_one_in_other('given_set', 'given_set')} or {_exchanged_nearly('l', 'r')} or "
    f"{_exchanged_nearly('r', 'l')} or "
    "(given_skeleton_l = family_skeleton_r and given_skeleton_r = family_skeleton_l))))"
)
_LIKE: Final = _up_to(GIVEN, _GIVEN, "near")
_FAMILY_AGREES: Final = (
    f"({_same_name('family')} or ({_FAMILY_SETS} and ({_one_in_other('family_set', 'family_set')} "
    f"or {_one_in_other('family_set', 'names_set')})))"
)
_FATHER_AGREES: Final = (
    f"(({_NO_FATHER} and {_INSIDE}) or (not {_NO_FATHER} and ("
    f"{_up_to(FATHER, {**_FATHER, 'inside': 'false'}, 'close')})))"
)
_IN_VILLAGE: Final = f"({_SHARED} or {_VILLAGE})"
_BORN_LIKE: Final = _up_to(BIRTH, _BIRTH, "shifted_more")
_HOUSEHOLD: Final[Conditions] = {
    "unknown": f"family_l = '' or family_r = '' or ({_HOME['unknown']})",
    "name_father_contact": f"{_SHARED} and {_FAMILY_AGREES} and {_FATHER_AGREES}",
    "name_father_village": f"{_VILLAGE} and not {_SHARED} and {_FAMILY_AGREES} "
    f"and {_FATHER_AGREES}",
    "name_father": f"not {_IN_VILLAGE} and {_FAMILY_AGREES} and {_FATHER_AGREES}",
    "name_contact": f"{_SHARED} and {_FAMILY_AGREES}",
    "name_village": f"{_VILLAGE} and {_FAMILY_AGREES}",
    "father_contact": f"{_SHARED} and {_FATHER_AGREES}",
    "father_village": f"{_VILLAGE} and {_FATHER_AGREES}",
    "neither_contact": _SHARED,
    "neither_village": _VILLAGE,
    "other": ELSE,
}
_NAME_AND_BIRTH: Final[Conditions] = {
    "unknown": f"({_GIVEN['unknown']}) or ({_BIRTH['unknown']})",
    "name_day": f"{_NAMED} and {_BIRTH['day']}",
    "name_like": f"{_NAMED} and {_BORN_LIKE}",
    "name_other": _NAMED,
    "like_day": f"{_LIKE} and {_BIRTH['day']}",
    "like_like": f"{_LIKE} and {_BORN_LIKE}",
    "like_other": _LIKE,
    "other_day": _BIRTH["day"],
    "other_like": _BORN_LIKE,
    "other_other": ELSE,
}
_BOTH_NAMES: Final[Conditions] = {
    "unknown": f"({_GIVEN['unknown']}) or ({_FAMILY['unknown']})",
    "name_name": f"{_NAMED} and {_FAMILY_AGREES}",
    "name_other": _NAMED,
    "like_name": f"{_FAMILY_AGREES} and {_LIKE}",
    "like_other": _LIKE,
    "other_name": _FAMILY_AGREES,
    "other_other": ELSE,
}

CONDITIONS: Final[dict[str, Conditions]] = {
    "given": _GIVEN,
    "family": _FAMILY,
    "father": _FATHER,
    "home": _HOME,
    "birth": _BIRTH,
    "sex": _SEX,
    "uin": _UIN,
    "numbers": _NUMBERS,
    "household": _HOUSEHOLD,
    "name_and_birth": _NAME_AND_BIRTH,
    "both_names": _BOTH_NAMES,
    "companions": {"unknown": "sex_l = sex_l", "some": _same("sex"), "none": ELSE},
}
"""Conditions by comparison and level, `unknown` first, the last one ELSE."""
