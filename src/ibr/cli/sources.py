"""`ibr sources`: other registries that this one asks and listens to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ibr.calls.set_up import rules_from
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import Connection, owner_transaction
from ibr.errors import NotUnderstood
from ibr.interop.dci.source_requests import order_job
from ibr.jobs.queue import Jobs
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.sources import register_source
from ibr.sources.asked.model import Chosen, OrderKind
from ibr.sources.asked.orders import order
from ibr.sources.model import Source
from ibr.sources.register_source import LONGEST_SECRET, Agreement

app = typer.Typer(help="Other registries to ask and to listen to.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sender = Annotated[str, typer.Argument(help="sender_id of the partner that the source is.")]
Programmes = Annotated[
    list[str] | None, typer.Option("--programme", help="Only beneficiaries of this programme.")
]
Disabled = Annotated[
    bool | None,
    typer.Option("--disabled/--not-disabled", help="Only those reported so."),
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="Only those who live in this region.")
]
Former = Annotated[
    bool, typer.Option("--former", help="Also people who are no longer enrolled anywhere.")
]
_SHOWN = 20


@app.command("add")
@command
def add(
    sender_id: Sender,
    kind: Annotated[str, typer.Option(help="social, disability or civil.")],
    address: Annotated[str, typer.Option(help="Address above its /registry/… paths.")],
    token_address: Annotated[str, typer.Option(help="Where it gives bearer tokens.")],
    client_id: Annotated[str, typer.Option(help="Our client id there.")],
    purpose: Annotated[str, typer.Option(help="Purpose code of the agreement.")],
    purpose_text: Annotated[str, typer.Option(help="The purpose in words.")],
    legal_basis: Annotated[str, typer.Option(help="Law or agreement that allows it.")],
    secret_file: Annotated[
        Path | None,
        typer.Option(help="File with our client secret there, - for standard input; else asked."),
    ] = None,
    purpose_uri: Annotated[str | None, typer.Option(help="Where the code is explained.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="What may be learned; else what is usual.")
    ] = None,
    identifier_type: Annotated[str, typer.Option(help="What people are named by there.")] = "UIN",
    reg_type: Annotated[str | None, typer.Option(help="reg_type, where it is another.")] = None,
    record_type: Annotated[str | None, typer.Option(help="Kind of record asked for.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Event to subscribe to.")] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="The persons consented; say so with each search.")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="People in one message, at most.")] = 100,
    frequency: Annotated[str, typer.Option(help="When it notifies (cron).")] = "0 0 * ? * *",
    subscription_days: Annotated[int, typer.Option(help="Days of a subscription.")] = 365,
    answer_hours: Annotated[int, typer.Option(help="Hours it may take to answer.")] = 24,
    json: Json = False,
) -> None:
    """Add a source: a partner that is a registry, with the agreement to ask it."""
    settings, location = settings_and_database()
    if settings.reached_at is None:
        raise NotUnderstood(
            "source.public_url",
            "Set IBR_PUBLIC_URL first, so that other registries know where to answer.",
        )
    given = Agreement(
        sender_id=sender_id,
        kind=kind,
        address=address,
        token_address=token_address,
        client_id=client_id,
        client_secret=_secret(secret_file),
        purpose_code=purpose,
        purpose_text=purpose_text,
        purpose_uri=purpose_uri,
        legal_basis=legal_basis,
        attributes=attribute or (),
        identifier_type=identifier_type,
        reg_type=reg_type,
        record_type=record_type,
        event_type=event_type,
        consent=consent,
        batch_size=batch_size,
        frequency=frequency,
        subscription_days=subscription_days,
        answer_seconds=answer_hours * 3600,
    )
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))
    rules = rules_from(settings)

    async def work() -> Source:
        async with owner_transaction(location.dsn) as connection:
            return await register_source.add_source(connection, sealer, rules, given, now())

    added = wait_for(work())
    if json:
        data(added)
        return
    said(f"{added.name} was added as a {added.kind} registry.")
    said(f"  may tell   {', '.join(sorted(added.attributes))}")
    said(f"  answers to {settings.reached_at}/callbacks/registry/on-search and beside it")


def _secret(path: Path | None) -> str:
    """The secret from a file, from standard input or from the keyboard; never an argument, which
    others on the machine could read."""
    if path is None:
        if not sys.stdin.isatty():
            raise NotUnderstood(
                "source.secret", "Give our client secret there with --secret-file FILE, or - ."
            )
        return str(typer.prompt("Our client secret there", hide_input=True))
    try:
        text = sys.stdin.read(LONGEST_SECRET + 2) if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise NotUnderstood("file.unreadable", f"{path} cannot be read.") from None
    return text.strip()


@app.command("list")
@command
def list_sources(json: Json = False) -> None:
    """List the sources: what was asked, what was answered, what is overdue."""
    _, location = settings_and_database()

    async def work() -> list[dict[str, Any]]:
        async with owner_transaction(location.dsn) as connection:
            return await register_source.list_sources(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Sources",
        ("Sender", "Kind", "Asked", "Answered", "Open", "Overdue", "Subscriptions", "State"),
        [
            (
                each["sender_id"],
                each["kind"],
                each["asked"],
                each["answered"],
                each["open"],
                each["overdue"],
                each["active"],
                "ended" if each["ended_at"] else "busy" if each["orders"] else "ready",
            )
            for each in found
        ],
    )


@app.command("show")
@command
def show(sender_id: Sender, json: Json = False) -> None:
    """Show a source: the agreement, the newest questions, the subscriptions."""
    _, location = settings_and_database()

    async def work() -> dict[str, Any]:
        async with owner_transaction(location.dsn) as connection:
            return await register_source.show_source(connection, sender_id, _SHOWN)

    found = wait_for(work())
    if json:
        data(found)
        return
    for name in ("name", "kind", "address", "purpose_code", "purpose_text", "legal_basis"):
        said(f"  {name:<13} {found[name]}")
    said(f"  {'attributes':<13} {', '.join(found['attributes'])}")
    table(
        "Newest questions",
        ("Started", "What", "People", "Answered", "State", "Reason", "Answer due"),
        [
            (
                each["started_at"],
                each["kind"],
                each["items"],
                each["answered"],
                each["state"],
                each["reason"],
                each["due_at"] if each["state"] == "open" else None,
            )
            for each in found["questions"]
        ],
    )
    table(
        "Subscriptions",
        ("Event", "State", "How many", "About everybody", "First ends"),
        [
            (
                each["event_type"],
                each["state"],
                each["subscriptions"],
                each["about_everybody"],
                each["first_end"],
            )
            for each in found["subscriptions"]
        ],
    )


@app.command("ask")
@command
def ask(
    sender_id: Sender,
    programme: Programmes = None,
    disabled: Disabled = None,
    region: Regions = None,
    former: Former = False,
    json: Json = False,
) -> None:
    """Ask a source about beneficiaries; the answers stand on the page of each person."""
    _place(sender_id, "search", programme, disabled, region, former, everyone=False, json=json)


@app.command("subscribe")
@command
def subscribe(
    sender_id: Sender,
    programme: Programmes = None,
    disabled: Disabled = None,
    region: Regions = None,
    former: Former = False,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="All events of a civil registry; name nobody.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a source tell of changes of these beneficiaries, and of those who come later."""
    _place(sender_id, "subscribe", programme, disabled, region, former, everyone, json)


