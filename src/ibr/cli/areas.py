"""`ibr areas`: administrative areas, their outlines, and the versions of their list."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.registry.areas.columns import read_areas
from ibr.registry.areas.geojson import read_geojson
from ibr.registry.areas.import_areas import add_name, import_areas
from ibr.registry.areas.list_areas import check as check_list
from ibr.registry.areas.list_areas import every_area, every_list
from ibr.registry.areas.model import Area, Fault, Imported, KeptList, ListRead, Terms
from ibr.registry.areas.tables import read_table

app = typer.Typer(help="Administrative areas and their outlines.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
NewMap = Annotated[bool, typer.Option("--new-map", help="Lay the map out anew by this file.")]


def day_of(written: str) -> date | None:
    """A day as it is written on the command line; none where nothing is."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None


def content_of(file: Path) -> bytes:
    """What a file holds."""
    try:
        return file.read_bytes()
    except OSError:
        raise NotUnderstood("file.unreadable", f"{file} cannot be read.") from None


@app.command("import")
@command
def import_file(
    file: Annotated[Path, typer.Argument(help="A .geojson in WGS84, or a .csv.")],
    level: Annotated[int, typer.Option(help="0 the country, 1 regions, 2 districts, …", max=9)],
    code_field: Annotated[str, typer.Option(help="The field of the code; else guessed.")] = "",
    name_field: Annotated[str, typer.Option(help="The field of the name; else guessed.")] = "",
    parent_field: Annotated[
        str, typer.Option(help="The field of the area it lies in; else guessed.")
    ] = "",
    parent: Annotated[
        str, typer.Option(help="The area that all lie in: CODE, or CODE=Name to add it.")
    ] = "",
    version: Annotated[str, typer.Option(help="A new version of the list, as 2019.")] = "",
    valid_from: Annotated[str, typer.Option(help="The first day of that version.")] = "",
    follows: Annotated[
        list[str] | None, typer.Option(help="NEW=OLD: an area takes the place of another.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Terms under which the file may be used.")] = "",
    encoding: Annotated[str, typer.Option(help="Of a .csv, as cp1252.")] = "utf-8",
    new_map: NewMap = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Enter the areas of a file. The same file again is no change."""
    _, location = settings_and_database()
    content = content_of(file)
    read = _read(file, content, level, (code_field, name_field, parent_field), encoding)
    terms = Terms(
        level=level,
        parent=parent,
        version=version,
        valid_from=day_of(valid_from),
        licence=licence,
        follows=tuple(follows or ()),
        new_map=new_map,
        dry_run=dry_run,
    )

    async def work() -> Imported:
        async with owner_transaction(location.dsn) as connection:
            return await import_areas(
                connection, read, terms, now(), file_name=file.name, content=content
            )

    done = wait_for(work())
    if json:
        data(done)
    else:
        _say(done)


def _read(
    file: Path, content: bytes, level: int, named: tuple[str, str, str], encoding: str
) -> ListRead:
    code, name, parent = named
    if file.suffix.lower() in (".geojson", ".json"):
        return read_geojson(content, level, code_field=code, name_field=name, parent_field=parent)
    rows = read_table(content, encoding)
    said_of = {}
    for field, meaning in ((code, "code"), (name, "area"), (parent, "area")):
        if field and field not in rows.header:
            raise NotUnderstood(
                "file.column", f"The file has no such column: {', '.join(rows.header)}."
            )
        if field:
            said_of[rows.header.index(field)] = meaning
    if name:
        others = set(range(len(rows.header))) - set(said_of)
        said_of |= dict.fromkeys(others, "left")
    return read_areas(rows, said_of)


def _say(done: Imported) -> None:
    for field, meaning in done.fields.items():
        said(f"{escape(field)}: {meaning}")
    for note in done.notes:
        said(escape(note))
    if done.list_no is None and not done.dry_run:
        said(f"{done.read} areas read. The list says so already; nothing was changed.")
        return
    begin = "Would be entered" if done.dry_run else f"List {done.list_no} was entered"
    said(
        f"{begin}: {done.read} areas read, {len(done.new)} new, {len(done.changed)} changed, "
        f"{len(done.ended)} ended, {done.drawn} drawn in {done.bytes_of_map:,} bytes."
    )


@app.command("list")
@command
def list_areas(
    level: Annotated[int | None, typer.Option(help="Only this level.")] = None,
    inside: Annotated[str, typer.Option(help="Only those directly in this area.")] = "",
    on: Annotated[str, typer.Option(help="As on this day; else today.")] = "",
    lists: Annotated[bool, typer.Option("--lists", help="The lists that were imported.")] = False,
    json: Json = False,
) -> None:
    """List the areas of a day, or the lists that were imported."""
    _, location = settings_and_database()
    day = day_of(on) or today()

    async def work() -> tuple[list[Area], list[KeptList]]:
        async with owner_transaction(location.dsn) as connection:
            return await every_area(connection), await every_list(connection)

    areas, imported = wait_for(work())
    if lists:
        _say_lists(imported, json=json)
        return
    shown = [
        area
        for area in areas
        if area.on(day)
        and (level is None or area.level == level)
        and (not inside or area.parent == inside)
    ]
    _say_areas(shown, json=json)


def _say_lists(imported: list[KeptList], *, json: bool) -> None:
    if json:
        data(imported)
        return
    rows = [
        (each.list_no, each.version, each.level, each.areas, each.valid_from, each.file_name)
        for each in imported
    ]
    table("Lists of areas", ("No.", "Version", "Level", "Areas", "From", "File"), rows)


def _say_areas(shown: list[Area], *, json: bool) -> None:
    if json:
        # An outline is for the map; to who reads a list, thousands of them are in the way.
        data([_as_data(area) for area in shown])
        return
    rows = [
        (
            area.code,
            area.level,
            escape(area.name),
            area.parent,
            "yes" if area.outline else "",
            area.population,
        )
        for area in shown
    ]
    table("Areas", ("Code", "Level", "Name", "In", "Map", "Population"), rows)


def _as_data(area: Area) -> dict[str, object]:
    return {
        "code": area.code,
        "parent": area.parent,
        "level": area.level,
        "names": area.names,
        "other_names": area.other_names,
        "drawn": area.outline is not None,
        "population": area.population,
        "valid_from": area.valid_from,
        "valid_to": area.valid_to,
    }


@app.command("alias")
@command
def alias(
    code: Annotated[str, typer.Argument(help="The area.")],
    name: Annotated[str, typer.Argument(help="Another spelling under which files name it.")],
) -> None:
    """Keep another spelling of an area's name, for files that use it."""
    _, location = settings_and_database()

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await add_name(connection, code, name)

    wait_for(work())
    said("Kept.")


@app.command("check")
@command
def check(
    on: Annotated[str, typer.Option(help="As on this day; else today.")] = "", json: Json = False
) -> None:
    """Look for orphans, gaps, overlaps and names that stand twice; exit code 1 where there are."""
    _, location = settings_and_database()
    day = day_of(on) or today()

    async def work() -> list[Fault]:
        async with owner_transaction(location.dsn) as connection:
            return await check_list(connection, day)

    faults = wait_for(work())
    if json:
        data(faults)
    elif faults:
        rows = [(each.kind, each.area, escape(each.reason)) for each in faults]
        table("What does not fit", ("What", "Area", "Why"), rows)
    else:
        said("The list of areas is in order.")
    if faults:
        raise typer.Exit(1)
