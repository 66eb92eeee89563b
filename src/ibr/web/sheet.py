"""A page of figures: what its address asks for, the frozen tables, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response

from ibr.codelists.people import SEX, SEX_OF_NUMBER
from ibr.coverage.figures.model import Cell, FigureTable, dimensions_of
from ibr.errors import NotFound, NotUnderstood
from ibr.periods import Month, read_month
from ibr.questions.frozen_figures import FrozenFigures, Wanted, frozen_figures
from ibr.web import exact
from ibr.web.answers import page
from ibr.web.figure_codes import DIMENSION, NOTE
from ibr.web.visit import Visit
from ibr.web.written import Written

NOT_KNOWN = ""
LEAD = "N1"
"""What every run counts: a month that has it was counted, whatever else could be."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates of figures are given.

    `state` is everything the address says beside the month, so that every link keeps the view.
    """

    visit: Visit
    seen: FrozenFigures
    path: str
    state: dict[str, str]

    @property
    def w(self) -> Written:
        return self.visit.written

    @property
    def period(self) -> str:
        return self.seen.period

    @property
    def month(self) -> Month:
        return read_month(self.seen.period)

    @property
    def programme(self) -> str:
        """The code of the programme that was chosen; empty for all."""
        return self.state.get("programme", "")

    def address(self, **changes: str) -> str:
        """This view with something else chosen; the same address always shows the same."""
        said = {"period": self.period, **self.state, **changes}
        return f"{self.path}?{urlencode({key: value for key, value in said.items() if value})}"

    def file(self, indicator: str, breakdown: str, form: str = "csv") -> str:
        """Where the figures behind a picture are had as a file."""
        asked = {"indicator": indicator, "breakdown": breakdown, "period": self.period}
        return f"/figures/file?{urlencode({**asked, 'form': form})}"

    def definition(self, indicator: str) -> str:
        return f"/indicators/{quote(indicator)}"

    def broken_down(self, breakdown: str) -> str:
        """What figures are broken down by, in words."""
        return ", ".join(self.w.code(DIMENSION, each) for each in dimensions_of(breakdown))

    def programme_name(self, code: str) -> str:
        return self.w.name(self.seen.named.programmes.get(code, {}), code)

    def area_name(self, code: str) -> str:
        if code == NOT_KNOWN:
            return self.visit.say("Not known")
        found = self.seen.named.areas.get(code)
        return self.w.name(found.names, code) if found else code

    def sex_name(self, code: str) -> str:
        number = int(code) if code.isdigit() else 0
        return self.w.code(SEX, SEX_OF_NUMBER.get(number, "unknown"))

    def age_name(self, code: str) -> str:
        return code.replace("-", "–") if code else self.visit.say("Not known")

    def month_name(self, period: str) -> str:
        return self.w.month(read_month(period))

    def count(self, cell: Cell | None) -> str:
        return exact.count(self.w, cell)

    def share(self, cell: Cell | None) -> str:
        return exact.share(self.w, cell)

    def number(self, value: str | None) -> str:
        return exact.number(self.w, value)

    def money(self, cell: Cell | None, currency: str) -> str:
        return exact.money(self.w, cell.value if cell else None, currency)

    def whole(self, number: int | None) -> str:
        """A numerator or denominator that is a count."""
        return exact.NONE if number is None else self.w.count(number)

    def notes(self, cells: Sequence[Cell | None]) -> list[str]:
        """What is to be said of some cells, each sentence once."""
        said = dict.fromkeys(note for cell in cells if cell for note in cell.notes)
        return [self.w.code(NOTE, note) for note in said]

    def sources(self, *tables: FigureTable | None) -> list[str]:
        """Where the denominators of some tables are from, each once."""
        return list(dict.fromkeys(each for table in tables if table for each in table.sources))

    def programmes(self) -> list[str]:
        """The codes to choose from: those of the catalogue, and those only figures know."""
        counted = {
            cell.key[0]
            for table in self.seen.of_the_month
            if table.dimensions[:1] == ("programme",)
            for cell in table.cells
        }
        return sorted((self.seen.named.programmes.keys() | counted) - {"none", "new", "left"})


def say_nothing(visit: Visit, title: str, why: str, status: int, **more: object) -> Response[str]:
    """A page that says why there are no figures and what to do."""
    return page(
        visit, "figures_nothing.html", status=status, title=title, why=why, **{"months": [], **more}
    )


async def opened(
    visit: Visit,
    title: str,
    wanted: Sequence[Wanted],
    state: Mapping[str, str] = {},
    *,
    with_restated: bool = False,
) -> Sheet | Response[str]:
    """The figures of the month and programme that the address names, or a page that says what is
    wrong with it."""
    path, say = str(visit.request.url.path), visit.say
    try:
        seen = await frozen_figures(
            visit.services.database.reading, visit.services.kept, visit.asker(),
            visit.query.get("period") or None, LEAD, wanted, with_restated=with_restated,
        )  # fmt: skip
    except NotUnderstood:
        return say_nothing(visit, title, say("Write the month as 2026-10."), 400, back=path)
    except NotFound:
        why = say("There are no figures for this month. Choose another one.")
        return say_nothing(visit, title, why, 404, back=path)
    if seen is None:
        return say_nothing(visit, title, "", 200, back="")
    programme = visit.query.get("programme", "")
    kept = {key: value for key, value in state.items() if value}
    sheet = Sheet(visit=visit, seen=seen, path=path, state={**kept, "programme": programme})
    if programme and programme not in sheet.programmes():
        why = say("There is no programme with this code. Choose one of the list.")
        return say_nothing(visit, title, why, 404, back=path)
    return sheet
