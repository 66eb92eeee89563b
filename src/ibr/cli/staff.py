"""`ibr staff`: officers."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.access.staff.add_officer import add_officer
from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.db.pool import owner_transaction
from ibr.ids import new_secret

app = typer.Typer(help="Officers who use the pages.", no_args_is_help=True)


@app.callback()
def staff() -> None:
    """Officers who use the pages."""


@app.command("add")
@command
def add(
    email: Annotated[str, typer.Argument(help="E-mail address, the sign-in name.")],
    role: Annotated[
        str,
        typer.Option(
            help="administrator, programme_officer, analyst, auditor, help_desk, developer or "
            "steward."
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Name shown to colleagues.")] = None,
    programme: Annotated[
        list[str] | None, typer.Option(help="Code of a programme in reach; none for all.")
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="sender_id of the partner that a developer works for.")
    ] = None,
    password: Annotated[
        str | None, typer.Option(envvar="IBR_NEW_PASSWORD", help="Made up where none is given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add an officer; a made-up password is printed once."""
    _, location = settings_and_database()
    chosen = password or new_secret()[:20]

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await add_officer(connection, email, name or email, role, programme, chosen, partner)

    wait_for(work())
    if json:
        data({"email": email, "role": role, **({} if password else {"password": chosen})})
        return
    said(f"Officer {email} was added as {role}.")
    if not password:
        said(f"  password  {chosen}")
        said("Hand it over on a safe way; it cannot be shown again.")
