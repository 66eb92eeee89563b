"""`ibr db distribute`: the schema spread over many servers with Citus."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.db.distribution.distribute import Look, distribute, look
from ibr.db.pool import owner_transaction


@command
def distribute_command(
    plan: Annotated[
        bool, typer.Option("--plan", help="Only print what would be done, in order.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="Workers that must be active before anything is done.")
    ] = 2,
    shards: Annotated[
        int, typer.Option(min=1, max=4096, help="Shards of each distributed table.")
    ] = 64,
    with_rows: Annotated[
        bool, typer.Option("--with-rows", help="Also where the tables hold rows: they are copied.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Spread the schema over the workers of a Citus cluster; all of it or nothing."""
    _settings, location = settings_and_database()
    found = wait_for(_look_and_do(location.dsn, plan, workers, shards, with_rows))
    if json:
        data(found)
        return
    if not plan:
        said(f"The schema is spread over {found.workers} workers, in {len(found.steps)} steps.")
        return
    for number, step in enumerate(found.steps, 1):
        said(f"{number}. {step.statement}\n     {step.why}")
    if not found.steps:
        said("Nothing is left to be done: everything is distributed.")
    for words in found.in_the_way:
        said(f"In the way: {words}")
    said("Nothing was changed.")


async def _look_and_do(dsn: str, plan: bool, workers: int, shards: int, with_rows: bool) -> Look:
    async with owner_transaction(dsn) as connection:
        found = await look(connection, least=workers, shards=shards, with_rows=with_rows)
        if not plan:
            await distribute(connection, found)
        return found
