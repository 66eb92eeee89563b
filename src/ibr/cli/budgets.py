"""`ibr budgets`: how many different people each asker may ask about, and does."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from ibr.access.budgets import give
from ibr.access.budgets.give import UsedSeen
from ibr.access.budgets.model import Given
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import owner_transaction

app = typer.Typer(
    help="How many different people each asker may ask about, and does.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
@command
def list_budgets(json: Json = False) -> None:
    """List budgets that somebody was given, the newest first; everybody else has the usual one."""
    _, location = settings_and_database()

    async def work() -> list[Given]:
        async with owner_transaction(location.dsn) as connection:
            return await give.budgets(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Budgets",
        ("No.", "Whose", "Purpose", "An hour", "A day", "Until", "Why"),
        [
            (
                each.budget_id,
                escape(each.asker_name),
                each.purpose_code or "all",
                each.limit.an_hour,
                each.limit.a_day,
                "over" if not each.counts_at(now()) else str(each.valid_until or "further notice"),
                escape(each.reason),
            )
            for each in found
        ],
    )


@app.command("used")
@command
def used(
    days: Annotated[int, typer.Option(min=1, max=366, help="Days back, today among them.")] = 7,
    json: Json = False,
) -> None:
    """Show how many different people everybody asked about, day by day."""
    _, location = settings_and_database()

    async def work() -> list[UsedSeen]:
        async with owner_transaction(location.dsn) as connection:
            return await give.used_since(connection, days, now())

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Used",
        ("Day", "Who", "Purpose", "People", "Allowed", "Found", "Refused"),
        [
            (
                str(each.used.account.day),
                escape(each.name),
                each.used.account.purpose or "all",
                each.used.people,
                each.used.allowed,
                each.used.found,
                each.used.refused,
            )
            for each in found
        ],
    )


@app.command("set")
@command
def set_budget(
    who: Annotated[str, typer.Argument(help="sender_id of a partner, or address of an officer.")],
    an_hour: Annotated[int, typer.Option(min=0, help="Different people in an hour.")],
    a_day: Annotated[int, typer.Option(min=0, help="Different people in a day.")],
    reason: Annotated[str, typer.Option(help="Why, without names.")],
    purpose: Annotated[str, typer.Option(help="For questions of this purpose only.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, help="For so many days; else until further notice.")
    ] = None,
) -> None:
    """Give an asker a budget of its own at once. On the pages this takes two people; whoever runs
    this command does it alone, which the audit trail says."""
    _, location = settings_and_database()

    async def work() -> int:
        at = now()
        async with owner_transaction(location.dsn) as connection:
            wanted = give.wanted_from(
                await give.find_asker(connection, who),
                purpose=purpose,
                an_hour=an_hour,
                a_day=a_day,
                reason=reason,
                days=days,
                at=at,
            )
            return await give.give(connection, wanted, asked_by=None, giver=None, at=at)

    said(f"Budget {wait_for(work())} counts from now on.")
