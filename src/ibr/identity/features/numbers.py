"""Identifiers, phones and accounts, made comparable and blind.

What stands here in clear never leaves these functions: only keyed hashes do.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ibr.identity.model import Number
from ibr.protection.blind_index import BlindIndex

PHONE: Final = "PHONE"
ACCOUNT: Final = "ACCOUNT"
EMAIL: Final = "EMAIL"
FOUNDATIONAL: Final = "UIN"
# Spellings of one kind; a kind that is not listed stands for itself.
_SAME_KIND: Final = {
    "NATIONALID": "NID",
    "NATIONAL_ID": "NID",
    "MOBILE": PHONE,
    "PHONE_NUMBER": PHONE,
    "IBAN": ACCOUNT,
}
# Trunk and country prefixes are written or left out; the last digits are the subscriber's.
PHONE_DIGITS: Final = 9
_SHORTEST_PHONE: Final = 6
_SHORTEST: Final = 4
_LONGEST_NEAR: Final = 20
_LONGEST_EMAIL: Final = 254
_NOT_SIGN: Final = re.compile(r"[^A-Z0-9]")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
# What forms are filled with when nobody knows the number.
_FILLERS: Final = frozenset(
    ["NONE", "NULL", "UNKNOWN", "NOTKNOWN", "NOTAVAILABLE", "PENDING", "TEST", "NOID", "NOPHONE"]
)
_UP: Final = "01234567890123456789"
_DOWN: Final = _UP[::-1]


def kind_of(kind: str) -> str:
    """The kind under which an identifier of a canonical type is compared."""
    return _SAME_KIND.get(kind, kind)


def comparable(kind: str, value: str) -> str:
    """A number without spaces, strokes and prefixes; empty where it can be nobody's."""
    if kind == EMAIL:
        address = value.strip().casefold()
        return address if "@" in address and len(address) <= _LONGEST_EMAIL else ""
    if kind == PHONE:
        sign = _NOT_DIGIT.sub("", value)[-PHONE_DIGITS:]
        if len(sign) < _SHORTEST_PHONE:
            return ""
    else:
        sign = value.upper()
        if not (sign.isalnum() and sign.isascii()):
            sign = _NOT_SIGN.sub("", sign)
        if len(sign) < _SHORTEST:
            return ""
    if sign == sign[0] * len(sign) or sign in _FILLERS:
        return ""
    if len(sign) >= _SHORTEST_PHONE and (sign in _UP or sign in _DOWN):
        return ""
    return sign


# The members of one household share a phone and an account and stand beside each other.
@lru_cache(maxsize=4096)
def number_of(kind: str, sign: str, hasher: BlindIndex) -> Number:
    """A comparable number, blind, with its neighbours."""
    if kind in (ACCOUNT, EMAIL) or not _SHORTEST_PHONE <= len(sign) <= _LONGEST_NEAR:
        return Number(kind, hasher.linkage(kind, [sign])[0])
    near = [f"~{sign[:at]}{sign[at + 1 :]}" for at in range(len(sign))]
    token, *hashed = hasher.linkage(kind, [sign, f"~{sign}", *near])
    # Of two equal neighbours it makes no difference which one is left out.
    return Number(kind, token, tuple(sorted(set(hashed))))
