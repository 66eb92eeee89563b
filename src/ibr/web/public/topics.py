"""What each page of the public site shows: one table of pictures and tables, read off here."""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.publish.releases.model import Name


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column: a figure for each row. `fixed` are codes that do not come from the row; with
    `each` there is a column for every code of that dimension."""

    indicator: str
    breakdown: str
    heading: str = ""
    fixed: dict[str, str] = {}
    each: str = ""

    @property
    def name(self) -> Name:
        return self.indicator, self.breakdown


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table with a heading; `rows` are the dimensions whose codes begin a line. With `picture`
    it is drawn too: as a map of the first column, as bars, or as a line over months."""

    key: str
    title: str
    about: str
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    picture: str = ""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its address below /public, its words, its sections."""

    slug: str
    title: str
    lead: str
    sections: tuple[Section, ...]


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


PEOPLE: Final = _("People who received a benefit")
SHARE: Final = _("Share of the population")

COVERAGE: Final = Topic(
    slug="coverage",
    title=_("Coverage"),
    lead=_("How many people received at least one benefit in the month, and what share that is."),
    sections=(
        Section(
            key="regions",
            title=_("By region"),
            about=_("People by their region of residence."),
            rows=("area1",),
            columns=(
                Column(indicator="C2", breakdown="area1", heading=SHARE),
                Column(indicator="N1", breakdown="area1", heading=PEOPLE),
                Column(indicator="C5", breakdown="area1", heading=_("Share without any benefit")),
            ),
            picture="map",
        ),
        Section(
            key="ages",
            title=_("By age and sex"),
            about=_("Age on the last day of the month."),
            rows=("age",),
            columns=(
                Column(indicator="C2", breakdown="sex*age", heading=_("Women"), fixed={"sex": "2"}),
                Column(indicator="C2", breakdown="sex*age", heading=_("Men"), fixed={"sex": "1"}),
                Column(
                    indicator="N1",
                    breakdown="sex*age",
                    heading=_("Women, people"),
                    fixed={"sex": "2"},
                ),
                Column(
                    indicator="N1",
                    breakdown="sex*age",
                    heading=_("Men, people"),
                    fixed={"sex": "1"},
                ),
            ),
        ),
        Section(
            key="sdg",
            title=_("Sustainable Development Goal 1.3.1"),
            about=_("Cash benefits only. What the registry cannot know stands in the definition."),
            rows=("series",),
            columns=(
                Column(indicator="SDG131", breakdown="series", heading=_("All")),
                Column(
                    indicator="SDG131",
                    breakdown="series*sex",
                    heading=_("Women"),
                    fixed={"sex": "2"},
                ),
                Column(
                    indicator="SDG131", breakdown="series*sex", heading=_("Men"), fixed={"sex": "1"}
                ),
            ),
        ),
    ),
)
PROGRAMMES: Final = Topic(
    slug="programmes",
    title=_("Programmes"),
    lead=_("Who received something from which programme."),
    sections=(
        Section(
            key="programmes",
            title=_("By programme"),
            about=_("A person in two programmes counts in both, and once in the country's total."),
            rows=("programme",),
            columns=(
                Column(indicator="N1", breakdown="programme", heading=PEOPLE),
                Column(
                    indicator="N1",
                    breakdown="programme*sex",
                    heading=_("Women"),
                    fixed={"sex": "2"},
                ),
                Column(
                    indicator="N1", breakdown="programme*sex", heading=_("Men"), fixed={"sex": "1"}
                ),
                Column(indicator="C1", breakdown="programme", heading=_("Share of target group")),
            ),
            picture="bars",
        ),
        Section(
            key="functions",
            title=_("By function"),
            about=_("Functions of social protection; a programme may have several."),
            rows=("function",),
            columns=(
                Column(indicator="N1", breakdown="function", heading=PEOPLE),
                Column(indicator="C2", breakdown="function", heading=SHARE),
            ),
            picture="bars",
        ),
        Section(
            key="places",
            title=_("By programme and region"),
            about=_("People who received a benefit."),
            rows=("area1",),
            columns=(Column(indicator="N1", breakdown="programme*area1", each="programme"),),
        ),
    ),
)
MONEY: Final = Topic(
    slug="money",
    title=_("Money"),
    lead=_("What was given in money in the month. Currencies are never added up."),
    sections=(
        Section(
            key="money",
            title=_("By programme"),
            about=_("Money given, and the average for each person who received it."),
            rows=("programme", "currency"),
            columns=(
                Column(indicator="N5", breakdown="programme*currency", heading=_("Money given")),
                Column(
                    indicator="A1", breakdown="programme*currency", heading=_("Average per person")
                ),
            ),
        ),
        Section(
            key="money-functions",
            title=_("By function"),
            about=_("A programme of two functions counts under both."),
            rows=("function", "currency"),
            columns=(
                Column(indicator="N5", breakdown="function*currency", heading=_("Money given")),
            ),
        ),
        Section(
            key="money-regions",
            title=_("By region"),
            about=_("Money given to people who live in the region."),
            rows=("area1", "currency"),
            columns=(Column(indicator="N5", breakdown="area1*currency", heading=_("Money given")),),
        ),
    ),
)
OVERLAPS: Final = Topic(
    slug="overlaps",
    title=_("Overlaps"),
    lead=_("How many programmes people are in. Two at once are often lawful and intended."),
    sections=(
        Section(
            key="numbers",
            title=_("By number of programmes"),
            about=_("People who received something from so many programmes in the month."),
            rows=("programmes",),
            columns=(Column(indicator="O4", breakdown="programmes", heading=PEOPLE),),
            picture="bars",
        ),
        Section(
            key="pairs",
            title=_("Two programmes together"),
            about=_("People who received something from both."),
            rows=("programme", "with"),
            columns=(
                Column(indicator="O1", breakdown="programme*with", heading=_("In both")),
                Column(
                    indicator="O2",
                    breakdown="programme*with",
                    heading=_("Share of those in the first"),
                ),
            ),
        ),
    ),
)
REPORTING: Final = Topic(
    slug="reporting",
    title=_("Reporting"),
    lead=_("Which programmes reported for the month; figures are as complete as their reports."),
    sections=(
        Section(
            key="reports",
            title=_("Reports received and in time"),
            about=_("Of the reports that were due for the month."),
            rows=("programme",),
            columns=(
                Column(indicator="R1", breakdown="programme", heading=_("Received")),
                Column(indicator="R2", breakdown="programme", heading=_("In time")),
            ),
        ),
    ),
)
CASES: Final = Topic(
    slug="cases",
    title=_("Cases"),
    lead=_("What becomes of findings: people look into them and decide, and nobody else does."),
    sections=(
        Section(
            key="opened",
            title=_("Opened and decided"),
            about=_("Cases in the month."),
            rows=("part",),
            columns=(Column(indicator="K1", breakdown="part", heading=_("Cases")),),
        ),
        Section(
            key="outcomes",
            title=_("Outcomes"),
            about=_("Share of the decided cases."),
            rows=("part",),
            columns=(Column(indicator="K2", breakdown="part", heading=_("Share")),),
        ),
    ),
)
TOPICS: Final = {
    each.slug: each for each in (COVERAGE, PROGRAMMES, MONEY, OVERLAPS, REPORTING, CASES)
}
FIRST: Final[tuple[Name, ...]] = (
    ("N1", ""), ("C2", ""), ("N5", "currency"), ("N1", "programme"), ("R1", ""), ("C2", "area1"),
    ("N1", "area1"),
)  # fmt: skip
"""What the first page shows."""
