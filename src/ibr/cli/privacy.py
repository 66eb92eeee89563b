"""`ibr privacy`: the record of processing and the pack for an impact assessment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ibr.audit.events import PROCESSING_EXPORTED
from ibr.audit.record import record_event
from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now
from ibr.db.backup.shelf import write_whole
from ibr.db.pool import owner_transaction
from ibr.keeping.processing.gather import gather
from ibr.keeping.processing.machine import measures
from ibr.keeping.processing.model import Processing
from ibr.keeping.processing.written import as_markdown

app = typer.Typer(
    help="The record of processing and the pack for an impact assessment.", no_args_is_help=True
)


@app.callback()
def _noun() -> None:
    """The record of processing and the pack for an impact assessment."""


@app.command("record")
@command
def record(
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write, Markdown; else it is printed.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the record of processing, with the pack for an impact assessment."""
    settings, location = settings_and_database()

    async def work() -> Processing:
        at = now()
        async with owner_transaction(location.dsn) as connection:
            found = await gather(
                connection,
                registry_id=settings.registry_id,
                profile=settings.profile,
                of_the_machine=measures(settings, at),
                at=at,
            )
            await record_event(
                connection,
                kind=PROCESSING_EXPORTED,
                asker=None,
                details={"digest": found.digest.hex()},
                at=at,
            )
            return found

    found = wait_for(work())
    if json:
        data(found)
    elif out is None:
        said(as_markdown(found))
    else:
        write_whole(out, as_markdown(found).encode())
        due = " A review is due." if found.due else ""
        said(f"{out} is written.{due}")
