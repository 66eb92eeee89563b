"""`ibr reporting`: when programmes report, what came, who is reminded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ibr.calls.set_up import mail_server_from
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import Connection, Database, open_database
from ibr.errors import NotFound, NotUnderstood
from ibr.periods import month_of
from ibr.questions.reporting import programmes_by_code
from ibr.reporting.calendar import SHOWN, feeds
from ibr.reporting.enter import drop_contact, drop_rule, set_contact, set_rule
from ibr.reporting.model import LANGUAGES, Contact, Feed, Feeds, Slot
from ibr.reporting.reminders.remind import Post, send_letters

app = typer.Typer(
    help="When programmes report, what came of it, who is reminded.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Code = Annotated[str, typer.Argument(help="The programme's code.")]
R = TypeVar("R")


def _with(work: Callable[[Database, dict[str, int]], Awaitable[R]]) -> R:
    """Work with the registry's own database role and the number of each programme."""
    _, location = settings_and_database()

    async def run() -> R:
        database = await open_database(location.dsn, "ibr_worker", size=2, name="ibr reporting")
        try:
            return await work(database, await programmes_by_code(database))
        finally:
            await database.close()

    return wait_for(run())


def _change(code: str, work: Callable[[Connection, int], Awaitable[R]]) -> R:
    """Work on one programme in one transaction."""

    async def run(database: Database, numbers: dict[str, int]) -> R:
        if code not in numbers:
            raise NotFound("programme.unknown", "There is no programme of that code.")
        async with database.transaction([numbers[code]]) as connection:
            return await work(connection, numbers[code])

    return _with(run)


@app.command("list")
@command
def list_feeds(
    cycles: Annotated[int, typer.Option(min=1, max=60, help="So many reports each.")] = SHOWN,
    json: Json = False,
) -> None:
    """List how programmes report: due, received, in time, complete, accepted."""

    async def work(database: Database, numbers: dict[str, int]) -> Feeds:
        every = sorted(numbers.values())
        async with database.transaction(every) as connection:
            return await feeds(connection, every, now(), cycles)

    found = _with(work)
    if json:
        data(found)
        return
    table(
        "Reports, the newest first",
        ("Programme", "For", "Due", "Received", "State", "Complete", "Accepted", "Reminded"),
        [_line(feed, slot) for feed in found.feeds for slot in feed.slots],
    )


def _line(feed: Feed, slot: Slot) -> tuple[object, ...]:
    cycle, accepted = slot.cycle, slot.accepted
    complete = {None: "", True: "yes", False: "no"}[slot.complete]
    return (
        feed.code,
        str(cycle.last) if cycle.first == cycle.last else f"{cycle.first} to {cycle.last}",
        slot.due_on,
        f"{slot.first_at:%Y-%m-%d}" if slot.first_at else "",
        slot.state.replace("_", " "),
        complete,
        "" if accepted is None else f"{accepted:.1%}",
        ", ".join(f"{each.step} ({each.mail})" for each in reversed(feed.reminded(slot))),
    )


@app.command("set")
@command
def set_one(
    code: Code,
    every: Annotated[int, typer.Option(help="Months of a cycle; 0 where none is due.")],
    days: Annotated[int, typer.Option(help="Days allowed after the end of a cycle.")] = 15,
    since: Annotated[
        str | None, typer.Option("--from", help="First month, as 2026-10; else this month.")
    ] = None,
    json: Json = False,
) -> None:
    """Enter how often a programme reports and within how many days, from a month on."""
    month = since or str(month_of(today()))
    new = _change(code, lambda at, number: set_rule(at, number, month, every, days, now()))
    if json:
        data({"code": code, "first_month": month, "new": new})
    else:
        said("Entered." if new else "That counts already; nothing was changed.")


@app.command("drop")
@command
def drop_one(
    code: Code,
    since: Annotated[str, typer.Option("--from", help="The month it was entered for.")],
) -> None:
    """Take back what was entered from a month on; what was said before counts again."""
    _change(code, lambda at, number: drop_rule(at, number, since, now()))
    said("It counts no more. What was entered is kept as history.")


@app.command("contact")
@command
def contact_one(
    code: Code,
    email: Annotated[str | None, typer.Option(help="Whom to remind; without it nobody.")] = None,
    escalate_to: Annotated[str | None, typer.Option(help="Whom to write to as well.")] = None,
    language: Annotated[str, typer.Option(help="en or fr.")] = "en",
    before: Annotated[int, typer.Option(help="Days before; 0 for not before.")] = 3,
    escalate_after: Annotated[int, typer.Option(help="Days after the last day.")] = 14,
) -> None:
    """Name whom to remind of a programme's reports, or nobody any more."""
    chosen = next((each for each in LANGUAGES if each == language), None)
    if chosen is None:
        raise NotUnderstood("reporting.invalid", "Letters are written in en or fr.")
    if email is None:
        _change(code, lambda at, number: drop_contact(at, number, now()))
        said("Nobody is written to any more.")
        return
    contact = Contact(
        email=email,
        escalation_email=escalate_to,
        language=chosen,
        before_days=before,
        escalation_days=escalate_after,
    )
    new = _change(code, lambda at, number: set_contact(at, number, contact, now()))
    said("Entered." if new else "That counts already; nothing was changed.")


@app.command("send")
@command
def send_now(json: Json = False) -> None:
    """Send the letters that wait and are due, as the worker does every quarter of an hour."""
    settings, _ = settings_and_database()
    post = Post(
        server=mail_server_from(settings),
        registry_id=settings.registry_id,
        reached_at=settings.reached_at,
    )
    if post.server is None:
        raise NotFound("reporting.no_server", "No mail server is set. Set IBR_SMTP_HOST first.")

    async def work(database: Database, numbers: dict[str, int]) -> int:
        return await send_letters(database, sorted(numbers.values()), post, now)

    sent = _with(work)
    if json:
        data({"sent": sent})
    else:
        said(f"{sent} letters sent.")
