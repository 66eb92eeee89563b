"""`ibr db`: the database's own affairs."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now, today
from ibr.db.migrate import SchemaState, upgrade
from ibr.db.pool import owner_transaction
from ibr.interop.dci.keys import make_missing_keys
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from ibr.subscriptions.feed.restored import put_in_order

app = typer.Typer(help="Upgrade the database.", no_args_is_help=True)


async def prepare(settings: Settings, dsn: str) -> SchemaState:
    """The newest schema, the keyring and the registry's own keys: all that a start needs."""
    state = await upgrade(dsn, today())
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=True))
    async with owner_transaction(dsn) as connection:
        await make_missing_keys(connection, sealer, now())
        await put_in_order(connection)
    return state


@app.command("upgrade")
@command
def upgrade_command(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the database to the newest migration and make missing keys."""
    settings, location = settings_and_database()
    state = wait_for(prepare(settings, location.dsn))
    if json:
        data(state)
    else:
        said(f"The database is at migration {state.current}, the newest.")
