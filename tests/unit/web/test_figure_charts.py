"""Pictures of overlaps, flows, gaps and money: right lengths, nobody left out, all escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape

import pytest
from markupsafe import Markup

from ibr.coverage.figures.model import Cell, count_cell, share_cell
from ibr.periods import Month
from ibr.web import exact
from ibr.web.charts import bars, flows, matrix, upset
from ibr.web.charts.flows import REST, Move, Words
from ibr.web.languages import ENGLISH, FRENCH
from ibr.web.pages.quality import state_of
from ibr.web.written import Written

EN, FR = Written(ENGLISH), Written(FRENCH)
MARKUP = "<b>&"


def drawn(picture: Markup) -> ET.Element:
    return ET.fromstring(picture)


def widths(picture: Markup, kind: str) -> list[float]:
    boxes = drawn(picture).iter("rect")
    return [float(each.get("width", 0)) for each in boxes if each.get("class") == kind]


# Figures to the last digit.


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        ("0.1234", "12.34%", "12,34\xa0%"),
        ("0.1200", "12.00%", "12,00\xa0%"),
        ("1.0000", "100.00%", "100,00\xa0%"),
        ("12.5", "1,250%", "1\u202f250\xa0%"),
        (None, "–", "–"),
    ],
)
def test_a_share_is_written_to_its_last_digit(value: str | None, english: str, french: str) -> None:
    assert exact.percent(EN, value) == english
    assert exact.percent(FR, value) == french


def test_the_same_number_with_other_digits_is_another_figure() -> None:
    assert [exact.number(EN, each) for each in ("0.5", "0.50", "0.5")] == ["0.5", "0.50", "0.5"]
    assert [exact.percent(EN, each) for each in ("0.5", "0.5000")] == ["50%", "50.00%"]


def test_large_and_negative_numbers_keep_every_digit() -> None:
    assert exact.number(EN, "12345678901234567.89") == "12,345,678,901,234,567.89"
    assert exact.number(EN, "-3") == "-3"


def test_whoever_is_not_in_a_table_is_nobody() -> None:
    assert exact.count(EN, None) == "0"
    assert exact.count(EN, count_cell((), 1234)) == "1,234"
    assert exact.share(EN, None) == "–"


# The matrix.


@pytest.mark.parametrize(
    ("value", "shade"), [(None, 0), (0.0, 0), (0.009, 1), (0.01, 2), (0.05, 3), (0.2, 4), (1.5, 4)]
)
def test_a_shade_begins_where_its_class_does(value: float | None, shade: int) -> None:
    assert matrix.shade(value, matrix.SHARES) == shade


@pytest.mark.parametrize(
    ("largest", "bounds"),
    [
        (0, (1, 10, 100)),
        (7, (10, 100, 1000)),
        (999, (10, 100, 1000)),
        (54_321, (100, 1000, 10_000)),
    ],
)
def test_classes_of_counts_are_powers_of_ten(largest: float, bounds: tuple[float, ...]) -> None:
    assert matrix.counts_from(largest) == bounds


def test_the_legend_has_every_class_once() -> None:
    texts = matrix.legend(matrix.SHARES, EN.percent)
    assert texts == [(1, "< 1%"), (2, "1% – 5%"), (3, "5% – 20%"), (4, "≥ 20%")]


def test_a_cell_stands_where_its_row_and_column_meet() -> None:
    heads = [matrix.Head("A", MARKUP, "/x?a=1&b=2"), matrix.Head("B", "B")]
    table = drawn(
        matrix.heat_table(
            "Caption", "Corner", heads, heads,
            lambda row, column: matrix.Shown(row + column, 0.3 if row < column else 0.001),
            matrix.SHARES,
        )
    )  # fmt: skip
    body = [[each.text for each in row.iter("td")] for row in table.iter("tr")]
    assert body == [[], ["AA", "AB"], ["BA", "BB"]]
    assert [each.get("class") for each in table.iter("td")] == ["h1", "h4", "h1", "h1"]
    assert [each.get("scope") for each in table.iter("th")] == ["col", "col", "col", "row", "row"]
    assert table.find(".//bdi").text == MARKUP  # type: ignore[union-attr]  # the first row has a name


# Combinations.


def combined(counts: dict[tuple[str, ...], float], mirrored: bool = False) -> ET.Element:
    codes = sorted({code for key in counts for code in key})
    return drawn(
        upset.upset(
            "upset",
            [upset.Row(code, MARKUP + code) for code in codes],
            [upset.Combination(key, count, f"{key}") for key, count in counts.items()],
            "T",
            "A",
            short=EN.short,
            mirrored=mirrored,
        )
    )


def test_each_combination_has_its_bar_and_its_dots() -> None:
    picture = combined({("A", "B"): 40, ("A", "B", "C"): 10, ("C",): 20})
    groups = [each for each in picture.iter("g") if each.get("class") == "combination"]
    heights = [float(each.find("rect").get("height", 0)) for each in groups]  # type: ignore[union-attr]  # each has its bar
    assert heights[0] == pytest.approx(4 * heights[1], abs=0.3)
    assert [len(list(each.iter("circle"))) for each in groups] == [2, 3, 1]
    # A line joins dots and is not there for one alone.
    assert [len(list(each.iter("line"))) for each in groups] == [1, 1, 0]


def test_every_crossing_has_its_pale_dot() -> None:
    picture = combined({("A", "B"): 40, ("C",): 20})
    path = next(each for each in picture.iter("path") if each.get("class") == "empty-dots")
    assert path.get("d", "").count("M") == 2 * 3


def test_combinations_turn_round_where_the_page_does() -> None:
    counts = {("A", "B"): 40.0, ("C",): 20.0}
    first = [
        float(next(combined(counts, turned).iter("circle")).get("cx", 0))
        for turned in (False, True)
    ]
    assert first[0] + first[1] == pytest.approx(upset.WIDTH, abs=0.2)


def test_a_long_name_is_cut_and_a_short_one_is_not() -> None:
    assert upset.shortened("x" * 40) == "x" * 29 + "…"
    assert upset.shortened("Old Age Pension") == "Old Age Pension"


# Flows.


def moves(many: int) -> list[Move]:
    codes = [f"P{number:02}" for number in range(many)]
    return [
        Move(one, two, 1 + (3 * a + 7 * b) % 50)
        for a, one in enumerate(codes)
        for b, two in enumerate(codes)
        if one != two
    ]


@pytest.mark.parametrize("many", [3, 12, 40])
def test_nobody_is_left_out_when_small_programmes_are_folded(many: int) -> None:
    found = flows.folded(moves(many))
    assert sum(each.count for each in found) == sum(each.count for each in moves(many))
    assert len({each.source for each in found}) <= flows.MOST + 1


def test_few_programmes_are_never_folded() -> None:
    assert not any(REST in (each.source, each.target) for each in flows.folded(moves(11)))
    assert any(REST in (each.source, each.target) for each in flows.folded(moves(12)))


def words() -> Words:
    return Words(
        name=lambda code: "others" if code == REST else MARKUP + code,
        told=lambda one, two, count: f"{one}>{two}:{count}",
        short=EN.short,
        before="September",
        after="October",
    )


def bands(picture: Markup) -> dict[str, float]:
    """What each band tells, with its thickness."""
    found = {}
    for each in drawn(picture).iter("path"):
        thick = re.search(r"v(-?[\d.]+)", each.get("d", ""))
        assert thick
        found[each.findtext("title") or ""] = float(thick[1])
    return found


def test_a_band_is_as_thick_as_its_people_are_many() -> None:
    picture = flows.flows(
        "flows", [Move("A", "B", 300), Move("A", "C", 100)], "T", "D", words=words(), mirrored=False
    )
    thick = bands(picture)
    assert thick["A>B:300"] == pytest.approx(3 * thick["A>C:100"], abs=0.2)


def test_what_moves_among_the_small_is_counted_and_not_drawn() -> None:
    many = moves(40)
    picture = flows.flows("flows", many, "T", "D", words=words(), mirrored=False)
    shown = sum(int(told.rsplit(":", 1)[1]) for told in bands(picture))
    assert 0 < flows.among_the_small(many) == sum(each.count for each in many) - shown
    assert flows.among_the_small(moves(5)) == 0


# Bars in cells, and two sides of an axis.


def test_what_goes_beyond_the_whole_is_told_apart() -> None:
    within, beyond = bars.marked(0.5, 2.0), bars.marked(1.5, 2.0)
    assert (widths(within, "meter-value"), widths(within, "meter-more")) == ([25], [0])
    assert (widths(beyond, "meter-value"), widths(beyond, "meter-more")) == ([50], [25])
    assert widths(bars.marked(None, 1.0), "meter-value") == []


def test_parts_fill_the_whole() -> None:
    picture = bars.parts([60, 30, 10], 100)
    assert [widths(picture, f"part-{number}") for number in (1, 2, 3)] == [[60], [30], [10]]
    assert widths(bars.parts([0, 0], 0), "part-1") == [0]


def test_both_ways_share_one_scale() -> None:
    picture = bars.both_ways(20, 40, 40)
    assert (widths(picture, "meter-less"), widths(picture, "meter-value")) == ([25], [50])


def test_half_and_twice_are_equally_far_from_one() -> None:
    half, twice = bars.beside_one(0.5), bars.beside_one(2.0)
    assert widths(half, "meter-less") == widths(twice, "meter-value") == [25]
    assert widths(bars.beside_one(0.0), "meter-less") == [50]


def test_a_month_without_a_figure_is_a_gap_in_the_line() -> None:
    line = drawn(bars.sparkline([1, 2, None, 4])).findall("path")[1].get("d", "")
    assert (line.count("M"), line.count("L")) == (2, 1)
    assert bars.sparkline([]) == bars.sparkline([])


def test_what_is_not_known_is_no_short_bar() -> None:
    rows = [bars.Side("0–4", None, 0.5, "unknown", "half")]
    picture = bars.two_sided(
        "k", rows, "T", "A", left="L", right=MARKUP, short=EN.percent, mirrored=False, largest=1.0
    )
    assert widths(picture, "women") == []
    assert len(widths(picture, "unknown")) == 1
    assert "half" in unescape(picture)


def test_who_came_stands_above_and_who_left_below() -> None:
    months = [
        bars.Passage(Month(2026, 9), 40.0, 10.0),
        bars.Passage(Month(2026, 10), None, None),
    ]
    picture = drawn(bars.in_and_out("k", months, "T", "A", came="Came", went="Left", written=EN))
    boxes = {each.get("class"): each for each in picture.iter("rect")}
    came, went = boxes["came"], boxes["went"]
    assert float(came.get("height", 0)) == pytest.approx(4 * float(went.get("height", 0)), abs=0.3)
    assert float(came.get("y", 0)) + float(came.get("height", 0)) == pytest.approx(
        float(went.get("y", 0)), abs=0.2
    )
    assert len(boxes) == 2


# What became of a report.


def cell(numerator: int, denominator: int = 1) -> Cell:
    return share_cell((), numerator, denominator)


@pytest.mark.parametrize(
    ("received", "on_time", "state"),
    [
        (None, None, "not_due"),
        (cell(0), None, "open"),
        (cell(0), cell(0), "missing"),
        (cell(1), None, "on_time"),
        (cell(1), cell(1), "on_time"),
        (cell(1), cell(0), "late"),
        (cell(1, 2), cell(1, 2), "partly"),
    ],
)
def test_the_state_of_a_report(received: Cell | None, on_time: Cell | None, state: str) -> None:
    assert state_of(received, on_time) == state
