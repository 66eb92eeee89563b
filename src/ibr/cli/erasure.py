"""`ibr erasure`: people erased at a request, the keys of their records, and restored backups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from ibr.access.approvals.alone import done_alone
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.identity.persons.look import all_programmes
from ibr.keeping.erasure import ask
from ibr.keeping.erasure.carry_out import Eraser, carry_out
from ibr.keeping.erasure.model import GROUNDS, Erasure
from ibr.keeping.erasure.replay import Replayed, replay
from ibr.protection.keyring import open_keyring
from ibr.protection.record_keys import FILE_NAME, make_record_keys
from ibr.protection.seal import Sealer

app = typer.Typer(
    help="People erased at a request, with the keys of their records.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@asynccontextmanager
async def _eraser() -> AsyncIterator[tuple[Eraser, str]]:
    settings, location = settings_and_database()
    folder = settings.data_dir / "keys"
    sealer = Sealer(open_keyring(folder, create=False))
    database = await open_database(location.dsn, "ibr_worker", size=4, name="ibr erasure")
    try:
        programmes = frozenset(await all_programmes(database))
        eraser = Eraser(
            database=database, sealer=sealer, keys=folder, programmes=programmes, now=now
        )
        yield eraser, location.dsn
    finally:
        await database.close()


@app.command("list")
@command
def list_erasures(json: Json = False) -> None:
    """List erasures, the newest first, by number only."""
    _, location = settings_and_database()

    async def work() -> list[Erasure]:
        async with owner_transaction(location.dsn) as connection:
            return await ask.erasures(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Erasures",
        ("No.", "Records", "Ground", "State", "Approved", "Done", "Kept out since"),
        [
            (
                each.erasure_id,
                len(each.record_ids),
                each.ground,
                each.state,
                each.approved_at,
                each.done_at,
                each.refused,
            )
            for each in found
        ],
    )


@app.command("records")
@command
def erase_records(
    records: Annotated[list[int], typer.Argument(help="Numbers of the records.")],
    ground: Annotated[str, typer.Option(help=f"One of: {', '.join(GROUNDS)}.")],
    with_bytes: Annotated[
        bool,
        typer.Option(
            "--with-bytes", help="Also the bytes of whole deliveries that carried them, at once."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether I am sure.")] = False,
) -> None:
    """Erase records for good. On the pages this takes two people; whoever runs this command does
    it alone, which the audit trail says. A household's record takes all its members with it."""
    settings, _ = settings_and_database()
    if ground not in GROUNDS:
        raise typer.BadParameter(f"one of {', '.join(GROUNDS)}", param_hint="--ground")
    if not yes:
        typer.confirm(f"Erase {len(records)} records? Nobody can bring them back.", abort=True)

    async def work() -> int:
        async with _eraser() as (eraser, dsn):
            at = now()
            async with owner_transaction(dsn) as connection:
                await ask.must_be_erasable(connection, records)
                number = await ask.approved(
                    connection,
                    sorted(set(records)),
                    ground,
                    with_bytes=with_bytes,
                    asked_by=None,
                    asker=None,
                    at=at,
                )
                await done_alone(connection, ask.ERASE, at, production=settings.production)
            await carry_out(eraser, number)
            return number

    said(f"Erasure {wait_for(work())} is done. Replace your copies of the keys: see the how-to.")


@app.command("replay")
@command
def replay_command(json: Json = False) -> None:
    """Erase again what a restored backup brought back, and destroy keys that came back."""

    async def work() -> Replayed:
        async with _eraser() as (eraser, dsn):
            return await replay(eraser, dsn)

    done = wait_for(work())
    if json:
        data(done)
    else:
        said(f"{done.erasures} erasures were unknown; {done.records} records were erased again.")


@app.command("prepare")
@command
def prepare() -> None:
    """Give the records of a registry from before keys of their own, from now on.

    Every process of the registry must run this version first: the version before cannot open what
    is sealed from then on.
    """
    settings, _ = settings_and_database()
    folder = settings.data_dir / "keys"
    open_keyring(folder, create=False)
    if make_record_keys(folder):
        said(f"{folder / FILE_NAME} is made. Copy it to where you keep the keyring's copy, now.")
    else:
        said("There are keys of single records already.")
