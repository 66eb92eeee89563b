"""How the same word comes to be written differently: typing, transliteration, short forms."""

from __future__ import annotations

import random
import unicodedata

# Two ways of writing one sound in Latin letters; each pair may be taken in either direction.
_SOUNDS = (
    ("kh", "k"), ("sh", "ch"), ("ou", "u"), ("i", "ee"), ("q", "k"), ("j", "dj"), ("w", "ou"),
    ("y", "i"), ("z", "s"), ("ss", "s"), ("dh", "d"), ("gh", "g"), ("mm", "m"), ("ll", "l"),
    ("a", "e"), ("o", "u"), ("é", "e"), ("ã", "a"), ("è", "e"), ("í", "i"), ("v", "b"), ("ts", "s"),
    ("h", ""), ("r", "rr"),
)  # fmt: skip
_ARABIC = (("ة", "ه"), ("ى", "ي"), ("أ", "ا"), ("ي", "ى"), ("اء", "ا"), ("ظ", "ض"), ("ذ", "د"))
# Rows of the Ethiopic syllabary that sound alike today.
_ETHIOPIC = ((0x1230, 0x1220), (0x1200, 0x1210), (0x1338, 0x1340), (0x12A0, 0x12D0))
_KEYBOARD = {
    "a": "sqz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "rwd", "f": "dgr", "g": "fht", "h": "gjy",
    "i": "uok", "j": "hku", "k": "jli", "l": "kop", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol",
    "q": "wa", "r": "etf", "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs",
    "y": "tuh", "z": "xa",
}  # fmt: skip


def variant(word: str, rng: random.Random) -> str:
    """Another accepted way of writing the word; the word itself where there is none."""
    choices: list[str] = []
    for one, other in _SOUNDS + _ARABIC:
        for written, instead in ((one, other), (other, one)):
            at = word.lower().find(written, 1) if written else -1
            if at > 0:
                choices.append(word[:at] + instead + word[at + len(written) :])
    for one_row, other_row in _ETHIOPIC:
        for place, sign in enumerate(word):
            vowel = ord(sign) - one_row
            if 0 <= vowel <= 6:
                choices.append(word[:place] + chr(other_row + vowel) + word[place + 1 :])
    choices += [form for form in (word.replace("al-", "El "), word.replace("Abd al-", "Abdul "))
                if form != word]  # fmt: skip
    return rng.choice(choices) if choices else word


def typo(word: str, rng: random.Random) -> str:
    """One slip of the finger: a letter swapped, dropped, doubled or hit beside."""
    if len(word) < 3:
        return word + word[-1:]
    at = rng.randrange(1, len(word) - 1)
    slip = rng.random()
    if slip < 0.3 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip < 0.55:
        return word[:at] + word[at + 1 :]
    if slip < 0.75:
        return word[:at] + word[at] + word[at:]
    beside = _KEYBOARD.get(word[at], "")
    return word[:at] + (rng.choice(beside) if beside else "") + word[at + 1 :]


def mistyped(number: str, rng: random.Random) -> str:
    """One digit wrong or two neighbours swapped."""
    places = [place for place, sign in enumerate(number) if sign.isdigit()]
    at = rng.choice(places[1:] or places)
    before = number[at - 1]
    if rng.random() < 0.4 and before.isdigit() and before != number[at]:
        return number[: at - 1] + number[at] + before + number[at + 1 :]
    return number[:at] + str((int(number[at]) + rng.randint(1, 9)) % 10) + number[at + 1 :]


def nickname(word: str) -> str:
    """A short form of a given name, as neighbours say it."""
    if word.startswith(("Abd al-", "عبد ال")):
        return word.split(maxsplit=1)[0] + ("u" if word[0] == "A" else "ه")
    if ord(word[0]) > 0x600:
        return word[: max(2, len(word) - 1)]
    return word[:3] + ("i" if word[2] not in "aeiouéè" else "")


def plain_capitals(word: str) -> str:
    """As an old mainframe prints it: capitals, no accents."""
    bare = unicodedata.normalize("NFKD", word)
    return "".join(sign for sign in bare if not unicodedata.combining(sign)).upper()
