"""Names of three cultures, made of syllables, each word in Latin letters and in its own script.

No list of real people stands behind them. Frequencies fall off like Zipf's law, so that common
names are common enough to confuse a linkage, and the rare ones rare enough to carry it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Literal

import msgspec

Culture = Literal["coast", "north", "highland"]
CULTURES: tuple[Culture, ...] = ("coast", "north", "highland")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_COAST_STEMS = _words(
    "Mar Jo Adé Tél Zéf Ber Cél Hél Lu Ama Isa Oli Dés Fran Gui Rém Ném Cor Val Syl Thé Mat Léo "
    "Nor Ros Aga Bast Iré Sam Clém Édou Gus Noé Raf Tia Vic Ger Pau Ern Cas"
)
_COAST_MEN = _words("o el ien on ão aldo ique in and érico")
_COAST_WOMEN = _words("ia elle ène inha ina ette alda ice anne éa")
_COAST_FAMILY_STEMS = _words(
    "Mont Bel Ser Carv Fon Nog Cast Del Ver Per Lac Riv Tav Mend Sal Bou Gar Moré Quint Alb Baró "
    "Coutr Dórn Esp Fig Guim Lav Mir Oliv Pont"
)
_COAST_FAMILY_ENDS = _words("eira é aud ères ão ez ault ois inho ar")

_ROOTS = (
    "ك:k ر:r م:m|ح:h س:s ن:n|س:s ل:l م:m|ح:h م:m د:d|ج:j م:m ل:l|ن:n ص:s ر:r|"
    "ف:f ض:d ل:l|ص:s ل:l ح:h|ر:r ش:sh د:d|خ:kh ل:l د:d|ق:q س:s م:m|ط:t ه:h ر:r|"
    "ش:sh ر:r ف:f|ب:b ش:sh ر:r|ن:n ب:b ل:l|م:m ج:j د:d|س:s ع:' د:d|ر:r ح:h م:m|"
    "ظ:z ف:f ر:r|ق:q د:d ر:r|ص:s ب:b ر:r|ز:z ه:h ر:r|ح:h ب:b ب:b|ك:k م:m ل:l|"
    "ن:n ج:j ب:b|غ:gh ل:l ب:b|ر:r ف:f ق:q|ذ:dh ك:k ر:r|ح:h ك:k م:m|ج:j ب:b ر:r|"
    "ل:l ط:t ف:f|ن:n ع:' م:m|ح:h ف:f ظ:z|ش:sh ك:k ر:r|م:m ن:n ر:r|ب:b س:s م:m"
)
# Digits stand for the root's consonants; what is left is written as it is.
_Patterns = tuple[tuple[str, str], ...]
_NORTH_MEN: _Patterns = (
    ("1a2i3", "12ي3"),
    ("1aa2i3", "1ا23"),
    ("A12a3", "أ123"),
    ("Mu1a22a3", "م123"),
)
_NORTH_MEN += (("Ma12uu3", "م12و3"), ("1u2ay3", "12ي3"), ("Abd al-1a2i3", "عبد ال12ي3"))
_NORTH_WOMEN: _Patterns = (
    ("1a2i3a", "12ي3ة"),
    ("1aa2i3a", "1ا23ة"),
    ("1a23aa", "123اء"),
    ("1a23a", "123ى"),
)
_NORTH_WOMEN += (("1u2ay3a", "12ي3ة"), ("Ma12uu3a", "م12و3ة"))
_NORTH_FAMILIES: _Patterns = (
    ("al-1aa2i3i", "ال1ا23ي"),
    ("al-1a22aa3", "ال12ا3"),
    ("Ben 1a2i3", "بن 12ي3"),
)
_NORTH_FAMILIES += (("1a2a3i", "123ي"), ("Bu 1a23a", "بو 123ة"), ("al-Mu1a22a3i", "الم123ي"))
_NORTH_FAMILIES += (("1a23aan", "123ان"), ("Aal 1u2ay3", "آل 12ي3"))

# The Ethiopic syllabary is regular: a consonant's row, then a vowel's place in the row.
_ETHIOPIC_ROWS = {
    "h": 0x1200, "l": 0x1208, "m": 0x1218, "r": 0x1228, "s": 0x1230, "sh": 0x1238, "q": 0x1240,
    "b": 0x1260, "t": 0x1270, "ch": 0x1278, "n": 0x1290, "": 0x12A0, "k": 0x12A8, "w": 0x12C8,
    "z": 0x12D8, "y": 0x12E8, "d": 0x12F0, "j": 0x1300, "g": 0x1308, "ts": 0x1338, "f": 0x1348,
}  # fmt: skip
_ETHIOPIC_VOWELS = {"e": 0, "u": 1, "i": 2, "a": 3, "é": 4, "": 5, "o": 6}
_HIGHLAND_STARTS = _words(
    "ta-de ge-b-re me-ko-n a-le-m be-ke de-se ki-da se-lo wo-r-k te-s-fa ne-ga ya-re ma-mu ze-ru "
    "fi-qa ha-y-l le-ma a-ba-te gi-r-ma mu-lu she-wa to-lo e-n-dé da-wi ro-be qe-no jé-ma tsi-ge "
    "ye-ma ka-sa le-ge bi-ru go-sa sa-mu a-da-n zo-la"
)
_HIGHLAND_MEN = _words("se ta mu la n-da ye ru ri bo-n sha")
_HIGHLAND_WOMEN = _words("ch ne-sh wi-t ya i-t ba-cha sha-y le-ch")


class Word(msgspec.Struct, frozen=True):
    """One name in Latin letters and in the script of its culture."""

    latin: str
    local: str


class Weighted:
    """Words drawn with frequencies that fall off with their rank."""

    def __init__(self, words: Sequence[Word], exponent: float) -> None:
        self.words = tuple(words)
        self._weights = list(accumulate(1 / (rank + 2.7) ** exponent for rank in range(len(words))))

    def draw(self, rng: random.Random) -> Word:
        return rng.choices(self.words, cum_weights=self._weights)[0]


class Names(msgspec.Struct, frozen=True):
    """The names of one culture."""

    men: Weighted
    women: Weighted
    families: Weighted
    patronymic: bool
    """Whether people bear their father's and grandfather's names instead of a family's."""
    honorifics_men: tuple[Word, ...]
    honorifics_women: tuple[Word, ...]

    def given(self, sex: str) -> Weighted:
        return self.women if sex == "female" else self.men


