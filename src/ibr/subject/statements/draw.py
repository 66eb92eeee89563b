"""Draws a statement as a PDF: large enough letters, headings that a screen reader finds."""

from __future__ import annotations

from typing import Final

from ibr.publish.brief.sheet import BOTTOM, INK, LEFT, QUIET, RIGHT, WIDTH, Sheet
from ibr.subject.statements.model import Paper, Part

_TOP: Final = 18.0
_FIRST: Final = 55.0
_LINE: Final = 4.6
_SIZE: Final = 9.0


def draw(paper: Paper) -> bytes:
    """The PDF; the number of pages is known only when all is drawn, so it is drawn twice."""
    pages = _drawn(paper, 0)[1]
    return bytes(_drawn(paper, pages)[0].output())


def _drawn(paper: Paper, pages: int) -> tuple[Sheet, int]:
    sheet = Sheet(title=paper.title, subject=paper.subject, language=paper.language, known=paper.at)
    place = _Place(sheet, paper.foot, pages)
    place.turn()
    with sheet.marked("H1"):
        sheet.put(LEFT, place.y, paper.title, size=16, bold=True, width=WIDTH)
    place.y += 8
    for text in paper.lead:
        place.text(text)
    for part in paper.parts:
        _part(place, part)
    return sheet, place.page


class _Place:
    """Where the next line goes, and a new page where there is no room."""

    def __init__(self, sheet: Sheet, foot: str, pages: int) -> None:
        self.sheet, self.foot, self.pages = sheet, foot, pages
        self.page, self.y = 0, _TOP

    def turn(self) -> None:
        self.sheet.add_page()
        self.page += 1
        self.y = _TOP
        foot = self.foot.format(page=self.page, pages=self.pages or self.page)
        with self.sheet.marked("P"):
            self.sheet.put(LEFT, BOTTOM + 6, foot, size=8, colour=QUIET, width=WIDTH)

    def room(self, height: float) -> None:
        if self.y + height > BOTTOM:
            self.turn()

    def text(self, text: str) -> None:
        for line in self.sheet.lines(text, WIDTH, _SIZE):
            self.room(_LINE)
            with self.sheet.marked("P"):
                self.sheet.put(LEFT, self.y, line, size=_SIZE, colour=INK)
            self.y += _LINE
        self.y += 1.5


def _part(place: _Place, part: Part) -> None:
    place.y += 4
    place.room(16)
    place.y = place.sheet.heading(place.y, part.heading)
    for name, value in part.lines:
        _line(place, name, value)


def _line(place: _Place, name: str, value: str) -> None:
    sheet, width = place.sheet, RIGHT - LEFT - _FIRST - 2
    names = sheet.lines(name, _FIRST, _SIZE, bold=True) or [""]
    values = sheet.lines(value, width, _SIZE) or [""]
    for number in range(max(len(names), len(values))):
        place.room(_LINE)
        with sheet.marked("P"):
            if number < len(names):
                # A number or an address without a blank is made to fit, never cut off.
                sheet.put(
                    *(LEFT, place.y, names[number]),
                    size=_SIZE,
                    bold=True,
                    width=_FIRST,
                    whole=True,
                )
            if number < len(values):
                sheet.put(
                    *(LEFT + _FIRST + 2, place.y, values[number]),
                    size=_SIZE,
                    width=width,
                    whole=True,
                )
        place.y += _LINE
