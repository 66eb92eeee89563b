"""`ibr retention`: how long each class of data is kept, what is held, and the nightly round."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.markup import escape

from ibr.access.approvals.alone import done_alone
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.identity.persons.look import all_programmes
from ibr.keeping import change_rule, hold, look, rules
from ibr.keeping.disposing.dispose import Keeper, dispose_due
from ibr.keeping.model import CLASSES, Disposed
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer

app = typer.Typer(
    help="How long each class of data is kept, what is held, and the nightly round.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@asynccontextmanager
async def keeper() -> AsyncIterator[Keeper]:
    """What the nightly round works with, as the worker."""
    settings, location = settings_and_database()
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))
    database = await open_database(location.dsn, "ibr_worker", size=3, name="ibr retention")
    try:
        programmes = frozenset(await all_programmes(database))
        yield Keeper(database=database, sealer=sealer, programmes=programmes, now=now)
    finally:
        await database.close()


@app.command("show")
@command
def show(json: Json = False) -> None:
    """Show the rules, what is past its time now, what of it is held, and the last round."""
    _, location = settings_and_database()

    async def work() -> look.Kept:
        async with owner_transaction(location.dsn) as connection:
            return await look.counted(connection, now())

    kept = wait_for(work())
    if json:
        data(kept)
        return
    table(
        "Kept",
        ("Class", "Days", "Then", "By which law", "Past its time", "Held of it"),
        [
            (
                rule.data_class,
                "for ever" if rule.keep_days is None else rule.keep_days,
                rule.disposal,
                escape(rule.legal_basis),
                kept.due.get(rule.data_class, (0, 0))[0],
                kept.due.get(rule.data_class, (0, 0))[1],
            )
            for rule in kept.rules
        ],
    )
    for run in kept.runs[:1]:
        ended = "interrupted" if run.ended_at is None else f"until {run.ended_at:%Y-%m-%d %H:%M}"
        said(f"Last round: number {run.run_no}, {run.started_at:%Y-%m-%d %H:%M} UTC, {ended}.")


@app.command("run")
@command
def run(json: Json = False) -> None:
    """Dispose now of everything that is past its time; the worker does it every night."""

    async def work() -> list[Disposed]:
        async with keeper() as ready:
            return await dispose_due(ready)

    done = wait_for(work())
    if json:
        data(done)
        return
    table(
        "Disposed of",
        ("Class", "Disposed of", "Held", "From", "To"),
        [(each.data_class, each.disposed, each.held, each.since, each.through) for each in done],
    )


@app.command("set")
@command
def set_rule(
    data_class: Annotated[str, typer.Argument(help=f"One of: {', '.join(CLASSES)}.")],
    law: Annotated[str, typer.Option(help="The law or decision it rests on.")],
    days: Annotated[str, typer.Option(help="Days to keep it; without, it is kept.")] = "",
    disposal: Annotated[str, typer.Option("--then", help="delete or pseudonymise.")] = "delete",
) -> None:
    """Set a rule at once. On the pages this takes two people; whoever runs this command does it
    alone, which the audit trail says."""
    settings, location = settings_and_database()
    wanted = rules.wanted_rule(data_class, days, disposal, law)

    async def work() -> int:
        at = now()
        async with owner_transaction(location.dsn) as connection:
            number = await change_rule.set_rule(
                connection, wanted, asked_by=None, asker=None, at=at
            )
            await done_alone(connection, change_rule.CHANGE, at, production=settings.production)
            return number

    said(f"Rule {wait_for(work())} counts from the next round on.")


@app.command("hold")
@command
def place_hold(
    reason: Annotated[str, typer.Option(help="Why, without names.")],
    programme: Annotated[str, typer.Option(help="Hold all data of a programme, by code.")] = "",
    data_class: Annotated[str, typer.Option("--class", help="Hold a class of data.")] = "",
    person: Annotated[
        str,
        typer.Option(
            help="Hold a person: the kind of number, as UIN; the number is asked for, so that it "
            "stays out of the shell's history."
        ),
    ] = "",
    until: Annotated[str, typer.Option(help="Last day, as 2027-12-31.")] = "",
) -> None:
    """Place a legal hold: what is held is neither disposed of nor erased."""
    settings, location = settings_and_database()
    number = None
    if person:
        value = typer.prompt("Number", hide_input=True)
        index = BlindIndex(open_keyring(settings.data_dir / "keys", create=False).index)
        number = index.of(canonical_type(person), canonical_value(value))
    day = rules.last_day(until, now().date())

    async def work() -> int:
        async with owner_transaction(location.dsn) as connection:
            return await hold.place(
                connection,
                None,
                number=number,
                programme=programme,
                data_class=data_class,
                reason=reason,
                until=day,
                at=now(),
            )

    said(f"Hold {wait_for(work())} counts from now on.")


@app.command("lift")
@command
def lift(
    number: Annotated[int, typer.Argument(help="Number of the hold.")],
    why: Annotated[str, typer.Option(help="Why, without names.")],
) -> None:
    """Lift a hold at once. On the pages this takes two people; whoever runs this command does it
    alone, which the audit trail says."""
    settings, location = settings_and_database()
    why = rules.words(why, "hold.why", "why")

    async def work() -> None:
        at = now()
        async with owner_transaction(location.dsn) as connection:
            await hold.lift(connection, number, why, asked_by=None, asker=None, at=at)
            await done_alone(connection, hold.LIFT, at, production=settings.production)

    wait_for(work())
    said(f"Hold {number} is lifted.")
