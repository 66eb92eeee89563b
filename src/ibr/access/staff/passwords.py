"""Which passwords are taken: long ones that nobody would try first."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ibr.errors import NotUnderstood

SHORTEST: Final = 12
LONGEST: Final = 1024
# What a guesser tries first, without case, digits at the ends, and letters written as digits.
_WORDS: Final = """
    abc abcabc access account admin administrator angel asdf asdfasdf baseball batman beneficiary
    bienvenue bonjour butterfly changeit changeme charlie chocolate computer daniel default demo
    donald doudou dragon flower football freedom friend george guest hallo hello hockey hunter
    iloveyou integratedbeneficiaryregistry jennifer jesus jordan killer letmein liverpool login
    loulou love lovely loveme marseille maggie master michael michelle ministry ministere monday
    monkey motdepasse mustang mypassword newpassword nicole ninja office officer orange pass
    passpass passphrase password passwordpassword passw passwort pepper pokemon princess private
    programme public purple qazwsx qazwsxedc qwer qwert qwerty qwertyqwerty qwertyuiop registry
    robert root samsung secret secretpassword security shadow soccer socialprotection soleil spring
    starwars summer sunshine superman temp temporary test testtest thomas tigger trustno welcome
    welcomewelcome whatever william winter zxcvbn zxcvbnm
    """
_COMMON: Final = frozenset(_WORDS.split())
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    # Down the columns of a keyboard, and to and fro between two rows.
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p"),
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp",
    "azsxdcfvgbhnjmk",
)
_AS_LETTERS: Final = str.maketrans("01345789@$!", "oieastbgasi")
FEWEST_DIFFERENT: Final = 5


def check_password(password: str, email: str, name: str) -> None:
    """NotUnderstood where a password is too short or too long, or one of the first to be tried.

    There is no rule on kinds of characters: length is what counts, so sentences are welcome.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise NotUnderstood(
            "officer.password",
            f"A password has at least {SHORTEST} characters. A sentence that only you would say is "
            "a good one.",
        )
    if _is_common(password) or _is_theirs(password, email, name):
        raise NotUnderstood(
            "officer.password_common",
            "This password is one of the first that somebody would try. Take a sentence that only "
            "you would say, without your name or address.",
        )


def _is_common(password: str) -> bool:
    plain = _plain(password)
    if len(set(plain)) < FEWEST_DIFFERENT or _is_a_row(plain):
        return True
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    return bool(
        {bare, bare.translate(_AS_LETTERS), _letters(plain.translate(_AS_LETTERS))} & _COMMON
    )


def _is_a_row(plain: str) -> bool:
    """Whether it is nothing but neighbours on a keyboard, in the alphabet or among the digits."""
    twice = [row + row for row in _ROWS]
    rest = plain
    while rest:
        for length in range(min(len(rest), 12), 2, -1):
            if any(rest[:length] in row or rest[:length] in row[::-1] for row in twice):
                rest = rest[length:]
                break
        else:
            # One or two characters behind a row make it no better.
            return len(rest) < 3 and rest != plain
    return True


def _is_theirs(password: str, email: str, name: str) -> bool:
    """Whether little but their own address or name is in it."""
    whole = plain = _letters(_plain(password))
    own = [email.split("@", 1)[0], *email.split("@", 1), email, name, *name.split()]
    for each in sorted({_letters(_plain(part)) for part in own}, key=len, reverse=True):
        if len(each) >= 3:  # shorter parts stand in many a sentence by chance
            plain = plain.replace(each, "")
    return plain != whole and len(plain) < SHORTEST // 2


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)
