"""`ibr rules`: what each programme's own law says, as far as checks need it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.overlaps.pairs.change_pairs import end_rule, every_rule, set_all, set_rule
from ibr.overlaps.pairs.model import KeptRule, Rule
from ibr.overlaps.snapshot.tables import RULE_KINDS

app = typer.Typer(help="Ages, caps and amounts that checks go by.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("kinds")
@command
def kinds(json: Json = False) -> None:
    """List the kinds of rule and how each is written."""
    if json:
        data(RULE_KINDS)
    else:
        table("Kinds of rule", ("Kind", "Form"), [(k, escape(v)) for k, v in RULE_KINDS.items()])


@app.command("list")
@command
def list_rules(
    every: Annotated[bool, typer.Option("--all", help="Also what was replaced.")] = False,
    json: Json = False,
) -> None:
    """List the rules by programme."""
    _, location = settings_and_database()

    async def work() -> list[KeptRule]:
        async with owner_transaction(location.dsn) as connection:
            return await every_rule(connection, history=every)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Rules of programmes",
        ("No.", "Programme", "Kind", "Rule", "Law", "From", "Until"),
        [
            (
                each.rule_no,
                each.rule.programme,
                each.rule.kind,
                escape(msgspec.json.encode(each.rule.value).decode()),
                escape(each.rule.legal_reference),
                each.rule.valid_from,
                "replaced" if each.replaced_at else each.rule.valid_to,
            )
            for each in found
        ],
    )


@app.command("set")
@command
def set_one(
    programme: Annotated[str, typer.Argument(help="The programme's code.")],
    kind: Annotated[str, typer.Argument(help="The kind, as `ibr rules kinds` lists it.")],
    value: Annotated[str, typer.Argument(help="The rule as JSON, for example '{\"years\": 65}'.")],
    law: Annotated[str, typer.Option(help="The law or rule that says so.")],
    since: Annotated[str | None, typer.Option("--from", help="First day; else today.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day; else until it is ended.")] = None,
) -> None:
    """Enter a rule in place of what was said for those days."""
    _, location = settings_and_database()
    try:
        read = msgspec.json.decode(value, type=dict[str, str | int | bool])
        rule = Rule(
            programme=programme,
            kind=kind,
            value=read,
            legal_reference=law,
            valid_from=date.fromisoformat(since) if since else today(),
            valid_to=date.fromisoformat(until) if until else None,
        )
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise NotUnderstood("rule.invalid", "Write the rule as `ibr rules kinds` says.") from None
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None

    async def work() -> bool:
        async with owner_transaction(location.dsn) as connection:
            return await set_rule(connection, rule, now())

    said("Entered." if wait_for(work()) else "That is said already; nothing was changed.")


@app.command("import")
@command
def import_rules(
    file: Annotated[Path, typer.Argument(help="A .json list of rules.")],
    json: Json = False,
) -> None:
    """Enter every rule of a file, or none where one is at fault."""
    _, location = settings_and_database()
    try:
        rules = msgspec.json.decode(file.read_bytes(), type=list[Rule])
    except OSError:
        raise NotUnderstood("file.unreadable", f"{file} cannot be read.") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as wrong:
        raise NotUnderstood("file.rules", f"{file}: {wrong}.") from None

    async def work() -> int:
        async with owner_transaction(location.dsn) as connection:
            return await set_all(connection, [], rules, now())

    new = wait_for(work())
    if json:
        data({"read": len(rules), "new": new})
    else:
        said(f"{len(rules)} rules read: {new} entered, {len(rules) - new} said so already.")


@app.command("end")
@command
def end_one(
    number: Annotated[int, typer.Argument(help="The rule's number.")],
    on: Annotated[str | None, typer.Option(help="The last day; else today.")] = None,
) -> None:
    """End a rule after a day."""
    _, location = settings_and_database()
    try:
        last_day = date.fromisoformat(on) if on else today()
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await end_rule(connection, number, last_day, now())

    wait_for(work())
    said(f"It ends with {last_day}.")
