"""Names as they are compared: order, script, titles, particles, and what nobody should send."""

from __future__ import annotations

import pytest

from ibr.identity.features.names import LONGEST_WORD, MOST_WORDS, name_of, written
from ibr.identity.features.skeleton import skeleton

SAME_NAME = [
    ("Mr. Ahmed", "Ahmed"),
    ("AHMED", "ahmed"),
    ("Hajja Fatima", "Fatima"),
    ("W/ro Tsigereda", "Tsigereda"),
    ("ወይዘሮ አለሙ", "አለሙ"),
    ("الحاج أحمد", "أحمد"),
    ("María", "Maria"),
    ("Jean-Pierre", "JEAN PIERRE"),
    ("Abd al-Karim", "Abdul Karim"),
    ("Abd al-Karim", "Abdelkarim"),
    ("عبد الكريم", "عبدالكريم"),
    ("مُحَمَّد", "محمد"),
    ("أحمد", "احمد"),
    ("Md. Rafiq", "Mohammed Rafiq"),
    ("\u202eAhmed\u202c", "Ahmed"),
    ("Ah\u200bmed", "Ahmed"),
    ("  Ahmed\t", "Ahmed"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAME)
def test_one_name_however_it_is_dressed(one: str, other: str) -> None:
    assert written(one).said.words == written(other).said.words != ()


SAME_FAMILY = [
    ("al-Hassan", "Hassan"),
    ("AL-HASSAN", "El Hassan"),
    ("Ben Salah", "Salah"),
    ("ash-Shami", "Shami"),
    ("D'Almeida", "de Almeida"),
    ("van der Berg", "Berg"),
    ("الحسن", "حسن"),
    ("بن صالح", "صالح"),
]


@pytest.mark.parametrize(("one", "other"), SAME_FAMILY)
def test_particles_do_not_part_a_family(one: str, other: str) -> None:
    assert written(one).whole.words == written(other).whole.words != ()


# A name in Latin letters, and the same as another clerk writes it, or in another script.
SAME_SKELETON = [
    ("khaled", "kaled"), ("ghassan", "gassan"), ("qasim", "kasim"), ("zohra", "sohra"),
    ("tsehay", "sehay"), ("vera", "bera"), ("djamila", "jamila"), ("gamal", "jamal"),
    ("shakir", "chakir"), ("ouali", "wali"), ("youssef", "yusuf"), ("iemen", "yemen"),
    ("hassan", "hasan"), ("fatimah", "fatma"), ("leila", "layla"), ("cecile", "sesil"),
    ("carlos", "karlos"), ("philip", "filip"), ("ali", "aly"), ("omar", "umar"),
    ("Mohammed", "محمد"), ("Ahmad", "أحمد"), ("Abd al-Karim", "عبد الكريم"), ("Omar", "عمر"),
    ("Khaled", "خالد"), ("Ibrahim", "إبراهيم"), ("Yusuf", "يوسف"), ("Layla", "ليلى"),
    ("Fatima", "فاطمة"), ("Alemu", "አለሙ"), ("Haile", "ኃይሌ"), ("Dmitri", "Дмитрий"),
    ("Ivanov", "Иванов"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME_SKELETON)
def test_a_skeleton_survives_transliteration(one: str, other: str) -> None:
    assert written(one).said.skeleton == written(other).said.skeleton != ""


OTHER_SKELETON = [
    ("Ali", "Lia"), ("Maria", "Mario Rossi"), ("Karim", "Salim"), ("Hamid", "Amid"),
    ("Tesfaye", "Bekele"), ("Walid", "Khalid"), ("محمد", "أحمد"), ("Alberto", "Roberto"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), OTHER_SKELETON)
def test_other_names_keep_other_skeletons(one: str, other: str) -> None:
    assert written(one).said.skeleton != written(other).said.skeleton


def test_what_begins_like_an_article_keeps_its_beginning() -> None:
    assert written("Elena").said.words == ("elena",)
    assert written("Alberto").said.words == ("alberto",)
    assert skeleton("elias") == written("الياس").said.skeleton


def test_the_father_is_found_behind_the_word_for_son() -> None:
    name = name_of({"given_name": "Ahmed ben Salah", "surname": "Karimi"})
    assert (name.given.text, name.father.text, name.family.text) == ("ahmed", "salah", "karimi")


def test_a_father_who_is_named_apart_stands() -> None:
    name = name_of({"given_name": "Fatima bint Omar", "second_name": "Umar"})
    assert (name.given.text, name.father.text) == ("fatima", "umar")


def test_whose_wife_somebody_is_is_no_part_of_her_name() -> None:
    assert written("Sita w/of Ram").whole.words == ("sita",)


NOTHING_SAID = ["", "   ", "😀😀", "123", "Mr", "Mrs.", "\u202e\u202c", "---", "''", "الدكتور"]


@pytest.mark.parametrize("text", NOTHING_SAID)
def test_what_is_no_name_is_blank(text: str) -> None:
    name = name_of({"given_name": text, "surname": text, "second_name": text})
    assert (name.given.words, name.father.words, name.family.words) == ((), (), ())


@pytest.mark.parametrize("text", ["Haji", "Sidi", "al", "Khatun", "الحاج"])
def test_an_honour_that_stands_alone_is_what_one_is_called_by(text: str) -> None:
    assert len(written(text).said.words) == 1


def test_a_name_of_any_length_is_cut() -> None:
    words = written(" ".join(["Ahmed"] * 100)).said.words
    assert len(words) == MOST_WORDS
    assert len(written("x" * 500).said.text) == LONGEST_WORD


SCRIPTS = [
    ("Ahmed", "Latn"), ("أحمد", "Arab"), ("አለሙ", "Ethi"), ("Иван", "Cyrl"), ("李小龙", "Hani"),
    ("ธนา", "Thai"), ("123", ""), ("", ""), ("Ahmed أ", "Latn"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "script"), SCRIPTS)
def test_the_script_is_told(text: str, script: str) -> None:
    assert written(text).script == script


@pytest.mark.parametrize("strange", [None, 7, ["Ahmed"], {"a": 1}])
def test_what_is_no_text_is_blank(strange: object) -> None:
    assert name_of({"given_name": strange}).given.words == ()