@app.command("unsubscribe")
@command
def unsubscribe(sender_id: Sender, json: Json = False) -> None:
    """End every subscription at a source."""
    _place(sender_id, "unsubscribe", None, None, None, former=False, everyone=False, json=json)


def _place(
    sender_id: str,
    kind: OrderKind,
    programme: list[str] | None,
    disabled: bool | None,
    region: list[str] | None,
    former: bool,
    everyone: bool,
    json: bool,
) -> None:
    """Takes an order in, with the job that carries it out."""
    _, location = settings_and_database()

    async def place(connection: Connection) -> int:
        source = await register_source.find_source(connection, sender_id)
        chosen = Chosen(
            programmes=await register_source.programmes_named(connection, programme or []),
            disabled=disabled,
            regions=tuple(region or ()),
            enrolled_only=not former,
            everyone=everyone,
        )
        number = await order(connection, source, kind, chosen, now())
        job, arguments, key = order_job(number)
        await Jobs.enqueue(connection, job, arguments, key=key)
        return number

    async def work() -> int:
        async with owner_transaction(location.dsn) as connection:
            return await place(connection)

    number = wait_for(work())
    if json:
        data({"order": number, "sender_id": sender_id, "what": kind})
        return
    said(f"Order {number} was taken in; the worker carries it out.")
    said(f"See how far it is: ibr sources show {sender_id}")


@app.command("end")
@command
def end(sender_id: Sender) -> None:
    """End the agreement: nothing is asked and nothing read any more. What was told stays."""
    _, location = settings_and_database()

    async def work() -> Source:
        async with owner_transaction(location.dsn) as connection:
            return await register_source.end_source(connection, sender_id, now())

    said(f"The agreement with {wait_for(work()).name} has ended.")
