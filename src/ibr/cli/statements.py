"""`ibr statements`: is a statement that somebody shows ours, and unchanged?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.subject.statements.check import check_file, check_paper
from ibr.subject.statements.model import Checked

app = typer.Typer(help="Statements that people were handed.", no_args_is_help=True)


@app.callback()
def _statements() -> None:
    """Statements that people were handed."""


@app.command("check")
@command
def check(
    file: Annotated[Path | None, typer.Argument(help="The file, as PDF or JSON.")] = None,
    number: Annotated[str, typer.Option(help="The check number on a paper.")] = "",
    sums: Annotated[str, typer.Option(help="What was given in all, as on the paper.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a file or a paper was handed out by this registry, and nothing of its content."""
    if (file is None) == (not number):
        raise NotUnderstood("statement.what", "Name a file, or the check number of a paper.")
    _, location = settings_and_database()

    async def work() -> Checked | None:
        async with owner_transaction(location.dsn) as connection:
            if file is None:
                return await check_paper(connection, number, sums)
            return await check_file(connection, hashlib.sha256(file.read_bytes()).digest())

    found = wait_for(work())
    if found is None:
        raise NotFound(
            "statement.unknown", "This is not a statement of this registry, or it was changed."
        )
    if found.sums is False:
        raise Conflict(
            "statement.sums", "A statement with this check number is ours, but bears other sums."
        )
    if json:
        data(found)
        return
    said(f"Handed out by this registry on {found.given_at:%Y-%m-%d}, as {found.form}.")
    if found.unchanged:
        said("The file is unchanged.")
    elif found.sums is None:
        said("With --sums it is said whether the sums on the paper were changed.")
    else:
        said("The sums are those that stand on it.")
