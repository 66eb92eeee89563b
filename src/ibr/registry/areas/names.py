"""Names of areas compared: whole, close, or only near; and codes made of names. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

from ibr.registry.areas.model import Area

LONGEST_CODE: Final = 40
# Words that say what kind of area it is; two names that differ by them alone are close.
_KINDS: Final = frozenset(
    ("county", "sub", "subcounty", "city", "district", "division", "region", "province")
    + ("upazila", "state", "municipality", "town", "of", "the")
)
# A list may cut names at a fixed width. Shorter beginnings are shared by too many names.
_SHORTEST_BEGINNING: Final = 8
_MOST_CUT: Final = 6


@lru_cache(maxsize=20_000)
def plain(name: str) -> str:
    """A name in small ASCII letters and digits, without anything else."""
    return re.sub(r"[^a-z0-9]", "", anyascii(name).casefold())


@lru_cache(maxsize=20_000)
def plainer(name: str) -> str:
    """The same without words that say what kind of area it is."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", anyascii(name))
    words = re.findall(r"[a-z0-9]+", spaced.casefold())
    return "".join(word for word in words if word not in _KINDS) or "".join(words)


def slug(name: str) -> str:
    """A name as part of a code: capitals, digits and hyphens."""
    return re.sub(r"[^A-Z0-9]+", "-", anyascii(name).upper().replace("'", "")).strip("-")


def code_of(name: str, parent: str | None) -> str:
    """The code of an area that a file gives none: its parent's, a point, and its name.

    One that would be too long is cut and ends with four characters of the digest of the whole, so
    the same names always make the same code.
    """
    whole = f"{parent}.{slug(name)}" if parent else slug(name)
    if len(whole) <= LONGEST_CODE:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:4].upper()
    return f"{whole[: LONGEST_CODE - 5]}-{digest}"


class Match(msgspec.Struct, frozen=True):
    """What a name can be: an area, or else one that is close, and those that are near."""

    code: str | None = None
    close: str | None = None
    near: tuple[str, ...] = ()


class Directory:
    """The areas that are kept, found by code or by name."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.areas = {area.code: area for area in areas}
        self._codes: dict[str, set[str]] = {}
        self._names: dict[tuple[int, str], set[str]] = {}
        self._inside_of: dict[str | None, list[Area]] = {}
        for area in self.areas.values():
            self._codes.setdefault(plain(area.code), set()).add(area.code)
            bare = _without_prefix(area.code)
            if bare:
                self._codes.setdefault(bare, set()).add(area.code)
            self._inside_of.setdefault(area.parent, []).append(area)
            for name in (*area.names.values(), *area.other_names):
                self._names.setdefault((area.level, plain(name)), set()).add(area.code)

    def by_code(self, written: str) -> str | None:
        """The area with this code, with or without a prefix of letters; None for none or many."""
        if written in self.areas:
            return written
        found = self._codes.get(plain(written)) or self._codes.get(_without_prefix(written), set())
        return next(iter(found)) if len(found) == 1 else None

    def has(self, name: str, level: int) -> bool:
        """Whether any area of a level has this name."""
        return (level, plain(name)) in self._names

    def find(self, name: str, level: int, parent: str | None = None) -> Match:
        """The area of this name at a level, inside `parent` where that is given."""
        exact = self._inside(self._names.get((level, plain(name)), set()), parent)
        if len(exact) == 1:
            return Match(exact[0])
        if exact:
            return Match(near=tuple(f"{each} in {self._above(each)}" for each in exact))
        others = [
            area
            for area in self.areas.values()
            if area.level == level and (parent is None or area.parent == parent)
        ]
        above = self.areas[parent].name if parent in self.areas else ""
        close = [area.code for area in others if _is_close(name, area, above)]
        near = sorted(others, key=lambda each: -_likeness(name, each))[:3]
        return Match(
            close=close[0] if len(close) == 1 else None,
            near=tuple(f"{each.name} ({each.code})" for each in near),
        )

    def resembling(self, name: str, level: int, parent: str | None) -> str | None:
        """An area of the same place whose name is nearly the same; None where there is none."""
        close = self.find(name, level, parent).close
        if close:
            return self.areas[close].name
        alike = [
            area.name
            for area in self.areas.values()
            if area.level == level and area.parent == parent and _likeness(name, area) > 0.95
        ]
        return alike[0] if alike else None

    def children(self, code: str) -> list[Area]:
        """The areas that lie directly in one, by code."""
        return sorted(self._inside_of.get(code, ()), key=lambda each: each.code)

    def _inside(self, codes: set[str], parent: str | None) -> list[str]:
        return sorted(code for code in codes if parent is None or self.areas[code].parent == parent)

    def _above(self, code: str) -> str:
        parent = self.areas[code].parent
        return self.areas[parent].name if parent in self.areas else "no area"


def _without_prefix(code: str) -> str:
    """The digits of a code such as BD1004; empty where it is built otherwise."""
    built = re.fullmatch(r"[A-Za-z]{0,3}(\d+)", code.strip())
    return built[1] if built else ""


def _is_close(name: str, area: Area, above: str) -> bool:
    wanted, place = plain(name), plain(above)
    for other in (*area.names.values(), *area.other_names):
        there = plain(other)
        if plainer(name) == plainer(other) or _is_cut(wanted, there):
            return True
        if place and (wanted in (there + place, place + there) or there == wanted + place):
            return True
    return False


def _is_cut(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return (
        len(short) >= _SHORTEST_BEGINNING
        and len(long) - len(short) <= _MOST_CUT
        and long.startswith(short)
    )


def _likeness(name: str, area: Area) -> float:
    names: Sequence[str] = (*area.names.values(), *area.other_names)
    return max((JaroWinkler.similarity(plain(name), plain(other)) for other in names), default=0.0)
