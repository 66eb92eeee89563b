"""Who needs a second factor, how guesses are slowed, and how secrets are written for people."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

# Who can change what others may do, or watches over it. OWASP ASVS 5 6.3.3; reliability D12.
NEEDED_BY: Final = frozenset({"administrator", "steward", "auditor", "data_protection_officer"})

CODE_DIGITS: Final = 6
STEP_SECONDS: Final = 30
# A clock may be half a minute off either way; more would be more guesses at once.
STEPS_OFF: Final = 1

RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10

# Failures are remembered for a day and waits grow to a quarter of an hour: with three codes that
# count at any moment, a hundred guesses a day find one in three thousand days. Who guesses codes
# knows the password, so nobody else can shut an officer out that way.
CODES_REMEMBERED: Final = timedelta(days=1)
FREE_CODES: Final = 4
LONGEST_CODE_WAIT: Final = 900
# So many failures within a day are told to the officer.
TOLD_AFTER: Final = 8

STEP_LIFE: Final = timedelta(minutes=10)
FORM_LIFE: Final = timedelta(minutes=10)
# Factors are changed only so long after proving who one is.
FRESH: Final = timedelta(minutes=10)

_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "CrOS", "Linux")
_SYSTEM_NAMES = {"Mac OS X": "macOS", "CrOS": "ChromeOS"}
# In this order: the later ones also name the earlier.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


def second_factor_needed(roles: Iterable[str], *, production: bool, everybody: bool) -> bool:
    """Whether an officer of these roles must have a second factor: in production those of some
    roles, with `everybody` all of them and everywhere."""
    return everybody or (production and not NEEDED_BY.isdisjoint(roles))


def code_wait(failures: int) -> int:
    """Seconds to wait after so many wrong codes: none at first, then doubling."""
    beyond = failures - FREE_CODES
    return 0 if beyond <= 0 else int(min(2 ** min(beyond, 20), LONGEST_CODE_WAIT))


def recovery_code(chance: bytes) -> str:
    """A recovery code of 80 bits in four groups, of letters and digits that are hard to mix up."""
    text = base64.b32encode(chance[:_RECOVERY_BYTES]).decode()
    return in_groups(text)


def in_groups(text: str) -> str:
    """A secret in groups of four, to be read aloud and typed."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def typed(code: str) -> str:
    """A code as it was meant: without what people put between groups. Base 32 has no 0, 1 and 8,
    so whoever reads them off paper meant O, I and B; a code of digits alone is left as it is."""
    plain = re.sub(r"[\s.\-–]", "", code).upper()
    if plain.isdigit() and len(plain) == CODE_DIGITS:
        return plain
    return plain.translate(str.maketrans("018", "OIB"))


def browser_of(agent: str) -> str:
    """The browser and system that an agent names itself, in short; empty for one nobody knows."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(filter(None, (browser, _SYSTEM_NAMES.get(system, system))))
