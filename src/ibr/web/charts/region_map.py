"""The regions, shaded by a rate. Each is a link to its row in the table beside the map."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from ibr.questions.country import RegionReached
from ibr.web.charts.svg import element, picture
from ibr.web.written import Written

SIZE = 1000
CLASSES = 5
# From this class on a shade is so deep that its label changes colour.
DEEP = 4
# Only path commands and numbers ever reach the page, whatever an import put into the table.
_PATH = re.compile(r"[MmLlHhVvZz0-9\s,.eE+-]+")


class Shade(msgspec.Struct, frozen=True):
    """One class of the map: from which rate to which."""

    number: int
    low: float
    high: float


def shades(regions: Sequence[RegionReached]) -> list[Shade]:
    """Classes of equal width between the lowest and the highest rate; one when all are alike."""
    rates = [each.per_thousand for each in regions if each.per_thousand is not None]
    if not rates:
        return []
    low, high = min(rates), max(rates)
    if high - low < 0.05:
        return [Shade(CLASSES, low, high)]
    step = (high - low) / CLASSES
    return [Shade(n + 1, low + n * step, low + (n + 1) * step) for n in range(CLASSES)]


def shade_of(rate: float | None, classes: Sequence[Shade]) -> int:
    """The class of a rate; 0 where it is not known."""
    if rate is None or not classes:
        return 0
    return next((each.number for each in classes if rate <= each.high), classes[-1].number)


def region_map(
    key: str, regions: Sequence[RegionReached], title: str, about: str, written: Written
) -> Markup:
    """The map; nothing when no region has an outline."""
    classes = shades(regions)
    drawn, labels = [], []
    for each in regions:
        region = each.region
        if region is None or not region.outline or not _PATH.fullmatch(region.outline):
            continue
        name = written.name(region.names, region.code)
        rate = "–" if each.per_thousand is None else written.decimal(each.per_thousand)
        shade = shade_of(each.per_thousand, classes)
        shape = element("path", d=region.outline, class_=f"area shade-{shade}", fill_rule="evenodd")
        told = f"{name}: {rate}"
        drawn.append(
            element(
                "a", element("title", told), shape, href=f"#region-{region.code}", aria_label=told
            )
        )
        if region.centre_x is not None and region.centre_y is not None:
            labels.append(
                element(
                    "text",
                    rate,
                    x=region.centre_x,
                    y=region.centre_y + 12,
                    class_="rate deep" if shade >= DEEP else "rate",
                )
            )
    if not drawn:
        return Markup("")
    group = element("g", *labels, aria_hidden="true")
    return picture(key, SIZE, SIZE, title, about, *drawn, group, links=True)
