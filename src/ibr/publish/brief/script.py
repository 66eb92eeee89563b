"""Names in any script, as a page without a shaping engine can set them.

Arabic letters are joined by the presentation forms that Unicode has for them, and what runs from
right to left is put in the order in which it is drawn. A script that the font lacks, or that
cannot be set rightly without an engine, is written in Latin letters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from functools import cache
from typing import Final

from anyascii import anyascii
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

_PRESENTATION: Final = (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD))
_KINDS: Final = {"<isolated>": 0, "<final>": 1, "<initial>": 2, "<medial>": 3}
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_MARK: Final = "NSM"
_LAM_ALEF: Final = frozenset(f"\u0644{alef}" for alef in "\u0622\u0623\u0625\u0627")
# Brahmic scripts, Tibetan and Myanmar, Khmer.
_CHANGING: Final = ((0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x17FF))
_BRACKETS: Final = {"(": ")", ")": "(", "[": "]", "]": "[", "«": "»", "»": "«"}


@cache
def _forms() -> dict[str, dict[int, str]]:
    """Presentation forms by the letters that they stand for: alone, last, first, in the middle."""
    found: dict[str, dict[int, str]] = {}
    for code in _PRESENTATION:
        kind, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        if kind in _KINDS and letters:
            text = "".join(chr(int(each, 16)) for each in letters.split())
            found.setdefault(text, {}).setdefault(_KINDS[kind], chr(code))
    return found


def _joins_on(letter: str) -> bool:
    """Whether a letter joins the one after it."""
    return letter == "\u0640" or 2 in _forms().get(letter, {})


def _joins_back(letter: str) -> bool:
    """Whether a letter joins the one before it."""
    return letter == "\u0640" or 1 in _forms().get(letter, {})


def joined(text: str) -> str:
    """Arabic letters in the forms that they have beside each other, in the order of reading."""
    made: list[str] = []
    place = 0
    while place < len(text):
        # Lam and alef are one letter; no other two have to be.
        pair = text[place : place + 2]
        taken = 2 if pair in _LAM_ALEF else 1
        letters = text[place : place + taken]
        before = _neighbour(text, place - 1, -1)
        after = _neighbour(text, place + taken, 1)
        back = before is not None and _joins_on(before) and _joins_back(letters[0])
        on = taken == 1 and after is not None and _joins_on(letters) and _joins_back(after)
        kind = {(False, False): 0, (True, False): 1, (False, True): 2, (True, True): 3}[back, on]
        made.append(_forms().get(letters, {}).get(kind, letters))
        place += taken
    return "".join(made)


def _neighbour(text: str, place: int, step: int) -> str | None:
    """The next letter that is no mark above or below another."""
    while 0 <= place < len(text):
        if unicodedata.bidirectional(text[place]) != _MARK:
            return text[place]
        place += step
    return None


def _runs_leftward(text: str) -> bool:
    return any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in text)


def as_drawn(text: str, has: Container[int]) -> str:
    """A text in the order and the forms in which it is drawn with a font that has these signs."""
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    if plain.isascii():
        return plain
    made = plain
    if _runs_leftward(plain):
        made = joined(plain)
        drawn = BidiParagraph(made, TextDirection.LTR).get_reordered_characters()
        made = "".join(_turned(each.character, each.embedding_level) for each in drawn)
    if all(ord(each) in has for each in made) and not _needs_engine(plain):
        return made
    latin = anyascii(plain)
    # Scripts without capitals come out without them.
    return latin.title() if latin.islower() else latin


def _turned(letter: str, level: int) -> str:
    """A bracket as it looks from the other side, where the text runs leftward."""
    return _BRACKETS.get(letter, letter) if level % 2 else letter


def _needs_engine(text: str) -> bool:
    """Whether it has signs of scripts whose letters change places: Brahmic ones, Khmer, Myanmar."""
    return any(first <= ord(each) <= last for each in text for first, last in _CHANGING)
