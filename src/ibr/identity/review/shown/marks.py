"""Where two sides of a pair agree and where they do not, field by field: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from ibr.identity.review.shown.sides import NumberSeen, Written

Mark = Literal["same", "alike", "differs", "one", "neither"]
"""`alike`: written otherwise, or less exactly. `one`: only one side says it."""

UNKNOWN_SEX: Final = "unknown"


class Line(msgspec.Struct, frozen=True):
    """One field of both sides: what is written, what of it is compared, and how that agrees."""

    field: str
    low: tuple[str, ...]
    high: tuple[str, ...]
    mark: Mark
    low_read: str = ""
    high_read: str = ""


def lines(low: Written, high: Written) -> list[Line]:
    """Every field that is compared, in the order in which an officer reads a person."""
    one, other = low.features, high.features
    found = [
        _name("given", low.names.given, high.names.given, (one.given, other.given),
              (one.given_skeleton, other.given_skeleton)),
        _name("father", low.names.father, high.names.father, (one.father, other.father),
              (one.father_skeleton, other.father_skeleton)),
        _name("family", low.names.family, high.names.family, (one.family, other.family),
              (one.family_skeleton, other.family_skeleton)),
        _name("maiden", low.names.maiden, high.names.maiden, (one.maiden, other.maiden), ("", "")),
        Line("birth", _if(low.birth), _if(high.birth), _date(low.birth, high.birth)),
        _plain("sex", *(each.sex if each.sex != UNKNOWN_SEX else "" for each in (low, high))),
        Line("death", _if(low.death), _if(high.death), _date(low.death, high.death)),
        _plain("region", low.region, high.region),
        _plain("district", low.district, high.district),
        _village(low, high),
    ]  # fmt: skip
    kinds = sorted({each.kind for each in (*low.numbers, *high.numbers)})
    found += [_number(kind, low.numbers, high.numbers) for kind in kinds]
    return [each for each in found if each.mark != "neither" or each.field in _ALWAYS]


_ALWAYS: Final = frozenset({"given", "family", "birth", "sex"})


def _if(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _blank(low: object, high: object) -> Mark | None:
    """The mark where a side is blank: that counts neither for nor against."""
    if low and high:
        return None
    return "one" if low or high else "neither"


def _plain(field: str, low: str, high: str) -> Line:
    mark = _blank(low, high) or ("same" if low == high else "differs")
    return Line(field, _if(low), _if(high), mark)


def _name(
    field: str, low: str, high: str, read: tuple[str, str], skeletons: tuple[str, str]
) -> Line:
    mark = _blank(*read)
    if mark is None:
        mark = "same" if read[0] == read[1] else "differs"
        if mark == "differs" and _share(*read, *skeletons):
            mark = "alike"
    return Line(field, _if(low), _if(high), mark, *read)


def _share(low: str, high: str, low_skeleton: str, high_skeleton: str) -> bool:
    """Whether a word of both is the same, or sounds the same."""
    words = set(low.split()) & set(high.split())
    return bool(words or set(low_skeleton.split()) & set(high_skeleton.split()))


def _date(low: str, high: str) -> Mark:
    if (blank := _blank(low, high)) is not None:
        return blank
    if low == high:
        return "same"
    if low.startswith(high) or high.startswith(low):
        return "alike"
    return "alike" if sorted(low.split("-")) == sorted(high.split("-")) else "differs"


def _village(low: Written, high: Written) -> Line:
    one, other = low.features.place, high.features.place
    mark = _blank(one, other)
    if mark is None:
        alike: Mark = "alike" if set(one.split()) & set(other.split()) else "differs"
        mark = "same" if low.village.casefold() == high.village.casefold() else alike
    return Line("village", _if(low.village), _if(high.village), mark)


def _number(kind: str, low: Sequence[NumberSeen], high: Sequence[NumberSeen]) -> Line:
    one = [each for each in low if each.kind == kind]
    other = [each for each in high if each.kind == kind]
    mark = _blank(one, other)
    if mark is None:
        equal = {each.token for each in one} & {each.token for each in other}
        slip = {sign for each in one for sign in each.near} & {
            sign for each in other for sign in each.near
        }
        mark = "same" if equal else "alike" if slip else "differs"
    ends = [tuple(each.end for each in side) for side in (one, other)]
    return Line(f"number:{kind}", ends[0], ends[1], mark)
