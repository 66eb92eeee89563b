"""What a column probably is, by its name and by what stands in it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from rapidfuzz import fuzz, process

from ibr.errors import NotUnderstood
from ibr.files.mapping.dates import month_named, read_written
from ibr.files.mapping.model import words_of
from ibr.files.mapping.numbers import read_amount, read_count
from ibr.files.mapping.targets import PARTS_OF_A_MEMBER, TARGETS, aim_of
from ibr.files.mapping.words import code_of, truth_of
from ibr.reported.values import minor_digits

_SURE: Final = 88
# What cells that do not speak for a target leave of what its name says.
_MAY_BE: Final = 0.5


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OF_A_MEMBER: Final = _set(
    "member child dependant dependent person membre enfant personne miembro hijo mtoto mwanakaya"
)
_SMALL: Final = _set("the of a du de la le les des el los del ya wa na")
# Names of groups of columns that are about the record itself, and not about a husband or a mother.
_OF_THE_HEAD: Final = _set(
    "head beneficiary recipient applicant chef beneficiaire jefe beneficiario mnufaika mkuu "
    "household menage hogar kaya details information personal payment paiement pago malipo data"
)
_MONEY: Final = _set("amount paid payment montant paiement monto pago kiasi malipo")
_MONTH_YEAR: Final = re.compile(r"(20\d{2}) (\d{1,2})|(\d{1,2}) (20\d{2})")


class Meaning(msgspec.Struct, frozen=True):
    """A target, how sure that is from 0 to 1, and the date of a benefit where the name is one."""

    target: str = ""
    sure: float = 0.0
    day: str | None = None


def _by_name() -> dict[str, str]:
    names: dict[str, str] = {}
    for target, about in TARGETS.items():
        names.setdefault(words_of(target), target)
        for name in about.names:
            if name:
                names.setdefault(name, target)
    return names


_NAMES: Final = _by_name()
_LIST: Final = list(_NAMES)


@lru_cache(maxsize=4_096)
def meaning_of(title: str) -> Meaning:
    """What a column is by its name alone."""
    if ":" in title or "." in title:
        written = _as_written(title)
        if written is not None:
            return written
    words = words_of(title).split()
    found = _whole(" ".join(words))
    if found.sure == 1.0:
        return found
    plain = [word for word in words if minor_digits(word.upper()) is None]
    if plain and plain != words:
        words = plain
        found = _whole(" ".join(words))
    group, _, own = title.rpartition("/")
    if group and all(word in _OF_THE_HEAD | _SMALL for word in words_of(group).split()):
        found = max(found, _whole(words_of(own)), key=lambda each: each.sure)
    if month := _of_a_month(words):
        return month
    numbered = _numbered(words)
    if numbered is not None:
        return numbered
    without = [word for word in words if word not in _OF_THE_HEAD and word not in _SMALL]
    # A group's name stands first; what the column itself is stands last.
    rest = _whole(" ".join(without)) if without and without != words else Meaning()
    return max(found, rest, key=lambda each: each.sure)


def _as_written(title: str) -> Meaning | None:
    """A target that stands in the file as the registry writes it."""
    try:
        aim_of(title)
    except NotUnderstood:
        return None
    return Meaning(title, 1.0)


def currency_in(title: str) -> str | None:
    """The currency that a column's name gives, as `Amount (KES)` does."""
    found = [each for each in words_of(title).upper().split() if minor_digits(each) is not None]
    return found[0] if len(found) == 1 else None


def _whole(text: str) -> Meaning:
    if text in _NAMES:
        return Meaning(_NAMES[text], 1.0)
    if len(text) < 4:
        return Meaning()
    close = process.extractOne(text, _LIST, scorer=fuzz.ratio, score_cutoff=_SURE)
    if close is None:
        close = process.extractOne(text, _LIST, scorer=fuzz.token_sort_ratio, score_cutoff=_SURE)
    return Meaning(_NAMES[close[0]], close[1] / 100 * 0.95) if close else Meaning()


