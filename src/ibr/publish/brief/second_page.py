"""The second page: sex and age, where people are missed, what the figures do not say."""

from __future__ import annotations

import re
from typing import Final

from ibr.coverage.figures.model import AGE_BANDS
from ibr.publish.brief.cells import Column, Line, below_of, count_of, draw_table, share_of
from ibr.publish.brief.digits import number
from ibr.publish.brief.first_page import draw_foot
from ibr.publish.brief.model import BriefData, Seen
from ibr.publish.brief.sheet import (
    ACCENT,
    BOTTOM,
    INK,
    LEFT,
    QUIET,
    RIGHT,
    SECOND,
    WIDTH,
    Sheet,
)
from ibr.publish.brief.words import say

MEN: Final = "1"
WOMEN: Final = "2"
_TIGHT: Final = 4.3
_ALL_AREAS: Final = 9
_LOWEST: Final = 6
_HIGHEST: Final = 3
_DEFINED: Final = ("N1", "N2", "C2", "C1", "C5", "N5", "A1", "N4")
_COLUMN: Final = WIDTH / 2 - 3
_LINE: Final = 2.9
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_SDG: Final = ("1", "2", "3", "4", "5", "7", "9")


def draw_second(sheet: Sheet, data: BriefData) -> None:
    """Draws the page."""
    sheet.add_page()
    y = _sex_and_age(sheet, data, 18)
    y = _areas(sheet, data, y + 10)
    y = _sdg(sheet, data, y + 10)
    _definitions(sheet, data, y + 10)
    draw_foot(sheet, data, 2)


def _sex_and_age(sheet: Sheet, data: BriefData, y: float) -> float:
    language = data.language
    ages = [("sex", "age")] if _has_ages(data) else []
    y = sheet.heading(y, say("sex_age" if ages else "by_sex", language))
    columns = (
        Column(say("age", language) if ages else "", LEFT, 26, "left"),
        Column(say("women", language), 62, 22, bar=(64, 28), colour=SECOND),
        Column(say("men", language), 114, 22, bar=(116, 28)),
        Column(say("women_share", language), 170, 24),
        Column(say("men_share", language), RIGHT, 22),
    )
    lines = [_age(data, band) for band in (*AGE_BANDS, "")] if ages else [_sexes(data)]
    lines = [each for each in lines if each.texts[0] or not ages]
    y = draw_table(sheet, y, columns, lines, row=_TIGHT, one_scale=True)
    others = [data.figure("N1", {"sex": code}) for code in ("0", "3")]
    if any(each.state == "hidden" or each.size for each in others):
        y += 4.6
        said = " + ".join(count_of(each, language) for each in others if each.state != "none")
        with sheet.marked("P"):
            sheet.put(LEFT, y, say("other_sex", language, said), size=7.5, colour=QUIET)
    return y


def _has_ages(data: BriefData) -> bool:
    return any(
        data.figure("N1", {"sex": sex, "age": band}).state != "none"
        for sex in (MEN, WOMEN)
        for band in AGE_BANDS
    )


def _age(data: BriefData, band: str) -> Line:
    women, men = (data.figure("N1", {"sex": sex, "age": band}) for sex in (WOMEN, MEN))
    shares = [data.figure("C2", {"sex": sex, "age": band}) for sex in (WOMEN, MEN)]
    if not band and not any(each.state == "hidden" or each.size for each in (women, men)):
        return Line(("", "", "", "", ""))
    return _line(data, data.labels.of("age", band), women, men, shares)


def _sexes(data: BriefData) -> Line:
    women, men = (data.figure("N1", {"sex": sex}) for sex in (WOMEN, MEN))
    shares = [data.figure("C2", {"sex": sex}) for sex in (WOMEN, MEN)]
    return _line(data, "", women, men, shares)


def _line(data: BriefData, name: str, women: Seen, men: Seen, shares: list[Seen]) -> Line:
    language = data.language
    texts = (
        name,
        count_of(women, language),
        count_of(men, language),
        *(share_of(each, language) for each in shares),
    )
    return Line(texts, (0.0, women.size, men.size, 0.0, 0.0))


def _areas(sheet: Sheet, data: BriefData, y: float) -> float:
    """Areas inside the place by their share, the lowest first; nothing where there are none."""
    dimension = {0: "area1", 1: "area2"}.get(data.place.level)
    if dimension is None:
        return y - 10
    found = [(name, _of_area(data, dimension, code)) for code, name in data.place.parts]
    known = [each for each in found if each[1][1].state != "none"]
    if not known:
        return y - 10
    known.sort(key=lambda each: (each[1][1].state == "hidden", each[1][1].size, each[0]))
    language = data.language
    y = sheet.heading(y, say("areas", language))
    if len(known) > _ALL_AREAS:
        shown = [*known[:_LOWEST], *known[-_HIGHEST:]]
        counts = (number(each, language) for each in (_LOWEST, _HIGHEST, len(known)))
        said = say("some_areas", language, *counts)
    else:
        shown, said = known, say("lowest_first", language)
    with sheet.marked("P"):
        sheet.put(LEFT, y - 0.6, said, size=7.5, colour=QUIET)
    columns = (
        Column(say("area", language), LEFT, 50, "left"),
        Column(say("people", language), 88, 20),
        Column(say("coverage", language), 118, 27, bar=(121, 36)),
        Column(say("without", language), RIGHT, 34),
    )
    lines = [
        Line(
            (name, count_of(people, language), share_of(share, language), below_of(gap, language)),
            (0.0, 0.0, share.size, 0.0),
        )
        for name, (people, share, gap) in shown
    ]
    return draw_table(sheet, y + 4, columns, lines, row=_TIGHT)


