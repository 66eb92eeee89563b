"""A map of areas shaded by a figure, each area a link; areas without a figure are hatched.

All maps of a page share one set of outlines, so that a second map costs a few bytes an area. What
a shade means never rests on its colour alone: each area says its figure, and a table beside the
map holds them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from markupsafe import Markup

from ibr.web.charts.classes import Class, shade_of
from ibr.web.charts.outlines import DRAWABLE, Box, box_around
from ibr.web.charts.svg import element, picture

SIDE = 1000
# From this shade on a label changes colour; more labels than this hide each other.
DEEP = 4
MOST_LABELS = 20
_HATCH = 14


class MapArea(msgspec.Struct, frozen=True, kw_only=True):
    """One area as it is drawn: `said` is what a reader hears of it, `label` what stands on it."""

    code: str
    outline: str
    value: float | None
    said: str
    label: str = ""
    address: str = ""
    centre: tuple[float, float] | None = None
    marked: bool = False


def outlines(areas: Sequence[tuple[str, str]]) -> Markup:
    """The shapes that the maps of a page use, by code, with the hatching; drawn nowhere itself."""
    shapes = [
        element("path", id=f"shape-{code}", d=outline, class_="shape")
        for code, outline in areas
        if DRAWABLE.fullmatch(outline)
    ]
    hatch = element(
        "pattern",
        element("rect", width=_HATCH, height=_HATCH, class_="hatch-ground"),
        element("path", d=f"M0 {_HATCH}L{_HATCH} 0", class_="hatch-line"),
        id="hatch",
        width=_HATCH,
        height=_HATCH,
        patternUnits="userSpaceOnUse",
    )
    return element(
        "svg",
        element("defs", hatch, *shapes),
        class_="outlines",
        width=0,
        height=0,
        aria_hidden="true",
        focusable="false",
    )


def choropleth(
    key: str,
    areas: Sequence[MapArea],
    classes: Sequence[Class],
    title: str,
    about: str,
    *,
    around: Sequence[str] = (),
) -> Markup:
    """The map of the areas, as large as they allow; nothing where no area has an outline.

    `around` are codes of areas drawn pale behind the others.
    """
    drawn = [each for each in areas if each.outline and DRAWABLE.fullmatch(each.outline)]
    if not drawn:
        return Markup("")
    inside = [
        element("use", href=f"#shape-{code}", class_="area around", aria_hidden="true")
        for code in around
    ]
    # What is marked is drawn last, so that no neighbour covers its line.
    inside += [_area(each, classes) for each in sorted(drawn, key=lambda each: each.marked)]
    frame = box_around(each.outline for each in drawn) or Box(0, 0, SIDE, SIDE)
    frame = frame.squarer().wider(0.04) if around else frame.wider(0.01)
    if len(drawn) <= MOST_LABELS:
        inside.append(_labels(drawn, classes, max(frame.width, frame.height)))
    made = picture(key, SIDE, SIDE, title, about, *inside, links=True)
    view = f"{frame.left:.0f} {frame.top:.0f} {frame.width:.0f} {frame.height:.0f}"
    # The figures come from this folder and are numbers: nothing in them needs escaping.
    return Markup(made.replace(f"0 0 {SIDE} {SIDE}", view, 1))  # noqa: S704 - escaped above


def _area(each: MapArea, classes: Sequence[Class]) -> Markup:
    kind = "area marked" if each.marked else "area"
    shade = shade_of(each.value, classes)
    shape = element(
        "use",
        href=f"#shape-{each.code}",
        class_=f"{kind} shade-{shade}" if shade else kind,
        fill=None if shade else "url(#hatch)",
    )
    told = element("title", each.said)
    if each.address:
        return element("a", told, shape, href=each.address)
    return element("g", told, shape, role="img", aria_label=each.said)


def _labels(areas: Sequence[MapArea], classes: Sequence[Class], size: float) -> Markup:
    # Letters are as large as the style sheet says for the whole map, so a part of it scales them.
    times = size / SIDE
    return element(
        "g",
        *(
            element(
                "text",
                each.label,
                transform=f"translate({each.centre[0]} {each.centre[1]}) scale({times:.3f})",
                dy="11",
                class_="rate deep" if shade_of(each.value, classes) >= DEEP else "rate",
            )
            for each in areas
            if each.centre and each.label and _has_room(each, size)
        ),
        aria_hidden="true",
    )


def _has_room(each: MapArea, size: float) -> bool:
    """Whether an area is wide enough for its label; the table and the title hold it anyway."""
    box = box_around([each.outline])
    return box is not None and box.width > 0.022 * size * len(each.label)


def legend(
    classes: Sequence[Class], written: Callable[[float], str], unit: str, without: str = ""
) -> Markup:
    """What the shades mean; `without` is said beside the hatching where an area has no figure."""
    lines = [
        element(
            "li",
            _swatch(class_=f"shade-{each.shade}"),
            element("bdi", _reach(each, written), dir="ltr"),
        )
        for each in classes
    ]
    if without:
        lines.append(element("li", _swatch(fill="url(#hatch)"), without))
    lines.append(element("li", unit))
    return element("ul", *lines, class_="key")


def _reach(each: Class, written: Callable[[float], str]) -> str:
    low, high = written(each.low), written(each.high)
    return low if low == high else f"{low} – {high}"


def _swatch(**more: object) -> Markup:
    box = element("rect", width=22, height=18, **more)
    return element("svg", box, viewBox="0 0 22 18", aria_hidden="true", focusable="false")
