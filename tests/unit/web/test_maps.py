"""Maps and lines: classes at round figures, areas that say their figure, lines that break."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from ibr.web.charts.choropleth import MapArea, choropleth, legend, outlines
from ibr.web.charts.classes import CLASSES, Class, classes_of, shade_of
from ibr.web.charts.line_trend import Line, broken_path, line_trend
from ibr.web.charts.outlines import Box, box_around
from ibr.web.charts.small_multiples import Bar, Panel, SmallLines, bar_panels, line_panels
from ibr.web.languages import ENGLISH, RIGHT_TO_LEFT
from ibr.web.written import Written

WRITTEN = Written(ENGLISH)
SVG = "{http://www.w3.org/2000/svg}"


def limits(values: Sequence[float]) -> list[float]:
    classes = classes_of(values)
    return [each.low for each in classes] + [classes[-1].high]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.23, 0.5, 0.71], [0.15, 0.3, 0.45, 0.6, 0.75]),
        ([0.02, 0.98], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ([0.9, 1.3], [0.9, 1.0, 1.1, 1.2, 1.3]),
        ([3, 17], [3, 6, 9, 12, 15, 18]),
    ],
)
def test_classes_end_at_round_figures(values: list[float], expected: list[float]) -> None:
    assert limits(values) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[0.3], [7, 7, 7], [0, 0]])
def test_figures_that_are_alike_are_one_class(values: list[float]) -> None:
    (only,) = classes_of(values)
    assert shade_of(values[0], [only]) == only.shade


def test_without_figures_there_are_no_classes() -> None:
    assert classes_of([]) == []
    assert shade_of(None, classes_of([1, 2])) == 0


def test_one_large_city_does_not_leave_all_others_pale() -> None:
    values = [*range(10, 60), 4000.0]
    shades = [shade_of(value, classes_of(values)) for value in values]
    assert all(5 <= shades.count(shade) <= 15 for shade in range(1, CLASSES + 1))


@pytest.mark.parametrize("values", [[0.1, 0.34, 0.5], [1, 5, 900, 3, 2, 8, 4], [0, 0.004], [-3, 9]])
def test_every_figure_is_in_the_class_it_is_shaded_by(values: list[float]) -> None:
    classes = classes_of(values)
    by_shade = {each.shade: each for each in classes}
    assert 1 <= len(classes) <= CLASSES
    for value in values:
        own = by_shade[shade_of(value, classes)]
        assert own.low - 1e-9 <= value <= own.high + 1e-9


@pytest.mark.parametrize(
    "outline", ["M10 20h30v40h-30Z", "M10 20l30 0 0 40-30 0Z", "M10 20L40 20 40 60 10 60Z"]
)
def test_the_box_of_an_outline(outline: str) -> None:
    assert box_around([outline]) == Box(10, 20, 40, 60)


def test_a_second_ring_begins_where_it_says() -> None:
    assert box_around(["M0 0h10v10h-10Zm20 20h5v5h-5Z"]) == Box(0, 0, 25, 25)
    assert box_around([]) is None


def area(code: str, value: float | None, outline: str = "M0 0h400v400h-400Z") -> MapArea:
    return MapArea(
        code=code,
        outline=outline,
        value=value,
        said=f"{code}: {value}",
        label="9",
        address=f"/coverage?area={code}",
        centre=(200.0, 200.0),
    )


def drawn(*areas: MapArea) -> ET.Element:
    classes = classes_of([each.value for each in areas if each.value is not None])
    svg = choropleth("map--1", areas, classes, "T", "A")
    return ET.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{svg}</svg>')


def test_each_area_is_a_link_that_says_its_figure() -> None:
    links = list(drawn(area("R1", 0.2), area("R2", None)).iter(f"{SVG}a"))
    assert [each.get("href") for each in links] == ["/coverage?area=R1", "/coverage?area=R2"]
    assert [each.findtext(f"{SVG}title") for each in links] == ["R1: 0.2", "R2: None"]


def test_an_area_without_a_figure_is_hatched_and_never_shaded() -> None:
    shapes = {
        each.get("href"): each
        for each in drawn(area("R1", 0.2), area("R2", None)).iter(f"{SVG}use")
    }
    assert shapes["#shape-R2"].get("fill") == "url(#hatch)"
    assert "shade" not in shapes["#shape-R2"].get("class", "")
    assert "shade-" in shapes["#shape-R1"].get("class", "")


@pytest.mark.parametrize("outline", ['"/><script>', "M0 0 url(x)", ""])
def test_nothing_but_an_outline_is_drawn(outline: str) -> None:
    assert choropleth("map--1", [area("R1", 1, outline)], classes_of([1]), "T", "A") == ""
    assert "script" not in outlines([("R1", outline)])


def test_a_legend_says_where_there_is_no_figure() -> None:
    made = legend([Class(5, 0.1, 0.2)], WRITTEN.percent, "of all", "no figure")
    assert re.sub("<[^>]+>", " ", made).split() == ["10%", "–", "20%", "no", "figure", "of", "all"]
    assert "no figure" not in legend([Class(5, 0.1, 0.2)], WRITTEN.percent, "of all")


def test_a_line_breaks_where_there_is_no_figure() -> None:
    assert broken_path([(0, 1), (1, 2), None, (3, 4)]) == "M0.0 1.0L1.0 2.0M3.0 4.0"


def trend(values: list[float | None], written: Written = WRITTEN) -> ET.Element:
    months = [f"m{at}" for at in range(len(values))]
    drawing = line_trend(
        "k", months, [Line("All", values)], "T", "A",
        written=written, short=written.short, full=written.short, partial={len(values) - 1},
    )  # fmt: skip
    return ET.fromstring(drawing)


def test_a_month_that_is_not_fully_reported_is_hollow() -> None:
    kinds = [each.get("class", "") for each in trend([1, None, 3]).iter("circle")]
    assert kinds == ["dot dot-1", "dot dot-1 partial"]


def test_shares_have_an_axis_below_one() -> None:
    marks = [each.text for each in trend([0.1, 0.4]).iter("text")][:5]
    assert marks == ["0", "0.1", "0.2", "0.3", "0.4"]


def test_lines_run_the_other_way_on_a_mirrored_page() -> None:
    first, last = (float(each.get("cx", "")) for each in trend([1, 2]).iter("circle"))
    assert first < last
    first, last = (
        float(each.get("cx", "")) for each in trend([1, 2], Written(RIGHT_TO_LEFT)).iter("circle")
    )
    assert first > last


def test_panels_share_one_scale() -> None:
    panels = [
        Panel("A", [Bar("x", 50, "50")]),
        Panel("B", [Bar("x", 100, "100"), Bar("y", None, "–")]),
    ]
    root = ET.fromstring(bar_panels("p", panels, "about", written=WRITTEN))
    low, high = (float(each.get("width", "")) for each in root.iter("rect"))
    assert high == pytest.approx(2 * low, rel=0.01)


def test_a_bar_is_held_against_another_figure() -> None:
    panels = [Panel("A", [Bar("x", 50, "50", 25, "2025: 25")])]
    root = ET.fromstring(bar_panels("p", panels, "about", written=WRITTEN))
    (mark,) = (each for each in root.iter("line") if each.get("class") == "held")
    (bar,) = root.iter("rect")
    middle = float(bar.get("x", "")) + float(bar.get("width", "")) / 2
    assert float(mark.get("x1", "")) == pytest.approx(middle, abs=0.2)


def test_small_lines_are_named() -> None:
    panels = [SmallLines("0–4", [[1, 2], [2, None]], "From m0 to m1")]
    root = ET.fromstring(line_panels("p", panels, written=WRITTEN, short=WRITTEN.short))
    (svg,) = root.iter("svg")
    assert svg.findtext("title") == "0–4"
    assert len(list(root.iter("path"))) == 2