def _of_area(data: BriefData, dimension: str, code: str) -> tuple[Seen, Seen, Seen]:
    people, share, gap = (
        data.figure(indicator, {dimension: code}, here=False) for indicator in ("N1", "C2", "C5")
    )
    return people, share, gap


def _sdg(sheet: Sheet, data: BriefData, y: float) -> float:
    """The series of the SDG indicator, two beside each other; for the country alone."""
    language = data.language
    seen = [(code, data.figure("SDG131", {"series": code}, here=False)) for code in _SDG]
    seen = [each for each in seen if each[1].state != "none"]
    if data.place.level or not seen:
        return y - 10
    y = sheet.heading(y, say("sdg", language)) - 1
    rows = (len(seen) + 1) // 2
    for place, (code, figure) in enumerate(seen):
        x = LEFT + place // rows * (WIDTH / 2 + 4)
        feet = y + place % rows * _TIGHT
        with sheet.marked("P"):
            name = f"{code}  {data.labels.of('series', code)}"
            sheet.put(x, feet, name, size=8, width=58)
            sheet.put(
                x + WIDTH / 2 - 6, feet, share_of(figure, language), size=8, bold=True,
                align="right",
            )  # fmt: skip
    y += rows * _TIGHT
    with sheet.marked("P"):
        sheet.put(LEFT, y, say("sdg_limits", language), size=7.2, colour=QUIET, width=WIDTH)
    return y


def _definitions(sheet: Sheet, data: BriefData, y: float) -> None:
    """Definitions and limits in two columns, as much as there is room for; signs and sources."""
    language = data.language
    y = sheet.heading(y, say("definitions", language)) - 1
    tail = _tail(sheet, data)
    last = BOTTOM - (len(tail) + 1) * 3.3
    each_column = int((last - y) / _LINE) + 1
    room = 2 * each_column
    place = 0
    left_out = False
    for head, text in _told(data):
        heads = sheet.lines(head, _COLUMN, 7, bold=True) if head else []
        lines = sheet.lines(text, _COLUMN, 6.8)
        if place + len(heads) + len(lines) > room:
            left_out = True
            continue
        with sheet.marked("P"):
            for number_, line in enumerate([*heads, *lines]):
                x = LEFT + place // each_column * (_COLUMN + 6)
                feet = y + place % each_column * _LINE
                bold = number_ < len(heads)
                colour = ACCENT if bold else INK
                sheet.put(x, feet, line, size=7 if bold else 6.8, bold=bold, colour=colour)
                place += 1
    if left_out:
        tail = [*tail, say("more", language)]
    for number_, line in enumerate(tail):
        with sheet.marked("P"):
            feet = last + 0.6 + number_ * 3.3
            sheet.put(LEFT, feet + 2.6, line, size=7, colour=QUIET, width=WIDTH)


def _told(data: BriefData) -> list[tuple[str, str]]:
    """What each indicator says and how it is worked out, then each limit once."""
    language = data.language
    known = [data.indicators[code] for code in _DEFINED if code in data.indicators]
    found = [
        (
            f"{each.code} {each.name.in_language(language)}",
            f"{each.about.in_language(language)} ({each.formula.in_language(language)})",
        )
        for each in known
    ]
    limits = dict.fromkeys(
        sentence
        for each in known
        for sentence in _SENTENCE.split(each.limits.in_language(language))
        if sentence
    )
    heads = [say("limits", language)] + [""] * len(limits)
    return [*found, *zip(heads, limits, strict=False)]


def _tail(sheet: Sheet, data: BriefData) -> list[str]:
    """Signs, sources and licence, broken into lines."""
    language = data.language
    sources = dict.fromkeys(
        source for table in data.tables.values() if table.period == data.period
        for source in table.sources
    )  # fmt: skip
    signs = [say("about_none", language)]
    if data.hidden:
        signs.append(say("about_hidden", language))
    over = any(
        "over_100" in cell.notes
        for table in data.tables.values()
        if table.period == data.period and table.indicator in ("C1", "C2")
        for cell in table.cells
    )
    if over:
        signs.append(say("over", language))
    said = [" ".join(signs)]
    if sources:
        said.append(say("sources", language, "; ".join(sources)))
    if data.licence:
        said.append(say("licence", language, data.licence))
    return [line for each in said for line in sheet.lines(each, WIDTH, 7)]
