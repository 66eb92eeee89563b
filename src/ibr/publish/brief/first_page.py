"""The first page: the figures that matter most, how they moved, and each programme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ibr.publish.brief.cells import (
    ROW,
    Column,
    Line,
    all_money,
    below_of,
    count_of,
    draw_table,
    share_of,
)
from ibr.publish.brief.digits import NONE, moment, number, percent, period, short_period
from ibr.publish.brief.model import BriefData, Seen
from ibr.publish.brief.sheet import (
    ACCENT,
    ALARM,
    BOTTOM,
    INK,
    LEFT,
    PALE,
    QUIET,
    RIGHT,
    SECOND,
    WIDTH,
    Colour,
    Sheet,
)
from ibr.publish.brief.words import say

_GAP: Final = 3.0
_TILE: Final = (WIDTH - 3 * _GAP) / 4
_TREND_HEIGHT: Final = 32.0
_MOST_PROGRAMMES: Final = 22
_MOST_LACKING: Final = 3


class Tile(msgspec.Struct, frozen=True):
    """A figure with what it is above and what to hold it against below."""

    head: str
    value: str
    below: str = ""


def draw_first(sheet: Sheet, data: BriefData) -> None:
    """Draws the page."""
    sheet.add_page()
    y = _head(sheet, data)
    y = _tiles(sheet, data, y)
    y = _trends(sheet, data, y + 8)
    y = _programmes(sheet, data, y + 9)
    _functions(sheet, data, y + 11)
    draw_foot(sheet, data, 1)


def _head(sheet: Sheet, data: BriefData) -> float:
    language = data.language
    with sheet.marked("P"):
        sheet.put(LEFT, 14, say("registry", language), size=8, colour=QUIET)
    with sheet.marked("P"):
        colour = ALARM if data.audience == "internal" else QUIET
        mark = say(data.audience, language)
        sheet.put(RIGHT, 14, mark, size=8, bold=True, colour=colour, align="right")
    name = data.place.name or say("country", language)
    with sheet.marked("H1"):
        sheet.put(LEFT, 25, name, size=20, bold=True, width=WIDTH * 0.66)
        when = period(data.period, language)
        sheet.put(RIGHT, 25, when, size=14, align="right", width=WIDTH * 0.32)
    with sheet.marked("P"):
        sheet.put(LEFT, 32, say("subject", language), size=10.5, colour=ACCENT)
    with sheet.marked("P"):
        sheet.put(LEFT, 38, _known(data), size=8, colour=QUIET, width=WIDTH)
    table = data.main
    complete = table.completeness if table else None
    if complete and complete.received < complete.expected:
        with sheet.marked("P"):
            sheet.put(LEFT, 43, say("provisional", language), size=8, bold=True, colour=ALARM)
        if lacking := _lacking(data):
            with sheet.marked("P"):
                sheet.put(LEFT, 46.5, lacking, size=8, colour=ALARM, width=WIDTH)
            return 49.5
        return 47
    return 43


def _known(data: BriefData) -> str:
    """As known when, how complete, by which run or release."""
    language, table = data.language, data.main
    if table is None:
        return ""
    parts = [say("known", language, moment(table.as_known_at, language))]
    if table.completeness:
        counts = table.completeness
        received, due = (number(n, language) for n in (counts.received, counts.expected))
        parts.append(say("reports", language, received, due))
    if data.release_no is not None:
        parts.append(say("release", language, data.release_no))
    parts.append(say("run", language, table.run_no))
    return " · ".join(parts)


def _lacking(data: BriefData) -> str:
    """Whose reports the figures lack; of many the first, so that it stays one line."""
    table, language = data.main, data.language
    if table is None or not table.not_reported:
        return ""
    names = [data.labels.of("programme", each.programme) for each in table.not_reported]
    said = ", ".join(names[:_MOST_LACKING])
    if len(names) > _MOST_LACKING:
        said = say("and_others", language, said, number(len(names) - _MOST_LACKING, language))
    return say("lacking", language, said)


def _tiles(sheet: Sheet, data: BriefData, y: float) -> float:
    tiles = [
        _count(data, "reached", "N1"),
        _count(data, "household_members", "N2"),
        _coverage(data),
        _amount(data, "money", "N5"),
        _households(data),
        _without(data),
        _amount(data, "average", "A1"),
        _count(data, "enrolled", "N3"),
    ]
    shown = [tile for tile in tiles if tile.value != NONE]
    for place, tile in enumerate(shown):
        x = LEFT + place % 4 * (_TILE + _GAP)
        _draw_tile(sheet, x, y + place // 4 * 20, tile)
    return y + (len(shown) + 3) // 4 * 20 - 3


def _draw_tile(sheet: Sheet, x: float, y: float, tile: Tile) -> None:
    with sheet.decoration():
        sheet.box(x, y, _TILE, 17.5, (243, 246, 249))
        sheet.box(x, y, 0.8, 17.5, ACCENT)
    with sheet.marked("P"):
        sheet.put(x + 2.6, y + 4.4, tile.head, size=7.2, colour=QUIET, width=_TILE - 4)
        sheet.put(x + 2.6, y + 10.8, tile.value, size=14, bold=True, width=_TILE - 4, whole=True)
        if tile.below:
            below = tile.below
            sheet.put(x + 2.6, y + 15.2, below, size=7.2, colour=QUIET, width=_TILE - 4, whole=True)


def _count(data: BriefData, words: str, indicator: str) -> Tile:
    return Tile(say(words, data.language), count_of(data.figure(indicator), data.language))


def _coverage(data: BriefData) -> Tile:
    language, seen = data.language, data.figure("C2")
    below = ""
    if seen.cell is not None and seen.cell.denominator:
        below = say("of_people", language, number(seen.cell.denominator, language))
    return Tile(say("coverage", language), share_of(seen, language), below)


def _households(data: BriefData) -> Tile:
    language, share = data.language, data.figure("C3")
    below = say("of_households", language, share_of(share, language)) if share.value else ""
    return Tile(say("households", language), count_of(data.figure("N4"), language), below)


def _without(data: BriefData) -> Tile:
    language, seen = data.language, data.figure("C5")
    below = say("of_population", language, share_of(seen, language)) if seen.value else ""
    return Tile(say("without", language), below_of(seen, language), below)


def _amount(data: BriefData, words: str, indicator: str) -> Tile:
    first, *others = all_money(data, indicator, {})
    return Tile(say(words, data.language), first, " + ".join(others))


def _trends(sheet: Sheet, data: BriefData, y: float) -> float:
    y = sheet.heading(y, say("trend", data.language))
    half = (WIDTH - 8) / 2
    language = data.language
    for place, (indicator, words, colour, write) in enumerate(
        (
            ("N1", "trend_people", ACCENT, lambda value: number(value, language)),
            ("C2", "trend_share", SECOND, lambda value: percent(value, language)),
        )
    ):
        begin = LEFT + place * (half + 8)
        seen = [(each, data.figure(indicator, period=each)) for each in data.periods]
        seen = [(each, one) for each, one in seen if one.state != "none"]
        _bars(sheet, data, begin, y, half, seen, words, colour, write)
    return y + _TREND_HEIGHT + 8


def _bars(
    sheet: Sheet,
    data: BriefData,
    x: float,
    y: float,
    width: float,
    seen: list[tuple[str, Seen]],
    words: str,
    colour: Colour,
    write: Callable[[str], str],
) -> None:
    """Bars from zero, with the first and the last figure written out and all of them as words."""
    language = data.language
    said = [
        (each, write(one.value) if one.value else say("hidden", language)) for each, one in seen
    ]
    head = say(words, language)
    listed = "; ".join(f"{short_period(each, language)}: {text}" for each, text in said)
    with sheet.marked("P"):
        sheet.put(x, y, head, size=8, bold=True, width=width)
    highest = max((one.size for _, one in seen), default=0.0)
    if not seen or highest <= 0:
        with sheet.marked("P"):
            sheet.put(x, y + 6, say("about_none", language), size=7.5, colour=QUIET)
        return
    step = width / max(len(seen), 6)
    foot = y + 3 + _TREND_HEIGHT
    with sheet.marked("Figure", say("trend_alt", language, head, listed)):
        for place, (_, one) in enumerate(seen):
            tall = one.size / highest * (_TREND_HEIGHT - 5)
            last = place == len(seen) - 1
            fill = colour if last else tuple(round(255 - (255 - part) * 0.62) for part in colour)
            sheet.box(x + place * step + 0.3, foot - tall, step - 0.8, tall, fill)  # type: ignore[arg-type]  # three parts
        sheet.box(x, foot, step * len(seen), 0.2, QUIET)
    _ends(sheet, data, x, foot, step, said, seen, highest)


def _ends(
    sheet: Sheet,
    data: BriefData,
    x: float,
    foot: float,
    step: float,
    said: list[tuple[str, str]],
    seen: list[tuple[str, Seen]],
    highest: float,
) -> None:
    """The periods and figures of the first and the last bar."""
    end = x + step * len(said)
    ends = [(0, x, "left")] if len(said) > 3 else []
    for place, at, align in [*ends, (len(said) - 1, end, "right")]:
        when, text = said[place]
        tall = seen[place][1].size / highest * (_TREND_HEIGHT - 5)
        with sheet.marked("P"):
            sheet.put(
                at, foot + 3.4, short_period(when, data.language), size=7, colour=QUIET,
                align="right" if align == "right" else "left",
            )  # fmt: skip
            sheet.put(
                at, foot - tall - 1, text, size=7.5, bold=place > 0, colour=INK,
                align="right" if align == "right" else "left",
            )  # fmt: skip


def _programmes(sheet: Sheet, data: BriefData, y: float) -> float:
    language = data.language
    y = sheet.heading(y, say("programmes", language))
    codes = data.codes("N1", "programme")
    people = {code: data.figure("N1", {"programme": code}) for code in codes}
    codes.sort(key=lambda code: (-people[code].size, code))
    room = min(_MOST_PROGRAMMES, int((BOTTOM - 12 - y) / ROW))
    lines = [_programme(data, code, people[code]) for code in codes[:room]]
    columns = (
        Column(say("programme", language), LEFT, 56, "left"),
        Column(say("people", language), 91, 19, bar=(93, 22)),
        Column(say("of_target", language), 135, 19),
        Column(say("money", language), 169, 33),
        Column(say("per_person", language), RIGHT, 25),
    )
    y = draw_table(sheet, y, columns, lines)
    if len(codes) > room:
        with sheet.marked("P"):
            left = say("more_programmes", language, number(len(codes) - room, language))
            sheet.put(LEFT, y + ROW, left, size=7.5, colour=QUIET)
        return y + ROW
    return y


def _functions(sheet: Sheet, data: BriefData, y: float) -> None:
    """The same by function, where there is room for all of them; a programme may have several."""
    language = data.language
    people = {code: data.figure("N1", {"function": code}) for code in data.codes("N1", "function")}
    if not people or y + 6.5 + len(people) * ROW > BOTTOM - 2:
        return
    y = sheet.heading(y, say("functions", language))
    lines = [
        Line(
            (
                data.labels.of("function", code),
                count_of(people[code], language),
                share_of(data.figure("C2", {"function": code}), language),
                " + ".join(all_money(data, "N5", {"function": code})),
            ),
            (0.0, people[code].size, 0.0, 0.0),
        )
        for code in sorted(people, key=lambda code: (-people[code].size, code))
    ]
    columns = (
        Column(say("function", language), LEFT, 56, "left"),
        Column(say("people", language), 91, 19, bar=(93, 22)),
        Column(say("of_all", language), 135, 19),
        Column(say("money", language), 169, 33),
    )
    draw_table(sheet, y, columns, lines)


def _programme(data: BriefData, code: str, people: Seen) -> Line:
    language, own = data.language, {"programme": code}
    texts = (
        data.labels.of("programme", code),
        count_of(people, language),
        share_of(data.figure("C1", own), language),
        " + ".join(all_money(data, "N5", own)),
        " + ".join(all_money(data, "A1", own)),
    )
    return Line(texts, (0.0, people.size, 0.0, 0.0, 0.0))


def draw_foot(sheet: Sheet, data: BriefData, page: int) -> None:
    """The last line of a page: for whom, of what, which page."""
    language = data.language
    with sheet.decoration():
        sheet.box(LEFT, BOTTOM + 3, WIDTH, 0.2, PALE)
    name = data.place.name or say("country", language)
    parts = [say(data.audience, language), name, period(data.period, language)]
    with sheet.marked("P"):
        sheet.put(LEFT, BOTTOM + 7, " · ".join(parts), size=7, colour=QUIET, width=WIDTH * 0.8)
        sheet.put(
            RIGHT, BOTTOM + 7, say("page", language, page), size=7, colour=QUIET, align="right"
        )
