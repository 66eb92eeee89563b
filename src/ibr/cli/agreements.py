"""`ibr agreements`: what each partner may tell, ask and see."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from ibr.access.agreements import enter
from ibr.access.agreements.letter import Names, by_law, written
from ibr.access.agreements.look import AgreementList, AgreementSeen, listed
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import owner_transaction
from ibr.errors import NotFound, NotUnderstood
from ibr.questions.agreements import plain

app = typer.Typer(
    help="What each partner may tell, ask and see, by which law, until when.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(help="Number of the agreement.")]
_WHO = "the command line"


def _read() -> AgreementList:
    _, location = settings_and_database()

    async def work() -> AgreementList:
        async with owner_transaction(location.dsn) as connection:
            return await listed(connection, None, today())

    return wait_for(work())


@app.command("list")
@command
def list_agreements(
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """List agreements with their partners, those in force first."""
    found = _read()
    shown = [each for each in found.agreements if every or each.state in ("in_force", "to_come")]
    if json:
        data([_plain(each, found) for each in shown])
        return
    table(
        "Agreements",
        ("No.", "Partner", "May", "From, until", "State"),
        [
            (
                each.agreement.agreement_no,
                escape(each.party.sender_id),
                ", ".join(dict.fromkeys(act for c in each.agreement.clauses for act in c.acts)),
                f"{each.agreement.valid_from} – {each.agreement.last_day or 'further notice'}",
                each.state + (", wants mending" if each.agreement.wants_mending else ""),
            )
            for each in shown
        ],
    )


def _plain(seen: AgreementSeen, found: AgreementList) -> dict[str, Any]:
    codes = {number: each.code for number, each in found.programmes.items()}
    return {
        "agreement": seen.agreement.agreement_no,
        "state": seen.state,
        "ended_from": seen.agreement.ended_from,
        "ended_why": seen.agreement.ended_why,
    } | plain(seen.agreement, seen.party, codes)


@app.command("show")
@command
def show(number: Number, json: Json = False) -> None:
    """Show one agreement in plain words, or with --json in the form that `add` reads."""
    found = _read()
    seen = next((each for each in found.agreements if each.agreement.agreement_no == number), None)
    if seen is None:
        raise NotFound("agreement.unknown", "There is no agreement of that number.")
    if json:
        data(_plain(seen, found))
        return
    names = Names(
        who=seen.party.name,
        programmes={number: each.code for number, each in found.programmes.items()},
        day=date.isoformat,
        say=str,
    )
    said(f"Agreement {number} with {seen.party.name}: {seen.state.replace('_', ' ')}.")
    for clause in written(seen.agreement, names):
        said(f"  {number}.{clause.clause_no}  {' '.join([*clause.may, *clause.sees])}")
    said(f"  {by_law(seen.agreement, names)}")


@app.command("add")
@command
def add(
    file: Annotated[
        Path, typer.Argument(help="JSON file with the agreement, - for standard input.")
    ],
    json: Json = False,
) -> None:
    """Enter an agreement, without a second person, as whoever runs the registry on its machine."""
    _, location = settings_and_database()
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        given = msgspec.json.decode(text)
    except OSError:
        raise NotUnderstood("file.unreadable", f"{file} cannot be read.") from None
    except msgspec.DecodeError:
        raise NotUnderstood("file.json", f"{file} is not JSON.") from None

    async def work() -> int:
        async with owner_transaction(location.dsn) as connection:
            wish = await enter.read_wish(connection, given)
            enter.must_be_enterable(wish, now())
            return await enter.add(connection, wish, asker=None, who=_WHO, at=now())

    number = wait_for(work())
    if json:
        data({"agreement": number})
        return
    said(f"Agreement {number} was entered.")


@app.command("end")
@command
def end(
    number: Number,
    why: Annotated[str, typer.Option(help="Why it ends.")],
    day: Annotated[
        str | None, typer.Option("--from", help="First day on which it counts no more; today.")
    ] = None,
    json: Json = False,
) -> None:
    """End an agreement before its time; nothing that it allowed goes from that day on."""
    _, location = settings_and_database()
    try:
        ends = date.fromisoformat(day) if day else today()
    except ValueError:
        raise NotUnderstood("agreement.invalid", "Write a day as 2026-01-31.") from None

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await enter.end(connection, number, ends, why, asker=None, who=_WHO, at=now())

    wait_for(work())
    if json:
        data({"agreement": number, "ended_from": ends})
        return
    said(f"Agreement {number} ends: from {ends} on it counts no more.")
