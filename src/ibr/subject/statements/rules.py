"""Check numbers and sums in the form in which they are compared; pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

# Without letters that are taken for digits, or for each other, when read from paper.
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS: Final = 5
_OF: Final = 4
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_NOUGHTS: Final = re.compile(r"[.,]00(?!\d)")


def new_check_number() -> str:
    """Twenty signs, drawn by chance: a hundred bits that nobody guesses."""
    drawn = "".join(secrets.choice(_SIGNS) for _ in range(_GROUPS * _OF))
    return "-".join(drawn[start : start + _OF] for start in range(0, len(drawn), _OF))


def canonical_number(written: str) -> str | None:
    """A check number as it was read from paper; None for what is none."""
    plain = re.sub(r"[\s\u2010-\u2015-]", "", written).upper().translate(_MISREAD)
    right = len(plain) == _GROUPS * _OF and set(plain) <= set(_SIGNS)
    return plain if right else None


def canonical_sums(written: str) -> str:
    """Sums as they stand on paper, by their digits alone: commas, points and blanks are set
    otherwise in each language, and whole amounts may be written with two noughts or without."""
    return re.sub(r"\D", "", _NOUGHTS.sub("", written))


def digest_of_number(plain: str) -> bytes:
    return hashlib.sha256(b"statement\x1f" + plain.encode()).digest()


def digest_of_sums(plain: str, sums: str) -> bytes:
    """With the check number in it, which is kept nowhere: who reads the table cannot try sums."""
    return hashlib.sha256(f"sums\x1f{plain}\x1f{canonical_sums(sums)}".encode()).digest()