def _of_a_month(words: list[str]) -> Meaning | None:
    """`Amount Oct 2026`, `2026-10`: what was paid for that month."""
    written = [word for word in words if word not in _SMALL]
    paid = [word for word in written if word in _MONEY]
    rest = [word for word in written if word not in _MONEY]
    named = [month for word in rest if (month := month_named(word)) is not None]
    years = [word for word in rest if re.fullmatch(r"20\d{2}", word)]
    if len(named) == 1 and len(years) == 1 and len(rest) == 2:
        return Meaning("benefit.value", 0.9, f"{years[0]}-{named[0]:02d}-01")
    found = _MONTH_YEAR.fullmatch(" ".join(rest))
    if found and paid:
        year, number = (found[1], found[2]) if found[1] else (found[4], found[3])
        if 1 <= int(number) <= 12:
            return Meaning("benefit.value", 0.9, f"{year}-{int(number):02d}-01")
    return None


def _numbered(words: list[str]) -> Meaning | None:
    """`Child 2 name`, `amount_3`: one of several members or benefits in one row."""
    numbers = [word for word in words if word.isdigit() and len(word) <= 2]
    if len(numbers) != 1 or int(numbers[0]) < 1:
        return None
    rest = [word for word in words if not word.isdigit()]
    member = any(word in _OF_A_MEMBER for word in rest)
    bare = _whole(" ".join(word for word in rest if word not in _OF_A_MEMBER))
    if not bare.target:
        return None
    number = int(numbers[0])
    if bare.target.startswith("benefit."):
        name = bare.target.partition(".")[2]
        return Meaning(f"benefit{number}.{name}", bare.sure * 0.95)
    plain = bare.target.partition(":")[0]
    if member and (plain in PARTS_OF_A_MEMBER or plain == "identifier"):
        return Meaning(f"member{number}.{bare.target}", bare.sure * 0.95)
    return None


def fits(target: str, cells: Sequence[str]) -> float:
    """The share of filled cells that can be read as this target; 1 where any text can be."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return 1.0
    aim = aim_of(target)
    if aim.kind == "code":
        # An office's own words for codes can be explained; its column is what its name says.
        known = _share(code_of(aim.code_list, cell) is not None for cell in filled)
        return max(known, _MAY_BE)
    if aim.kind in ("day", "moment"):
        birth = aim.kind == "day"
        return _share(
            any(read_written(cell, order, birth=birth) for order in ("dmy", "mdy"))
            for cell in filled
        )
    if aim.kind == "money":
        return _share(
            any(read_amount(cell, sign) is not None for sign in (".", ",")) for cell in filled
        )
    if aim.kind in ("count", "score"):
        return _share(read_count(cell.partition(".")[0]) is not None for cell in filled)
    if aim.kind == "truth":
        return _share(truth_of(cell) is not None for cell in filled)
    if aim.kind == "number_of":
        return _share(any(sign.isdigit() for sign in cell) for cell in filled)
    if aim.name in ("surname", "given_name", "second_name", "full_name", "maiden_name"):
        return max(_share(not any(sign.isdigit() for sign in cell) for cell in filled), _MAY_BE)
    return 1.0


def _share(results: Iterable[bool]) -> float:
    found = list(results)
    return sum(found) / len(found) if found else 0.0


def by_content(cells: Sequence[str]) -> Meaning:
    """What an unnamed column is by what stands in it; only what cannot well be anything else."""
    filled = [cell for cell in cells if cell]
    different = {cell.casefold() for cell in filled}
    few = len(filled) >= 4 and 2 <= len(different) <= 4
    # A column of 1 and 2 is any code; words for women and men are not.
    if few and all(cell.isalpha() for cell in different) and fits("sex", filled) == 1.0:
        return Meaning("sex", 0.6)
    return Meaning()
