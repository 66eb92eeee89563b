"""`ibr pairs`: which programmes exclude each other, may go together or belong together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import owner_transaction
from ibr.errors import NotFound, NotUnderstood
from ibr.overlaps.pairs.change_pairs import end_pair, every_pair, pair_codes, set_pair
from ibr.overlaps.pairs.model import Imported, KeptPair, Pair
from ibr.overlaps.pairs.read_csv import import_pairs, pair_of
from ibr.reported.values import write_money

app = typer.Typer(
    help="Which programmes exclude each other, may go together or belong together.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
First = Annotated[str, typer.Argument(help="The code of one programme.")]
Second = Annotated[str, typer.Argument(help="The code of the other.")]


@app.command("list")
@command
def list_pairs(
    every: Annotated[
        bool, typer.Option("--all", help="Also what was replaced: the whole history.")
    ] = False,
    json: Json = False,
) -> None:
    """List what holds between programmes."""
    _, location = settings_and_database()

    async def work() -> list[KeptPair]:
        async with owner_transaction(location.dsn) as connection:
            return await every_pair(connection, history=every)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Programme pairs",
        ("No.", "Programmes", "Relation", "Terms", "Law", "Holds"),
        [
            (
                each.pair_no,
                f"{each.pair.first} {each.pair.second}",
                each.pair.relation,
                _terms(each.pair),
                escape(each.pair.legal_reference),
                f"{each.pair.valid_from} to {each.pair.valid_to or '…'}"
                + (", replaced" if each.replaced_at else ""),
            )
            for each in found
        ],
    )


def _terms(pair: Pair) -> str:
    terms = [f"of one {pair.unit}"]
    if pair.tolerance_days:
        terms.append(f"{pair.tolerance_days} days of transition")
    if pair.cap_minor is not None and pair.currency:
        terms.append(f"up to {write_money(pair.cap_minor, pair.currency)} a month")
    if pair.keeps:
        terms.append(f"{pair.keeps} stays")
    if pair.conditions.entitled_to:
        terms.append(f"entitled to {pair.conditions.entitled_to}")
    return "; ".join(terms)


@app.command("import")
@command
def import_file(
    file: Annotated[Path, typer.Argument(help="A .csv with a header row, in UTF-8.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be entered.")
    ] = False,
    json: Json = False,
) -> None:
    """Enter every pair of a file; none where one row is at fault. The same file again is no
    change."""
    _, location = settings_and_database()
    try:
        content = file.read_bytes()
    except OSError:
        raise NotUnderstood("file.unreadable", f"{file} cannot be read.") from None

    async def work() -> Imported:
        async with owner_transaction(location.dsn) as connection:
            return await import_pairs(connection, content, now(), dry_run=dry_run)

    done = wait_for(work())
    if json:
        data(done)
    elif done.problems:
        table(
            "Nothing was entered",
            ("Row", "Column", "What to mend"),
            [(each.row, each.column, escape(each.reason)) for each in done.problems],
        )
    elif dry_run:
        said(f"{done.rows} rows are in order. Nothing was entered.")
    else:
        said(f"{done.rows} rows read: {done.new} entered, {done.unchanged} said so already.")
    if done.problems:
        raise typer.Exit(1)


@app.command("set")
@command
def set_one(
    first: First,
    second: Second,
    relation: Annotated[str, typer.Option(help="incompatible, allowed or complementary.")],
    law: Annotated[str, typer.Option(help="The law or rule that says so.")],
    unit: Annotated[str, typer.Option(help="Of one person or of one household.")] = "person",
    tolerance_days: Annotated[int, typer.Option(help="Lawful days of transition.")] = 0,
    cap: Annotated[str, typer.Option(help="Both up to this a month, as XTS 500.00.")] = "",
    keeps: Annotated[str, typer.Option(help="The programme whose benefit stays.")] = "",
    entitled_to: Annotated[str, typer.Option(help="Of two that belong together.")] = "",
    same_period: Annotated[bool, typer.Option(help="Only for the same period.")] = True,
    note: Annotated[str, typer.Option(help="In words, for who reads a finding.")] = "",
    since: Annotated[str | None, typer.Option("--from", help="First day; else today.")] = None,
    until: Annotated[str, typer.Option(help="Last day; else until it is ended.")] = "",
    json: Json = False,
) -> None:
    """Enter what holds between two programmes, in place of what was said for those days."""
    _, location = settings_and_database()
    given = {
        "first": first,
        "second": second,
        "relation": relation,
        "unit": unit,
        "same_period": "yes" if same_period else "no",
        "tolerance_days": str(tolerance_days),
        "cap": cap,
        "keeps": keeps,
        "entitled_to": entitled_to,
        "legal_reference": law,
        "note": note,
        "valid_from": since or today().isoformat(),
        "valid_to": until,
    }

    async def work() -> bool:
        async with owner_transaction(location.dsn) as connection:
            codes = {code.casefold(): code for code in await pair_codes(connection)}
            return await set_pair(connection, pair_of(given, codes), now())

    new = wait_for(work())
    if json:
        data({"new": new})
    else:
        said("Entered." if new else "That is said already; nothing was changed.")


@app.command("end")
@command
def end_one(
    first: First,
    second: Second,
    unit: Annotated[str, typer.Option(help="Of one person or of one household.")] = "person",
    on: Annotated[str | None, typer.Option(help="The last day; else today.")] = None,
) -> None:
    """End what holds between two programmes after a day."""
    _, location = settings_and_database()
    try:
        last_day = date.fromisoformat(on) if on else today()
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None
    wanted = {first.casefold(), second.casefold()}

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            for each in await every_pair(connection):
                pair = each.pair
                same = {pair.first.casefold(), pair.second.casefold()} == wanted
                goes_on = pair.valid_to is None or pair.valid_to > last_day
                if same and pair.unit == unit and goes_on:
                    await end_pair(connection, each.pair_no, last_day, now())
                    return
        raise NotFound(
            "pair.unknown", "Nothing holds between these two beyond that day. See: ibr pairs list"
        )

    wait_for(work())
    said(f"It ends with {last_day}.")
