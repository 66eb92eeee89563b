"""`ibr population`: how many people live where, by sex, age, year and group."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ibr.cli.areas import DryRun, content_of, day_of
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.coverage.population.ages import ages_of
from ibr.coverage.population.columns import sex_of
from ibr.coverage.population.denominator import Way, open_book
from ibr.coverage.population.import_population import import_population
from ibr.coverage.population.look import Checked, every_source
from ibr.coverage.population.look import check as check_all
from ibr.coverage.population.model import Ages, Denominator, Imported, Source, Terms
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.registry.areas.tables import read_table

app = typer.Typer(help="How many people live where, by source.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Columns = Annotated[
    list[str] | None, typer.Option("--map", help="COLUMN=meaning, where a guess is wrong.")
]
AcceptClose = Annotated[
    bool, typer.Option("--accept-close", help="Take areas whose names are close.")
]
AcceptDifferences = Annotated[
    bool, typer.Option("--accept-differences", help="Enter sums that differ much.")
]
Sure = Annotated[float | None, typer.Option(help="Half the width of the 95% interval, in percent.")]
Encoding = Annotated[str, typer.Option(help="As cp1252.")]
Licence = Annotated[str, typer.Option(help="Terms under which it may be used.")]
Method = Annotated[str, typer.Option(help="census, projection or survey.")]
Level = Annotated[int | None, typer.Option(help="The level of the smallest areas; else guessed.")]
Group = Annotated[
    str, typer.Option(help="all, disability, poor, births, unemployed or households.")
]


@app.command("import")
@command
def import_file(
    file: Annotated[Path, typer.Argument(help="A .csv with a header row.")],
    source: Annotated[str, typer.Option(help="Who published the figures, and where.")],
    year: Annotated[int | None, typer.Option(help="Of which year; else a column says.")] = None,
    day: Annotated[str, typer.Option(help="Of which day; else the middle of the year.")] = "",
    method: Method = "census",
    group: Group = "all",
    level: Level = None,
    uncertainty: Sure = None,
    licence: Licence = "",
    ages: Annotated[str, typer.Option(help="The ages of counts that name none, as 5+.")] = "",
    columns: Columns = None,
    encoding: Encoding = "utf-8",
    accept_close: AcceptClose = False,
    accept_differences: AcceptDifferences = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Enter the figures of a file: all or nothing. The same file again is no change."""
    _, location = settings_and_database()
    content = content_of(file)
    terms = Terms(
        year=year,
        source=source,
        method=method,
        group=group,
        day=day_of(day),
        level=level,
        uncertainty=uncertainty,
        licence=licence,
        ages=_ages(ages) if ages else None,
        columns=_pairs(columns or []),
        accept_close=accept_close,
        accept_differences=accept_differences,
        dry_run=dry_run,
    )
    read = read_table(content, encoding)

    async def work() -> Imported:
        async with owner_transaction(location.dsn) as connection:
            return await import_population(
                connection, read, terms, now(), file_name=file.name, content=content
            )

    _say(wait_for(work()), json=json)


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for each in given:
        title, found, meaning = each.rpartition("=")
        if not found:
            raise NotUnderstood("population.map", "Write --map as COLUMN=meaning.")
        pairs[title] = meaning
    return pairs


def _ages(written: str) -> Ages:
    found = ages_of(written)
    if found is None:
        raise NotUnderstood("population.ages", "Write ages as 0-17, 60+, 5 or all.")
    return found


def _say(done: Imported, *, json: bool) -> None:
    if json:
        data(done)
    else:
        _in_words(done)
    if done.problems:
        raise typer.Exit(1)


def _in_words(done: Imported) -> None:
    for field, meaning in done.fields.items():
        said(f"{escape(field)}: {meaning}")
    for note in (*done.notes, *done.differences):
        said(escape(note))
    for what, people in done.total.items():
        said(f"{what}: {people:,}")
    if done.problems:
        rows = [(each.row, escape(each.what), escape(each.reason)) for each in done.problems]
        table("Nothing was entered", ("Row", "What", "Why"), rows)
    elif done.unchanged:
        said("This file was entered before, said to be the same; nothing was changed.")
    else:
        begin = (
            "Would be entered"
            if done.dry_run
            else "Entered as source " + ", ".join(map(str, done.sources))
        )
        said(f"{begin}: {done.figures:,} figures of {done.areas} areas, from {done.rows:,} rows.")


@app.command("list")
@command
def list_sources(json: Json = False) -> None:
    """List the sets of figures."""
    _, location = settings_and_database()

    async def work() -> list[Source]:
        async with owner_transaction(location.dsn) as connection:
            return await every_source(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Population",
        ("No.", "Year", "Group", "Figures", "Method", "Source", "File", "Imported"),
        [
            (
                each.number,
                each.year,
                each.group,
                each.figures,
                each.method,
                escape(each.source),
                escape(each.file_name),
                each.imported_at.date(),
            )
            for each in found
        ],
    )


@app.command("show")
@command
def show(
    areas: Annotated[list[str], typer.Argument(help="Codes of areas; their people are added up.")],
    year: Annotated[int | None, typer.Option(help="In which year.")] = None,
    day: Annotated[str, typer.Option(help="On which day.")] = "",
    age: Annotated[str, typer.Option(help="As 60+, 60- or 0-17.")] = "all",
    sex: Annotated[str, typer.Option(help="M, F or all.")] = "all",
    group: Group = "all",
    known_on: Annotated[str, typer.Option(help="As known on this day.")] = "",
    linear: Annotated[bool, typer.Option("--linear", help="Between two years.")] = False,
    json: Json = False,
) -> None:
    """Say how many people there are, by which source and how that is known."""
    _, location = settings_and_database()
    which, on, known = sex_of(sex), day_of(day), day_of(known_on)
    if which is None:
        raise NotUnderstood("population.sex", "Write the sex as M, F or all.")
    if on is None and year is None:
        raise NotUnderstood("population.year", "Say --year or --day.")
    moment = datetime.combine(known, time.max, UTC) if known else None

    async def work() -> Denominator:
        async with owner_transaction(location.dsn) as connection:
            book = await open_book(connection, group, areas=areas, known_on=moment)
            asked: date = on or book.day_of(year or 0)
            way: Way = "linear" if linear else "geometric"
            return book.denominator(areas, which, _ages(age), asked, way=way)

    found = wait_for(work())
    if json:
        data(found)
        return
    said(f"{found.people:,}")
    for each in found.used:
        sure = "" if each.uncertainty is None else f", ±{each.uncertainty:g}%"
        said(f"Source {each.number}: {escape(each.source)}, {each.method} {each.year}{sure}")
    for note in found.how:
        said(note)


@app.command("check")
@command
def check(json: Json = False) -> None:
    """Look whether figures add up over ages, sexes and areas, and where some are missing."""
    _, location = settings_and_database()

    async def work() -> list[Checked]:
        async with owner_transaction(location.dsn) as connection:
            return await check_all(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    for each in found:
        faults = len(each.differences) + len(each.gaps)
        said(
            f"{each.year}, {each.group}: {faults} things to look at"
            if faults
            else f"{each.year}, {each.group}: in order"
        )
        for note in (*each.differences[:20], *each.gaps):
            said(f"  {escape(note)}")
        if len(each.differences) > 20:
            said(f"  and {len(each.differences) - 20} more sums that differ")
