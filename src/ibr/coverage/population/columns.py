"""How the columns of a file of figures are understood: areas, ages, sexes, years, counts. Pure.

Both forms are recognised: a row a count, and a column for each sex or age band.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from ibr.coverage.population.ages import ages_of
from ibr.coverage.population.model import ALL, EVERY_AGE, MEN, OTHER, WOMEN, Ages
from ibr.errors import NotUnderstood
from ibr.registry.areas.columns import AreaColumns, area_columns
from ibr.registry.areas.names import plain
from ibr.registry.areas.tables import Table, is_number

SEXES: Final = {
    **dict.fromkeys(("male", "males", "men", "man", "m", "homme", "hommes", "masculin"), MEN),
    **dict.fromkeys(("female", "females", "women", "woman", "f", "femme", "femmes"), WOMEN),
    **dict.fromkeys(("total", "both", "bothsexes", "all", "t", "ensemble", "persons"), ALL),
    **dict.fromkeys(("other", "intersex", "notstated", "unknown"), OTHER),
}
_NUMBERED: Final = {"0": ALL, "1": MEN, "2": WOMEN, "9": OTHER}
_COUNTS: Final = frozenset(
    ("count", "population", "pop", "value", "number", "people", "persons", "effectif", "figure")
)
_AGE: Final = frozenset(("age", "ages", "agegroup", "ageband", "agegrp", "agerange"))
_SEX: Final = frozenset(("sex", "sexe", "gender"))
_YEAR: Final = frozenset(("year", "annee", "time", "timeperiod"))
# Words of a title that say which group is counted, and those that say that it is no count of it.
_GROUP_WORDS: Final = {
    "disability": ("withdisab", "disab", "pwd", "handicap"),
    "poor": ("poor", "poverty", "pauvre"),
    "births": ("birth", "naissance"),
    "unemployed": ("unemploy", "jobless", "chomeur"),
    "households": ("household", "menage"),
}
_NO_COUNT: Final = (
    *("without", "percent", "average", "mean", "rate", "share", "size", "ratio", "notstated"),
    *("density", "nodisab"),
)
_PLACES: Final = ("area", "code", "level")
MEANINGS: Final = (
    "area, code, level, age, sex, year, count, male, female, total, other, left, or ages"
)


class CountColumn(msgspec.Struct, frozen=True):
    """A column of counts; None where the row itself says the sex or the ages."""

    place: int
    sex: int | None
    ages: Ages | None


class Layout(msgspec.Struct, frozen=True):
    """What every column of a file means."""

    areas: AreaColumns
    counts: list[CountColumn]
    age: int | None
    sex: int | None
    year: int | None
    fields: dict[str, str]
    notes: list[str]


class _Titles(msgspec.Struct):
    said: dict[int, str]
    age: int | None = None
    sex: int | None = None
    year: int | None = None
    plain_counts: list[CountColumn] = []
    group_counts: list[CountColumn] = []


def layout_of(
    table: Table, group: str, named: Mapping[str, str], ages: Ages | None = None
) -> Layout:
    """The meaning of every column: as `named`, else guessed by its title and what is in it."""
    found = _Titles(_said(table, named))
    for place, title in enumerate(table.header):
        if place in found.said:
            _as_said(found, place, found.said[place])
        else:
            _guess(found, table, place, title, group)
    notes: list[str] = []
    counts = found.group_counts or found.plain_counts
    if found.group_counts and group != "all":
        counts, ages = _of_group(found, ages, notes)
    counts = [_with_ages(each, ages) for each in _without_overlap(counts, notes)]
    if not counts:
        raise NotUnderstood(
            "population.columns",
            "No column holds counts. Say which one does: --map COLUMN=count, or male, female, "
            "total.",
        )
    where = {each.place: "left" for each in counts}
    where |= {n: m if m in _PLACES else "left" for n, m in found.said.items()}
    where |= {n: "left" for n in (found.age, found.sex, found.year) if n is not None}
    areas = area_columns(table, where)
    return Layout(
        areas=areas,
        counts=counts,
        age=found.age,
        sex=found.sex,
        year=found.year,
        fields=_fields(table, areas, counts, found),
        notes=notes + _left_out(table, areas, counts, found),
    )


def _said(table: Table, named: Mapping[str, str]) -> dict[int, str]:
    said = {}
    for title, meaning in named.items():
        if title not in table.header:
            raise NotUnderstood(
                "file.column", f"The file has no such column: {', '.join(table.header)}."
            )
        word = meaning.strip().casefold()
        if word not in MEANINGS.replace(",", "").split() and _sex_and_ages(word) is None:
            raise NotUnderstood(
                "population.meaning", f"A column can mean {MEANINGS} as 0-17 or male 60+."
            )
        said[table.header.index(title)] = word
    return said


def _as_said(found: _Titles, place: int, meaning: str) -> None:
    if meaning == "age":
        found.age = place
    elif meaning == "sex":
        found.sex = place
    elif meaning == "year":
        found.year = place
    elif meaning in ("left", *_PLACES):
        pass
    elif meaning == "count":
        found.plain_counts.append(CountColumn(place, None, None))
    else:
        sex, ages = _sex_and_ages(meaning) or (ALL, None)
        found.plain_counts.append(CountColumn(place, sex, ages))


def _guess(found: _Titles, table: Table, place: int, title: str, group: str) -> None:
    word = plain(title)
    if word in _AGE:
        found.age = place
    elif word in _SEX:
        found.sex = place
    elif word in _YEAR:
        found.year = place
    elif all(is_number(row[place]) for row in table.rows):
        counted = _counted(title)
        if counted is None:
            return
        whose, sex, ages = counted
        column = CountColumn(place, sex, ages)
        if whose == group:
            found.group_counts.append(column)
        elif not whose:
            found.plain_counts.append(column)


def _counted(title: str) -> tuple[str, int | None, Ages | None] | None:
    """Which group a title counts (empty: whoever the file is about), which sex, which ages."""
    word = plain(title)
    if any(each in word for each in _NO_COUNT):
        return None
    group = next(
        (name for name, words in _GROUP_WORDS.items() if any(each in word for each in words)), ""
    )
    if word in _COUNTS:
        return group, None, None
    understood = _sex_and_ages(title)
    if understood:
        return group, *understood
    if group:
        sex, _ = _sex_apart(title)
        return group, sex, None
    return None


def _sex_and_ages(title: str) -> tuple[int, Ages | None] | None:
    """A title that is a sex, an age band or both, as Male, P00_04, F_60plus, PopAge>5_Total."""
    if plain(title) in SEXES:
        return SEXES[plain(title)], None
    sex, rest = _sex_apart(title)
    bare = re.sub(r"^(pop(ulation)?|p)[ _-]*", "", rest.strip(" _-:"), flags=re.IGNORECASE)
    ages = ages_of(bare) if bare and not bare.isalpha() else None
    if ages is None and sex is not None and bare == "" and rest:
        return sex, None
    return (ALL if sex is None else sex, ages) if ages else None


def _sex_apart(title: str) -> tuple[int | None, str]:
    """A sex at the beginning or the end of a title, and what is left of it."""
    words = "|".join(sorted(SEXES, key=len, reverse=True))
    begins = re.match(rf"({words})(?:[ _:-]+(.+)|(\d.*))$", title, re.IGNORECASE)
    if begins:
        return SEXES[begins[1].casefold()], begins[2] or begins[3]
    ends = re.match(rf"(.+?)[ _:-]+({words})$", title, re.IGNORECASE)
    if ends:
        return SEXES[ends[2].casefold()], ends[1]
    return None, title


def _of_group(
    found: _Titles, ages: Ages | None, notes: list[str]
) -> tuple[list[CountColumn], Ages | None]:
    """The group's own columns; where everybody beside them is counted from some age on, so is the
    group."""
    asked = {each.ages for each in found.plain_counts}
    if ages is None and len(asked) == 1 and None not in asked:
        [ages] = asked
        notes.append(f"The group is counted at ages {ages}, as everybody in the same file is.")
    return found.group_counts, ages


def _with_ages(column: CountColumn, ages: Ages | None) -> CountColumn:
    if column.ages is None and ages is not None:
        return msgspec.structs.replace(column, ages=ages)
    return column


def _without_overlap(counts: list[CountColumn], notes: list[str]) -> list[CountColumn]:
    """Bands that share a year with the next one, as 75-80 before 80+, end a year earlier."""
    firsts = {(each.sex, each.ages.first) for each in counts if each.ages}
    result = []
    for each in counts:
        ages = each.ages
        if ages and ages.first < ages.last and (each.sex, ages.last) in firsts:
            shorter = Ages(ages.first, ages.last - 1)
            notes.append(
                f"Ages {ages} meet a band that begins with {ages.last}: read as {shorter}."
            )
            each = msgspec.structs.replace(each, ages=shorter)  # noqa: PLW2901 - the same column
        result.append(each)
    return result


def _fields(
    table: Table, areas: AreaColumns, counts: list[CountColumn], found: _Titles
) -> dict[str, str]:
    fields = {table.header[place]: f"area {n + 1}" for n, place in enumerate(areas.names)}
    fields |= {
        table.header[place]: f"code {n + 1}"
        for n, place in enumerate(areas.codes)
        if place is not None
    }
    if areas.level is not None:
        fields[table.header[areas.level]] = "which of them"
    for place, meaning in ((found.age, "age"), (found.sex, "sex"), (found.year, "year")):
        if place is not None:
            fields[table.header[place]] = meaning
    for each in counts:
        sex = "" if each.sex is None else {MEN: "men", WOMEN: "women", OTHER: "other"}.get(each.sex)
        ages = "" if each.ages in (None, EVERY_AGE) else f"ages {each.ages}"
        fields[table.header[each.place]] = " ".join(filter(None, ("count", sex, ages)))
    return fields


def _left_out(
    table: Table, areas: AreaColumns, counts: list[CountColumn], found: _Titles
) -> list[str]:
    used = {*areas.names, *areas.codes, areas.level, found.age, found.sex, found.year}
    used |= {each.place for each in counts}
    left = [title for place, title in enumerate(table.header) if place not in used]
    return [f"Columns that were left out: {', '.join(left)}."] if left else []


def sex_of(cell: str) -> int | None:
    """The sex that a cell names; None where it names none."""
    return SEXES.get(plain(cell), _NUMBERED.get(cell.strip()))


def age_of_row(cell: str) -> Ages | None:
    """The ages that a cell names; a blank one names everybody's."""
    return EVERY_AGE if not cell else ages_of(cell)
