"""Two commands of `ibr staff`: for officers who lost their factors, and for emergencies."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.access.staff.second.account import end_break_glass, make_break_glass, reset_factors
from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import open_keyring

_Email = Annotated[str, typer.Argument(help="E-mail address of the officer.")]


@command
def drop_factors(email: _Email) -> None:
    """Take away the second factors of an officer who lost them all. The password stays."""
    _, location = settings_and_database()

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await reset_factors(connection, email, now())

    wait_for(work())
    said(f"The factors of {email} are gone, and every session has ended.")
    said("At the next sign-in the officer sets up a new one, where the role needs it.")


@command
def break_glass(
    email: _Email,
    end: Annotated[
        bool, typer.Option("--end", help="Make it an ordinary account again, without factors.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an officer's account one for emergencies: its second factor is printed once."""
    settings, location = settings_and_database()

    async def work() -> list[str]:
        async with owner_transaction(location.dsn) as connection:
            if end:
                await end_break_glass(connection, email, now())
                return []
            blind_index = BlindIndex(open_keyring(settings.data_dir / "keys", create=False).index)
            return await make_break_glass(connection, blind_index, email, now())

    codes = wait_for(work())
    if json:
        data({"email": email, "break_glass": not end, "codes": codes})
        return
    if end:
        said(f"{email} is an ordinary account again.")
        return
    said(f"{email} is an account for emergencies now. Its codes, each of use once:")
    for code in codes:
        said(f"  {code}")
    said("Put them on paper into one safe and the password into another. They are shown only now.")