@cache
def names_of(culture: Culture) -> Names:
    """The names of a culture; the same in every country, only who bears them differs."""
    if culture == "coast":
        men, women, families = _coast()
        titles = _titles("Sr.", "Sr."), _titles("Sra.", "Sra.")
    elif culture == "north":
        men, women, families = _north()
        titles = _titles("Hajj", "الحاج"), _titles("Hajja", "الحاجة")
    else:
        men, women, families = _highland()
        titles = _titles("Ato", "አቶ"), _titles("Weyzero", "ወይዘሮ")
    return Names(
        Weighted(_mixed(men, culture), 0.85),
        Weighted(_mixed(women, culture), 0.85),
        Weighted(_mixed(families, culture), 0.75),
        culture == "highland",
        *titles,
    )


def _titles(latin: str, local: str) -> tuple[Word, ...]:
    return (Word(latin, local),)


def _mixed(words: Sequence[Word], culture: str) -> list[Word]:
    """Unique words in an order of frequency that does not follow the order of their syllables."""
    unique = list({word.latin: word for word in words}.values())
    random.Random(f"frequency of names: {culture}").shuffle(unique)
    return unique


def _coast() -> tuple[list[Word], list[Word], list[Word]]:
    def joined(stems: Sequence[str], ends: Sequence[str]) -> list[Word]:
        both = [
            stem + end for stem in stems for end in ends if stem[-1] not in "aoéu" or end[0] in "ln"
        ]
        both += [stem + "l" + end for stem in stems for end in ends if stem[-1] in "aoéu"]
        return [Word(name, name) for name in both]

    return (
        joined(_COAST_STEMS, _COAST_MEN),
        joined(_COAST_STEMS, _COAST_WOMEN),
        joined(_COAST_FAMILY_STEMS, _COAST_FAMILY_ENDS),
    )


def _north() -> tuple[list[Word], list[Word], list[Word]]:
    roots = [tuple(letter.split(":") for letter in root.split()) for root in _ROOTS.split("|")]

    def patterned(patterns: Sequence[tuple[str, str]]) -> list[Word]:
        words = []
        for latin, local in patterns:
            for root in roots:
                sound, written = latin, local
                for place, (letter, consonant) in enumerate(root, 1):
                    sound = sound.replace(str(place), consonant)
                    written = written.replace(str(place), letter)
                words.append(Word(_spelt(sound), written))
        return words

    return patterned(_NORTH_MEN), patterned(_NORTH_WOMEN), patterned(_NORTH_FAMILIES)


def _spelt(sound: str) -> str:
    """A pattern's sound as a clerk writes it: short vowels, capitals, no mark for the ayn."""
    plain = sound.replace("shsh", "sh").replace("khkh", "kh").replace("ghgh", "gh")
    plain = plain.replace("aa", "a").replace("uu", "u").replace("'", "")
    words = [
        word if word.startswith("al-") else word[0].upper() + word[1:] for word in plain.split()
    ]
    return " ".join(
        word[:3] + word[3].upper() + word[4:] if word.startswith("al-") else word for word in words
    )


def _highland() -> tuple[list[Word], list[Word], list[Word]]:
    men = [_syllabled(f"{start}-{end}") for start in _HIGHLAND_STARTS for end in _HIGHLAND_MEN]
    women = [_syllabled(f"{start}-{end}") for start in _HIGHLAND_STARTS for end in _HIGHLAND_WOMEN]
    return men, women, men


def _syllabled(syllables: str) -> Word:
    latin, local = "", ""
    for syllable in syllables.split("-"):
        consonant = syllable.rstrip("euiaéo")
        local += chr(_ETHIOPIC_ROWS[consonant] + _ETHIOPIC_VOWELS[syllable[len(consonant) :]])
        latin += syllable
    return Word(latin[0].upper() + latin[1:], local.replace("ኣ", "አ"))
