"""How far two people agree: each level by an example, blanks by rule."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from ibr.identity.model import Features
from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.levels import levels_of
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.prepared import FIRST_NAME, name_digest, prepare
from ibr.identity.weights.score import weigh
from ibr.identity.weights.starting import starting_model
from tests.unit.identity.compared import at, number, someone

NAMES = [each.name for each in COMPARISONS]
NO_BANDS: Mapping[int, int] = MappingProxyType({})


def level(
    comparison: str, one: Features, other: Features, bands: Mapping[int, int] = NO_BANDS
) -> str:
    place = NAMES.index(comparison)
    found = levels_of(prepare(one, bands), prepare(other, bands))[place]
    return "unknown" if found == 0 else COMPARISONS[place].levels[found - 1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"given": "karim"}, {"given": "karim"}, "exact_rare"),
        ({"given": "karim"}, {"given": "qareem"}, "sound_rare"),
        ({"given": "karim hassan"}, {"given": "karim"}, "part"),
        ({"given": "rashid", "family": "karim"}, {}, "swapped"),
        ({"given": "rashid", "family": "karjm"}, {}, "swapped_near"),
        ({"given": "tesfa", "family": "karim"}, {}, "crossed"),
        ({"given": "tesi"}, {"given": "tesfalem"}, "short"),
        ({"given": "k"}, {"given": "karim"}, "initial"),
        ({"given": "mariana"}, {"given": "marizna"}, "close"),
        ({"given": "tesfalem"}, {"given": "oli"}, "different"),
        ({"given": ""}, {"given": "karim"}, "unknown"),
    ],
)
def test_given_names_agree_as_far_as_they_do(
    one: dict[str, Any], other: dict[str, Any], expected: str
) -> None:
    assert level("given", someone(**one), someone(**other)) == expected


def test_a_common_name_says_less_than_a_rare_one() -> None:
    bands = {name_digest(FIRST_NAME, someone().given_skeleton): 3}
    assert level("given", someone(), someone(), bands) == "exact_common"
    assert level("given", someone(given="olga"), someone(given="olga"), bands) == "exact_rare"


def test_a_whole_name_in_one_field_is_taken_apart() -> None:
    written = someone(given="rashid karim", family="")
    assert level("given", written, someone()) == "exact_rare"
    assert level("family", written, someone()) == "same_rare"
    turned = someone(given="karim rashid", family="")
    assert level("given", turned, someone()) == "swapped"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1990-04-05", "1990-04-05", "day"),
        ("1990-04-05", "1990-05-04", "turned"),
        ("1990-04", "1990-04-05", "month"),
        ("1990-01-01", "1990-04-05", "year_of_day"),
        ("1990", "1990-01-01", "year"),
        ("1990-04-05", "1991-04-05", "shifted_1"),
        ("1990-04-05", "1993-04-05", "shifted_more"),
        ("1990-04-05", "1990-04-06", "same_year_part"),
        ("1990-04-05", "1990-09-06", "same_year"),
        ("1991", "1990-04-05", "year_1_of_day"),
        ("1991", "1990", "year_1"),
        ("1990-04-05", "1992-08-17", "year_2"),
        ("1990-04-05", "1999-08-17", "decade"),
        ("1990-04-05", "1950-08-17", "different"),
        ("", "1990-04-05", "unknown"),
    ],
)
def test_birth_dates_agree_as_precisely_as_they_are_known(
    one: str, other: str, expected: str
) -> None:
    assert level("birth", someone(birth=one), someone(birth=other)) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (number(1), number(1), "same"),
        (number(1, 7, 8), number(2, 8, 9), "near"),
        (number(1, 7), number(2, 9), "different"),
        (None, number(2), "unknown"),
    ],
)
def test_the_national_number_is_the_same_near_or_another(
    one: Any, other: Any, expected: str
) -> None:
    assert level("uin", someone(uin=one), someone(uin=other)) == expected


def test_another_sex_says_less_where_the_name_is_the_same() -> None:
    man, woman = someone(given="karim", sex=1), someone(given="karim", sex=2)
    assert level("sex", man, woman) == "other_same_name"
    assert level("sex", man, someone(given="olga", sex=2)) == "different"
    assert level("sex", someone(given="", sex=1), someone(given="", sex=2)) == "different"


def test_women_may_bear_two_family_names() -> None:
    wife, maiden = someone(family="rashid", sex=2), someone(family="montez", sex=2)
    assert level("family", wife, maiden) == "different_of_women"
    assert level("family", someone(family="rashid"), someone(family="montez")) == "different"


def test_numbers_of_two_kinds_do_not_disagree() -> None:
    birth, card = number(1, kind="BRN"), number(2, kind="NID")
    assert level("numbers", someone(others=(birth,)), someone(others=(card,))) == "unknown"
    other = number(3, kind="BRN")
    assert level("numbers", someone(others=(birth,)), someone(others=(other,))) == "different"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"phones": (number(5),)}, {"phones": (number(5),)}, "contact_village"),
        ({"phones": (number(5),), "place": ""}, {"accounts": (number(5),)}, "contact_district"),
        ({}, {}, "village"),
        ({"phones": (number(5),)}, {"phones": (number(6),)}, "village_other_contact"),
        ({"place": ""}, {}, "district"),
        ({"place": "krk"}, {}, "other_village"),
        ({"district": "R1-D2"}, {}, "region"),
        ({"district": "R2-D1", "region": "R2"}, {}, "elsewhere"),
        ({"district": "", "region": "", "place": ""}, {}, "unknown"),
    ],
)
def test_a_village_of_the_same_name_counts_only_in_the_same_district(
    one: dict[str, Any], other: dict[str, Any], expected: str
) -> None:
    assert level("home", someone(**one), someone(**other)) == expected


BLANKS: dict[str, dict[str, Any]] = {
    "given": {"given": ""},
    "birth": {"birth": ""},
    "sex": {"sex": 0},
    "uin": {"uin": None},
    "numbers": {"others": ()},
}
OTHERS: dict[str, list[dict[str, Any]]] = {
    "given": [{"given": "karim"}, {"given": "olga"}, {"given": ""}],
    "birth": [{"birth": "1990-04-05"}, {"birth": "1931"}, {"birth": ""}],
    "sex": [{"sex": 1}, {"sex": 2}, {"sex": 0}],
    "uin": [{"uin": number(1)}, {"uin": number(2)}, {"uin": None}],
    "numbers": [{"others": (number(1, kind="NID"),)}, {"others": ()}],
}


@pytest.mark.parametrize("comparison", BLANKS)
def test_what_stands_beside_a_blank_never_counts(comparison: str) -> None:
    model = starting_model()
    blank = someone(**BLANKS[comparison])
    weights = {
        weigh(at(1), blank, at(2), someone(**other), model).weight for other in OTHERS[comparison]
    }
    assert len(weights) == 1
    assert model.weights[NAMES.index(comparison)].levels[0].bits == 0


def test_the_control_of_blanks_sees_what_stands_beside_a_value() -> None:
    model = starting_model()
    weights = {
        weigh(at(1), someone(), at(2), someone(**other), model).weight for other in OTHERS["birth"]
    }
    assert len(weights) == len(OTHERS["birth"])


def test_two_records_that_say_nothing_weigh_what_nothing_weighs() -> None:
    model: LinkageModel = starting_model()
    assert weigh(at(1), Features(), at(2), Features(), model).weight == model.prior


def test_a_pair_weighs_the_same_either_way_round() -> None:
    people = [
        someone(),
        someone(given="rashid", family="karim"),
        someone(given="karim hassan", father=""),
        someone(birth="1990", uin=number(1, 4)),
        someone(given="rashid karim", family="", phones=(number(9),)),
    ]
    model = starting_model()
    for one, other in itertools.product(people, repeat=2):
        there = weigh(at(1), one, at(2), other, model)
        assert there == weigh(at(2), other, at(1), one, model)
        assert there.levels == weigh(at(1), other, at(2), one, model).levels
