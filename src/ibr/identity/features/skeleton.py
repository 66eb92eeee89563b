"""What is left of a word when everything is dropped that transliteration and typing change.

Vowels go, consonants that are written for each other become one, doubled letters become single.
The first sound stays, as one sign for any vowel: two names of one syllable must not become equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_REMEMBERED: Final = 262_144
_VOWELS: Final = "aeiou"
# In this order: what is longer first. `c` stands for the sound of sh, `g` for g and j alike.
_SOUNDS: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"x", "ks"),
        (r"s?ch|tch|sh", "C"),
        (r"ts|tz|dz|cz", "s"),
        (r"ph", "f"),
        (r"c(?=[eiy])", "s"),
        (r"[kcq]h?", "k"),
        (r"dj|dg(?=[ei])|zh|j|gh|g", "g"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"bh|p|v", "b"),
        (r"z", "s"),
        (r"(.)\1+", r"\1"),
    )
)
_SILENT: Final = re.compile(r"[aeiouyhw]")


@lru_cache(maxsize=_REMEMBERED)
def skeleton(word: str) -> str:
    """The skeleton of one word in the letters a to z."""
    sound = word
    for pattern, instead in _SOUNDS:
        sound = pattern.sub(instead, sound)
    first, rest = _first(sound)
    return (first + _SILENT.sub("", rest)).lower()


def _first(sound: str) -> tuple[str, str]:
    """The first sound and what follows: any vowel is `a`, before another one `w` or `y`."""
    if sound[0] in "hw":
        return sound[0], sound[1:]
    if sound[0] == "y":
        return ("y" if sound[1:2] and sound[1] in _VOWELS + "w" else "a"), sound[1:]
    if sound[0] not in _VOWELS:
        return sound[0], sound[1:]
    if sound[:2] == "ou" and sound[2:3] and sound[2] in _VOWELS:
        return "w", sound[2:]
    if sound[0] == "i" and sound[1:2] and sound[1] in _VOWELS:
        return "y", sound[1:]
    return "a", sound[1:]
