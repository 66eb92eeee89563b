"""Names in Latin small letters, without titles and particles, in the order in which they stand.

What was written once is remembered: a country has far fewer names than people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from anyascii import anyascii

from ibr.identity.features.skeleton import skeleton
from ibr.identity.features.words import (
    ARABIC_LETTERS,
    DESCENT,
    HONOURS,
    NOT_THE_ARTICLE,
    OF_ANOTHER,
    PARTICLES,
    SERVANT,
    SERVANT_JOINED,
    SHORT,
    TITLES,
)

LONGEST: Final = 200
LONGEST_WORD: Final = 40
MOST_WORDS: Final = 8
_REMEMBERED: Final = 262_144
_APOSTROPHES: Final = re.compile("['’‘`´ʼʿʾ\"]")
_BETWEEN: Final = re.compile(r"[^\w/'’‘`´ʼʿʾ\"]+|_+", re.UNICODE)
_NOT_LATIN: Final = re.compile(r"[^a-z]")
_ELIDED: Final = re.compile(r"^[dl]['’‘`´](?=\w{3})")
# Vowel signs, the long stroke and the dagger alif of Arabic, which most writers leave out.
_ARABIC_SIGNS: Final = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_ALIFS: Final = str.maketrans("أإآٱ", "اااا")
_ARABIC: Final = str.maketrans(ARABIC_LETTERS)
# By the first word of a letter's name in the Unicode standard.
_SCRIPTS: Final = {
    "LATIN": "Latn",
    "ARABIC": "Arab",
    "ETHIOPIC": "Ethi",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "THAI": "Thai",
    "LAO": "Laoo",
    "KHMER": "Khmr",
    "MYANMAR": "Mymr",
    "TIBETAN": "Tibt",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "MONGOLIAN": "Mong",
    "CJK": "Hani",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "HANGUL": "Hang",
    "NKO": "Nkoo",
    "TIFINAGH": "Tfng",
    "VAI": "Vaii",
    "ADLAM": "Adlm",
    "THAANA": "Thaa",
}


class Said(NamedTuple):
    """Words of a name, each with its skeleton, and all of them as one text."""

    words: tuple[str, ...] = ()
    skeletons: tuple[str, ...] = ()
    text: str = ""
    skeleton: str = ""


class Written(NamedTuple):
    """One part of a name: what is said, what follows a word for son or daughter, the script."""

    said: Said
    after: Said
    whole: Said
    script: str


class Name(NamedTuple):
    """A name as it is compared."""

    given: Said
    father: Said
    family: Said
    maiden: Said
    script: str


SILENT: Final = Said()
NOTHING: Final = Written(SILENT, SILENT, SILENT, "")


def name_of(name: Mapping[str, Any]) -> Name:
    """A strict Name in the form that is compared; its blank parts stay blank."""
    get = name.get
    given, second = _part(get("given_name")), _part(get("second_name"))
    family, maiden = _part(get("surname")), _part(get("maiden_name"))
    return Name(
        given.said,
        second.whole if second.whole.words else given.after,
        family.whole,
        maiden.whole,
        given.script or family.script or second.script or maiden.script,
    )


def _part(text: object) -> Written:
    return written(text) if text and isinstance(text, str) else NOTHING


@lru_cache(maxsize=_REMEMBERED)
def written(text: str) -> Written:
    """One part of a name as it stands in a record."""
    clear = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zs", "Zl", "Zp") else sign
        for sign in unicodedata.normalize("NFKC", text[:LONGEST])
        # Marks of direction and joiners are no letters, and change nothing that anybody sees.
        if unicodedata.category(sign) not in ("Cf", "Co", "Cn", "Cs")
    )
    said, after = _words(_spoken(clear))
    return Written(_said(said), _said(after), _said(said + after), script_of(clear))


def _said(words: list[str]) -> Said:
    kept = tuple(words[:MOST_WORDS])
    bones = tuple(map(skeleton, kept))
    return Said(kept, bones, " ".join(kept), " ".join(bones))


def _words(spoken: list[str]) -> tuple[list[str], list[str]]:
    """The words that are names, and those after the first word for son or daughter."""
    words: list[str] = []
    before: list[str] | None = None
    beside: list[str] = []
    while spoken:
        word = spoken.pop(0)
        if word in OF_ANOTHER:
            break
        if word in TITLES:
            continue
        if word in DESCENT:
            if words and before is None:
                before, words = words, []
        elif word in SERVANT and spoken:
            words += _servant(spoken)
        elif word in HONOURS or word in PARTICLES:
            beside.append(word)
        elif read := latin(word):
            words.append(read)
    if before is not None:
        return before, words
    # An honour or a particle that stands alone is what the person is called by.
    return words or [read for read in map(latin, beside) if len(read) > 1], []


def _spoken(clear: str) -> list[str]:
    """The words as they are looked up: small letters, without the Arabic article."""
    found: list[str] = []
    bare = _ARABIC_SIGNS.sub("", clear.casefold()).translate(_ALIFS)
    for word in _BETWEEN.sub(" ", bare.replace(".", " ")).split():
        if "/" in word and word not in TITLES | DESCENT | OF_ANOTHER:
            found += [each for each in word.split("/") if each]
        else:
            found.append(_ELIDED.sub("", word))
    return found


def _servant(spoken: list[str]) -> list[str]:
    """ "Servant of" with the word that follows, as one word, however many it was written in."""
    while len(spoken) > 1 and spoken[0] in PARTICLES:
        spoken.pop(0)
    follows = latin(spoken.pop(0))
    return [f"abd{follows}"] if follows else []


@lru_cache(maxsize=_REMEMBERED)
def latin(word: str) -> str:
    """A word in the letters a to z; empty where it has no letter."""
    if word.startswith("عبدال") and len(word) > 7:
        return "abd" + latin(word[5:])
    if word.startswith("ال") and len(word) > 4 and word not in NOT_THE_ARTICLE:
        word = word[2:]
    if "\u0600" <= word[:1] <= "\u06ff":
        word = word.translate(_ARABIC)
    plain = _NOT_LATIN.sub("", anyascii(_APOSTROPHES.sub("", word)).lower())[:LONGEST_WORD]
    for joined in SERVANT_JOINED:
        if plain.startswith(joined) and len(plain) > len(joined) + 2:
            return "abd" + plain[len(joined) :]
    return SHORT.get(plain, plain)


def script_of(text: str) -> str:
    """The ISO 15924 code of most of the letters; empty without letters, `Zyyy` where unknown."""
    if text.isascii():
        return "Latn" if any(map(str.isalpha, text)) else ""
    counts: dict[str, int] = {}
    for sign in text:
        if sign.isalpha():
            code = _script(sign)
            counts[code] = counts.get(code, 0) + 1
    return max(counts, key=lambda code: (counts[code], code)) if counts else ""


@lru_cache(maxsize=4096)
def _script(sign: str) -> str:
    return _SCRIPTS.get(unicodedata.name(sign, "").partition(" ")[0], "Zyyy")
