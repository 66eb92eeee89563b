"""`ibr subscriptions`: who wants to hear of which changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from ibr.cli.show import command, data, settings_and_database, table, wait_for
from ibr.db.pool import owner_transaction
from ibr.subscriptions.look import listed
from ibr.subscriptions.model import Listed

app = typer.Typer(help="Who wants to hear of which changes.", no_args_is_help=True)

_SHOWN = "%Y-%m-%d %H:%M:%S UTC"


@app.command("list")
@command
def list_subscriptions(
    partner: Annotated[str | None, typer.Option("--partner", help="Only this sender_id's.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that were cancelled or have ended.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List subscriptions, the oldest first. Nobody whom a filter names is shown."""
    _, location = settings_and_database()

    async def work() -> list[Listed]:
        async with owner_transaction(location.dsn) as connection:
            return await listed(connection)

    found = [
        each
        for each in wait_for(work())
        if (every or each.state == "active") and partner in (None, each.partner)
    ]
    if json:
        data([_plain(each) for each in found])
        return
    table(
        "Subscriptions",
        ("Partner", "Code", "Event", "Filter", "When", "State", "Told", "Last told", "Waiting"),
        [
            (
                each.partner,
                each.code,
                each.event.replace("_", " "),
                # A place may be called anything; none of it is markup.
                escape(each.filter),
                _when(each),
                each.state,
                each.notified,
                _moment(each.notified_at),
                each.waiting,
            )
            for each in found
        ],
    )


def _plain(each: Listed) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(each)
    return plain


def _when(each: Listed) -> str:
    """The schedule with the time it counts in."""
    parts = [each.frequency]
    if each.start_at is not None:
        parts.append(f"from {_moment(each.start_at)}")
    if each.end_at is not None:
        parts.append(f"until {_moment(each.end_at)}")
    return " ".join(parts)


def _moment(moment: datetime | None) -> str:
    return moment.strftime(_SHOWN) if moment else ""
