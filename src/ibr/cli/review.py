"""`ibr review`: how possible links are reviewed, and the known pairs that measure it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import msgspec
import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import Connection, open_database
from ibr.identity.persons.look import all_programmes
from ibr.identity.review import known_pairs
from ibr.identity.review.measured.quality import ReviewQuality, figures
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring, open_keyring
from ibr.protection.seal import Sealer

app = typer.Typer(help="Possible links, looked at by people.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@asynccontextmanager
async def _everything() -> AsyncIterator[tuple[Connection, Keyring]]:
    """One transaction that sees every programme, and the keys."""
    settings, location = settings_and_database()
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    database = await open_database(location.dsn, "ibr_worker", size=2, name="ibr review")
    try:
        programmes = await all_programmes(database)
        async with database.transaction(programmes) as connection:
            yield connection, keyring
    finally:
        await database.close()


@app.command("plant")
@command
def plant(
    count: Annotated[
        int, typer.Option(min=1, max=1000, help="So many at most, half of each truth.")
    ] = 40,
    json: Json = False,
) -> None:
    """Put pairs whose truth is known by two foundational numbers among those to review.

    They are shown without the numbers; an answer measures the reviewer and changes nothing.
    """

    async def work() -> dict[known_pairs.Truth, int]:
        async with _everything() as (connection, keyring):
            return await known_pairs.plant(
                connection, Sealer(keyring), BlindIndex(keyring.index), count, now()
            )

    planted = wait_for(work())
    if json:
        data(planted)
        return
    said(
        f"{planted['same']} pairs of one person and {planted['different']} of two people stand "
        "among those to review now."
    )
    if not sum(planted.values()):
        said("No pair has two foundational numbers and would be doubtful without them.")


@app.command("unplant")
@command
def unplant(json: Json = False) -> None:
    """Take every known pair out of the queue; what was answered stays for the figures."""

    async def work() -> int:
        async with _everything() as (connection, _):
            return await known_pairs.end(connection, now())

    ended = wait_for(work())
    if json:
        data({"ended": ended})
        return
    said(f"{ended} known pairs were taken out of the queue.")


@app.command("quality")
@command
def quality(json: Json = False) -> None:
    """Say how far reviewers agree with each other and with what is known."""

    async def work() -> ReviewQuality:
        async with _everything() as (connection, _):
            return await figures(connection, now())

    found = wait_for(work())
    if json:
        data(msgspec.to_builtins(found))
        return
    kappa = found.agreement.kappa
    said(
        f"{found.agreement.pairs} pairs were looked at twice, {found.agreement.agreed} with the "
        f"same answer; kappa {'-' if kappa is None else f'{kappa:.2f}'}."
    )
    table(
        "Decided to be one person, by weight",
        ("From", "To", "Decided", "Same", "Share"),
        [
            (
                "" if each.low is None else each.low,
                "" if each.high is None else each.high,
                each.decided,
                each.same,
                f"{each.share:.0%}",
            )
            for each in found.bands
        ],
    )
    table(
        "Reviewers",
        ("Name", "Same", "Different", "Unsure", "Taken back", "Agreed", "Known, right"),
        [
            (
                each.name,
                each.same,
                each.different,
                each.unsure,
                each.withdrawn,
                f"{each.agreed}/{each.twice}",
                f"{each.known_right}/{each.known}",
            )
            for each in found.reviewers
        ],
    )
