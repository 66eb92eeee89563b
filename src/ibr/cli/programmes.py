"""`ibr programmes`: the programme catalogue."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE, PROGRAMME_TYPE
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import every_programme, register

app = typer.Typer(help="The programme catalogue.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


async def _register_all(dsn: str, programmes: list[Programme]) -> int:
    async with owner_transaction(dsn) as connection:
        return sum([await register(connection, each) for each in programmes])


@app.command("add")
@command
def add(
    code: Annotated[str, typer.Argument(help="The programme's code: programme_identifier.")],
    name: Annotated[str, typer.Option(help="Its name in English.")],
    name_fr: Annotated[str | None, typer.Option(help="Its name in French.")] = None,
    unit: Annotated[int | None, typer.Option(help="1 person, 2 household, 3 family.")] = None,
    benefit: Annotated[int | None, typer.Option(help="Code of what it mainly gives.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of its amounts.")] = None,
    suspended_counts: Annotated[
        bool, typer.Option(help="Suspended beneficiaries count as enrolled.")
    ] = False,
    json: Json = False,
) -> None:
    """Add a programme, or amend it when the code is there already."""
    settings, location = settings_and_database()
    names = {"en": name} | ({"fr": name_fr} if name_fr else {})
    programme = Programme(
        code=code,
        names=names,
        assistance_unit=unit,
        benefit_type=benefit,
        currency=currency or settings.currency,
        suspended_counts=suspended_counts,
    )
    added = wait_for(_register_all(location.dsn, [programme]))
    if json:
        data({"code": code, "new": bool(added)})
    else:
        said(f"Programme {code} was {'added' if added else 'amended'}.")


@app.command("list")
@command
def list_programmes(json: Json = False) -> None:
    """List the programmes."""
    _, location = settings_and_database()

    async def work() -> list[Programme]:
        async with owner_transaction(location.dsn) as connection:
            return await every_programme(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Programmes",
        ("Code", "Name", "Unit", "Gives", "Type"),
        [
            (
                each.code,
                each.names.get("en") or next(iter(each.names.values()), ""),
                ASSISTANCE_UNIT.label(each.assistance_unit),
                BENEFIT_TYPE.label(each.benefit_type),
                PROGRAMME_TYPE.label(each.programme_type),
            )
            for each in found
        ],
    )


@app.command("import")
@command
def import_programmes(
    file: Annotated[Path, typer.Argument(help="A .json list or a .csv with a header row.")],
    json: Json = False,
) -> None:
    """Add or amend every programme of a file."""
    _, location = settings_and_database()
    programmes = read_programmes(file)
    added = wait_for(_register_all(location.dsn, programmes))
    if json:
        data({"read": len(programmes), "new": added})
    else:
        said(f"{len(programmes)} programmes read, {added} of them new.")


def read_programmes(file: Path) -> list[Programme]:
    """The programmes of a JSON or CSV file; NotUnderstood says which row is at fault.

    In a CSV the columns are the fields of a programme; `name` and `name_fr` make the names, and
    `functions` are separated by semicolons.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NotUnderstood("file.unreadable", f"{file} cannot be read as UTF-8.") from None
    try:
        if file.suffix.lower() == ".json":
            return msgspec.json.decode(text, type=list[Programme])
        return [
            msgspec.convert(_from_csv(row), Programme, strict=False)
            for row in csv.DictReader(text.splitlines())
        ]
    except (msgspec.ValidationError, msgspec.DecodeError) as wrong:
        raise NotUnderstood("file.programmes", f"{file}: {wrong}.") from None


def _from_csv(row: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if name and value not in (None, "")}
    names = {"en": values.pop("name", ""), "fr": values.pop("name_fr", "")}
    functions = [each for each in values.pop("functions", "").split(";") if each]
    return {
        **values,
        "names": {key: name for key, name in names.items() if name},
        "functions": functions,
    }
