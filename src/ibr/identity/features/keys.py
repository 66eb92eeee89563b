"""Blocking keys: two appearances are compared only if they share one.

Each rule says what two records of one person may well have in common though the rest was
misspelt, left out, or has changed. A blank part gives no key: that two records say nothing is no
reason to compare them. Rules that many people could share ask for the sex as well; where it is
not known, the key is made for either.

docs/decisions/0027-features.md says what each rule finds and what it costs.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

from ibr.identity.features.dates import DAY, YEAR, year_of
from ibr.identity.model import STANDARD, Features
from ibr.protection.blind_index import BlindIndex

RULES: Final = (
    "uin",
    "id",
    "phone",
    "account",
    "names-year",
    "names-district",
    "names-village",
    "three-names",
    "initial-year",
    "initial-village",
    "initial-father",
    "name-day",
    "name-father",
    "day-village",
    "day-district",
    "initials-father",
    "married-village",
    "married-father",
)
"""The rules, by the word that each of their keys begins with."""
MOST_NAMES: Final = 4
"""So many skeletons of one name make keys; a fifth adds pairs and finds nobody."""
_DOMAIN: Final = f"keys {STANDARD}"


_MALE: Final = 1
# Two rows of bands of years, shifted by half: years at most two apart share one of them.
_BAND, _HALF = 4, 2


def keys_of(features: Features, hasher: BlindIndex) -> list[int]:
    """The blocking keys of an appearance, sorted: keyed hashes of rule and values."""
    return sorted(set(hasher.linkage(_DOMAIN, clear_keys(features))))


def clear_keys(features: Features) -> list[str]:
    """Rule and values of each key before they are hashed; never to be stored or shown."""
    found: list[str] = []
    _by_number(features, found)
    names = features.names[:MOST_NAMES]
    _whoever(features, names, found)
    if features.sex != _MALE:
        _by_given_name(features, names, found)
    for sex in (features.sex,) if features.sex else (1, 2):
        _by_two_names(features, names, sex, found)
        _by_one_name(features, names, sex, found)
    return found


def _by_number(f: Features, found: list[str]) -> None:
    if f.uin is not None:
        found.append(f"uin|{f.uin.token}")
    found += [f"id|{number.token}" for number in f.others]
    found += [f"phone|{number.token}" for number in f.phones]
    found += [f"account|{number.token}" for number in f.accounts]


def _whoever(f: Features, names: tuple[str, ...], found: list[str]) -> None:
    """What few people share, of whichever sex they are said to be."""
    year, village = f.birth[:YEAR], f"{f.district}|{f.place}"
    father = f.father_skeleton.partition(" ")[0]
    for one, other in combinations(names, 2):
        if year:
            found.append(f"names-year|{one}|{other}|{year}")
        if f.place:
            found.append(f"names-village|{one}|{other}|{village}")
            if father:
                # Two slips, or a slip and a short form, beside a father's name that is right.
                sounds = _ordered(one[0], other[0])
                found.append(f"initials-father|{sounds}|{father}|{village}")
    if len(f.birth) == DAY:
        # The first of January is what clerks write who know the year only.
        where = f.region if f.birth.endswith("-01-01") else ""
        found += [f"name-day|{name}|{f.birth}|{where}" for name in names]
        if f.district and not where:
            found.append(f"day-district|{f.birth}|{f.district}")
        elif f.place:
            found.append(f"day-village|{f.birth}|{village}")


def _by_two_names(f: Features, names: tuple[str, ...], sex: int, found: list[str]) -> None:
    """Two names in any order, or one and the first sound of the other."""
    year, district = f.birth[:YEAR], f.district
    village = f"{district}|{f.place}" if f.place else ""
    father = f.father_skeleton.partition(" ")[0]
    for one, other in combinations(names, 2):
        if district:
            found.append(f"names-district|{one}|{other}|{sex}|{district}")
        if father:
            found.append(f"three-names|{_ordered(one, other, father)}|{sex}")
        # A slip of the finger and a short form leave the first sound alone.
        for sound, name in ((one[0], other), (other[0], one)):
            if year and district:
                found.append(f"initial-year|{sound}|{name}|{sex}|{year}|{district}")
            if village:
                found.append(f"initial-village|{sound}|{name}|{sex}|{village}")
            if father and district:
                names_of_both = _ordered(name, father)
                found.append(f"initial-father|{sound}|{names_of_both}|{sex}|{district}")
    if not father and len(names) > 2:
        # The father's name may stand among the others, where all are written in one field.
        for three in combinations(names, 3):
            found.append(f"three-names|{'|'.join(three)}|{sex}")


def _by_one_name(f: Features, names: tuple[str, ...], sex: int, found: list[str]) -> None:
    """One name in one village, whatever became of the other: marriage, a slip, a short form."""
    father = f.father_skeleton.partition(" ")[0]
    if not f.place or not father:
        return
    village = f"{f.district}|{f.place}"
    found += [f"name-father|{_ordered(name, father)}|{sex}|{village}" for name in names]


def _by_given_name(f: Features, names: tuple[str, ...], found: list[str]) -> None:
    """Women whose family name changed, as marriage does; asked of men too it would cost thrice
    the pairs and find next to nobody."""
    year = year_of(f.birth)
    if not year:
        return
    father = f.father_skeleton.partition(" ")[0]
    # Where all names stand in one field, any of them may be the given one.
    given = f.given_skeleton.split(" ") if f.given_skeleton and f.family_skeleton else names
    for name in given[:MOST_NAMES]:
        if father:
            found.append(f"married-father|{name}|{father}|{year}")
        if f.place:
            for band in (f"a{year // _BAND}", f"b{(year + _HALF) // _BAND}"):
                found.append(f"married-village|{name}|{band}|{f.district}|{f.place}")


def _ordered(*names: str) -> str:
    return "|".join(sorted(names))
