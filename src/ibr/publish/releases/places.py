"""Where a figure stands among the counts that hang together, for disclosure control.

Codes of different kinds share a dimension where their people do: programmes with functions, pairs,
sets and numbers of programmes; districts with regions. A letter in front tells them apart.
"""

from __future__ import annotations

from typing import Final

from ibr.coverage.figures.model import dimensions_of
from ibr.disclosure.model import Key as Place
from ibr.publish.releases.model import Key, Name

WHOLE: Final = "*"
DIRECT: Final = "persons"
REACHED: Final = "reached"
ENROLLED: Final = "enrolled"
HOUSEHOLDS: Final = "households"
CASES: Final = "cases"
MONEY: Final = "money"
SYSTEM_OF: Final = {
    "N1": DIRECT, "N2": REACHED, "C1": DIRECT, "O1": DIRECT, "O4": DIRECT,
    "O5": DIRECT, "N3": ENROLLED, "N4": HOUSEHOLDS, "K1": CASES, "K2": CASES,
}  # fmt: skip
"""Counts of the same people are protected together."""
NAMES: Final = ("programme", "area", "sex", "age", "disability", "kind", "part")
KINDS: Final = {"C1": "target"}
_LETTERS: Final = {
    "programme": ("programme", "p:"),
    "function": ("programme", "f:"),
    "programmes": ("programme", "n:"),
    "combination": ("programme", "s:"),
    "area1": ("area", "1:"),
    "area2": ("area", "2:"),
}


def codes_of(indicator: str, breakdown: str, key: Key) -> dict[str, str]:
    """The codes of a count in each dimension of its system; the currency does not count people."""
    codes: dict[str, str] = {}
    given = dict(zip(dimensions_of(breakdown), key, strict=True))
    if "with" in given:
        codes["programme"] = pair_code(given.pop("programme"), given.pop("with"))
    for name, code in given.items():
        if name == "currency":
            continue
        dimension, letter = _LETTERS.get(name, (name, ""))
        codes[dimension] = letter + code
    if indicator in KINDS:
        codes["kind"] = KINDS[indicator]
    if indicator in ("K1", "K2"):
        codes["part"] = f"{indicator}:{codes['part']}"
    return codes


def pair_code(one: str, other: str) -> str:
    return "w:" + "+".join(sorted((one, other)))


def place_of(indicator: str, breakdown: str, key: Key) -> Place:
    """The same as disclosure control knows a cell."""
    return tuple(sorted(codes_of(indicator, breakdown, key).items()))


def sources_of(indicator: str, breakdown: str, key: Key) -> list[tuple[Name, Key]] | None:
    """The counts, by table and key, that a derived figure can be worked back to; None where it
    depends on a whole table instead."""
    given = dict(zip(dimensions_of(breakdown), key, strict=True))
    rest = {n: c for n, c in given.items() if n not in ("part", "currency", "with")}
    names, plain = "*".join(rest), tuple(rest.values())
    if indicator in ("C2", "C4", "N5"):
        return [(("N1", names), plain)]
    if indicator == "C3":
        return [(("N4", names), plain)]
    if indicator == "C5":
        return [(("C1" if "programme" in rest else "N1", names), plain)]
    if indicator == "A1":
        return [(("N1", names), plain), (("N5", breakdown), key)]
    if indicator == "C6" and given["part"] == "women_men":
        return [(("C1", "programme*sex"), (*plain, sex)) for sex in ("1", "2")]
    if indicator in ("O2", "O3"):
        one, other = given["programme"], given["with"]
        pair = (min(one, other), max(one, other))
        both = [(("O1", "programme*with"), pair), (("N1", "programme"), (one,))]
        return both if indicator == "O2" else [*both, (("N1", "programme"), (other,))]
    return None


def whole_table_of(indicator: str, breakdown: str, key: Key) -> tuple[Name, Key] | None:
    """The table of which every figure must be shown for a figure made of all of them, and how the
    keys that count begin."""
    if indicator != "C7":
        return None
    given = dict(zip(dimensions_of(breakdown), key, strict=True))
    if "programme" in given:
        return ("C1", "programme*area1"), (given["programme"],)
    return ("N1", "area1"), ()
