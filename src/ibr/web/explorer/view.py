"""What the explorer is asked; all of it stands in the address, so that a link shows it again. Pure.

An address that asks for what there is not is answered with a sentence and the nearest view.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final
from urllib.parse import urlencode

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import AGE_BANDS, breakdown_of, dimensions_of
from ibr.questions.map_of_areas import MapOfAreas

ADDRESS: Final = "/coverage"
FIRST: Final = "C2"
LEADS: Final = ("programme", "function", "benefit_type")
AREA: Final = {1: "area1", 2: "area2"}
ASKED: Final = frozenset((*LEADS, *AREA.values(), "sex", "age", "currency"))
SEXES: Final = ("2", "1", "3", "0")
Say = Callable[[str], str]
Key = tuple[str, ...]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One view. `of` is a dimension and its code, as `programme:OAP`; empty texts stand for all."""

    indicator: str = FIRST
    of: str = ""
    period: str = ""
    level: str = "1"
    area: str = ""
    sex: str = ""
    age: str = ""
    currency: str = ""
    and_area: str = ""
    and_period: str = ""

    def address(self, **changed: str) -> str:
        """The address of this view, or of the same with something else."""
        now = msgspec.structs.asdict(self) | changed
        usual = msgspec.structs.asdict(View())
        kept = {name: text for name, text in now.items() if text != usual[name]}
        return f"{ADDRESS}?{urlencode(kept, safe=':+')}" if kept else ADDRESS

    @property
    def lead(self) -> tuple[str, str]:
        """The dimension that is asked about and its code; two empty texts for everything."""
        dimension, _, code = self.of.partition(":")
        return dimension, code

    def fixed(self) -> dict[str, str]:
        """What is asked for by dimension, but for the area."""
        dimension, code = self.lead
        named = {dimension: code, "sex": self.sex, "age": self.age, "currency": self.currency}
        return {name: value for name, value in named.items() if name and value}


class Offered(msgspec.Struct, frozen=True):
    """What can be asked: indicators with areas, codes of programmes and the rest, periods."""

    indicators: Mapping[str, Indicator]
    leads: Mapping[str, Sequence[str]]
    periods: Sequence[str]
    currencies: Sequence[str]
    places: MapOfAreas


def with_areas(indicators: Iterable[Indicator]) -> dict[str, Indicator]:
    """The indicators that are counted by area, and by nothing that the explorer cannot ask for."""
    return {
        each.code: each
        for each in indicators
        if any("area1" in dimensions_of(breakdown) for breakdown in _askable(each))
    }


def _askable(indicator: Indicator) -> list[str]:
    return [each for each in indicator.breakdowns if set(dimensions_of(each)) <= ASKED]


def indicator_asked(query: Mapping[str, str], known: Collection[str]) -> str:
    """The indicator that is asked for, else the usual one, else any."""
    asked = query.get("indicator", FIRST).upper()
    return asked if asked in known else FIRST if FIRST in known else min(known)


def read_view(query: Mapping[str, str], offered: Offered, say: Say) -> tuple[View, list[str]]:
    """The view that an address asks for, and a sentence for everything there is not."""
    wrong: list[str] = []

    def one(name: str, known: Collection[str], sentence: str, usual: str = "") -> str:
        text = query.get(name, "").strip()
        if not text or text in known:
            return text or usual
        wrong.append(sentence)
        return usual

    if query.get("indicator", FIRST).upper() not in offered.indicators:
        wrong.append(say("There is no such indicator in this explorer. Choose one from the list."))
    indicator = indicator_asked(query, offered.indicators)
    periods, areas = offered.periods, offered.places.counted
    newest = max((each for each in periods if "-" in each), default=max(periods, default=""))
    no_period = say("There are no figures for this period. Choose one from the list.")
    no_area = say("There is no such area. Choose one from the list.")
    leads = {f"{name}:{code}" for name, codes in offered.leads.items() for code in codes}
    of = one("of", leads, say("There is no such programme or function. Choose one from the list."))
    found = View(
        indicator=indicator,
        of=of or _usual_lead(offered.indicators[indicator], offered.leads),
        period=one("period", periods, no_period, newest),
        level=one("level", ("1", "2"), say("There is no such level of areas."), "1"),
        area=one("area", areas, no_area),
        sex=one("sex", SEXES, say("There is no such sex in the figures.")),
        age=one("age", AGE_BANDS, say("Ages are asked for in bands of five years, as 65-69.")),
        currency=_currency(indicator, query, offered),
        and_area=one("and_area", areas, no_area),
        and_period=one("and_period", periods, no_period),
    )
    return _without_itself(found), wrong


def _usual_lead(indicator: Indicator, leads: Mapping[str, Sequence[str]]) -> str:
    """A programme, where the indicator is told of one programme at a time."""
    if all("programme" in dimensions_of(each) for each in indicator.breakdowns):
        return next((f"programme:{code}" for code in leads.get("programme", ())), "")
    return ""


def _currency(indicator: str, query: Mapping[str, str], offered: Offered) -> str:
    money = offered.indicators[indicator].unit == "money"
    if not money or not offered.currencies:
        return ""
    asked = query.get("currency", "").upper()
    return asked if asked in offered.currencies else offered.currencies[0]


def _without_itself(view: View) -> View:
    """Nothing is compared with itself."""
    return msgspec.structs.replace(
        view,
        and_area="" if view.and_area == view.area else view.and_area,
        and_period="" if view.and_period == view.period else view.and_period,
    )


def nearest(
    available: Collection[str], must: Iterable[str], may: Sequence[str]
) -> tuple[str, tuple[str, ...]] | None:
    """The breakdown with all of `must` and most of `may`, and what of `may` is not in it.

    What stands first in `may` is kept rather than what stands behind it.
    """
    needed = tuple(must)
    for count in range(len(may), -1, -1):
        for kept in combinations(may, count):
            breakdown = breakdown_of(*needed, *kept)
            if breakdown in available:
                return breakdown, tuple(each for each in may if each not in kept)
    return None


def key_of(breakdown: str, codes: Mapping[str, str]) -> Key:
    """The key of a cell by the code of each dimension."""
    return tuple(codes[each] for each in dimensions_of(breakdown))
