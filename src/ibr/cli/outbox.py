"""`ibr outbox`: promised messages: which wait or were given up, and sending them again."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.outbox.desk import look, send_again
from ibr.outbox.model import Kind, Listed, State
from ibr.outbox.outcomes import in_words

app = typer.Typer(
    help="Promised messages to partners: see, send again, replay.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Partner = Annotated[str | None, typer.Option("--partner", help="Only this sender_id's.")]
OfKind = Annotated[str | None, typer.Option("--kind", help="Only of this action, as notify.")]
Name = Annotated[str, typer.Argument(help="Its number, or its message_id.")]

_NOTHING_DONE = 3
_SHOWN = "%Y-%m-%d %H:%M:%S UTC"


@app.command("list")
@command
def list_messages(
    state: Annotated[
        list[str] | None,
        typer.Option(help="dead (the default), waiting, delivered or withdrawn; may be repeated."),
    ] = None,
    partner: Partner = None,
    kind: OfKind = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    json: Json = False,
) -> None:
    """List messages, the newest first; those that were given up unless another state is named."""
    _, location = settings_and_database()
    states = _states(state or ["dead"])
    kind_read = _kind(kind)

    async def work() -> list[Listed]:
        async with owner_transaction(location.dsn) as connection:
            return await look.listed(
                connection, states=states, partner=partner, kind=kind_read, most=most
            )

    found = wait_for(work())
    if json:
        data([_plain(each) for each in found])
    else:
        table(
            "Messages",
            ("No.", "To", "Kind", "State", "Tries", "Last outcome", "Next try", "Promised"),
            [_row(each) for each in found],
        )


@app.command("show")
@command
def show(name: Name, json: Json = False) -> None:
    """Show one message: everything but what it says."""
    _, location = settings_and_database()

    async def work() -> Listed:
        async with owner_transaction(location.dsn) as connection:
            return await look.one(connection, name)

    found = wait_for(work())
    if json:
        data(_plain(found))
        return
    for what, value in _plain(found).items():
        said(f"{what:14} {'' if value is None else value}")


@app.command("resend")
@command
def resend(
    name: Annotated[
        str | None, typer.Argument(help="Its number or message_id; without one, see --all-of.")
    ] = None,
    all_of: Annotated[
        str | None, typer.Option("--all-of", help="All that were given up of this sender_id.")
    ] = None,
    json: Json = False,
) -> None:
    """Send a message that was given up again, or all of a partner: the same message once more.

    Exit code 3 when the partner has none that can be sent.
    """
    _, location = settings_and_database()
    if (name is None) == (all_of is None):
        raise NotUnderstood(
            "outbox.resend", "Name one message, or all of a partner's with --all-of SENDER_ID."
        )

    async def work() -> int:
        async with owner_transaction(location.dsn) as connection:
            if all_of is not None:
                return await send_again.send_all_again(connection, None, all_of)
            await send_again.send_one_again(connection, None, name or "")
            return 1

    count = wait_for(work())
    if json:
        data({"again": count})
    else:
        said(f"{_messages(count)} will be sent again.")
    if not count:
        raise typer.Exit(_NOTHING_DONE)


@app.command("replay")
@command
def replay(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id.")],
    after: Annotated[
        str,
        typer.Option(
            help="The last message it has: header.meta.sequence, or a message_id. 0 for all kept."
        ),
    ],
    kind: OfKind = None,
    json: Json = False,
) -> None:
    """Send every delivered message of a partner beyond one again, for a partner that lost them.

    Exit code 3 when there is none that can be sent.
    """
    _, location = settings_and_database()
    kind_read = _kind(kind)

    async def work() -> send_again.Replayed:
        async with owner_transaction(location.dsn) as connection:
            return await send_again.replay(connection, None, sender_id, after=after, kind=kind_read)

    done = wait_for(work())
    if json:
        data(done)
    else:
        said(f"{_messages(done.again)} will be sent again.")
        if done.dropped:
            said(f"{_messages(done.dropped)} beyond it not kept any more (IBR_CALLBACK_DAYS).")
    if not done.again:
        raise typer.Exit(_NOTHING_DONE)


def _messages(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


def _states(given: list[str]) -> list[State]:
    known = get_args(State)
    for each in given:
        if each not in known:
            raise NotUnderstood("outbox.state", f"A state is one of {', '.join(known)}.")
    return [each for each in known if each in given]


def _kind(given: str | None) -> Kind | None:
    known: dict[str, Kind] = {each: each for each in get_args(Kind)}
    if given is not None and given not in known:
        raise NotUnderstood("outbox.kind", f"A kind is one of {', '.join(known)}.")
    return known[given] if given is not None else None


def _row(message: Listed) -> tuple[object, ...]:
    waits = message.state == "waiting"
    return (
        message.message_no,
        message.partner,
        message.kind,
        message.state,
        message.attempts,
        in_words(message.last_outcome),
        message.due_at.strftime(_SHOWN) if waits else "",
        message.made_at.strftime(_SHOWN),
    )


def _plain(message: Listed) -> dict[str, object]:
    return {
        "message_no": message.message_no,
        "partner": message.partner,
        "kind": message.kind,
        "state": message.state,
        "attempts": message.attempts,
        "last_outcome": message.last_outcome,
        "in_words": in_words(message.last_outcome),
        "address": message.address,
        "message_id": message.message_id,
        "transaction_id": message.transaction_id,
        "due_at": message.due_at.isoformat() if message.state == "waiting" else None,
        "made_at": message.made_at.isoformat(),
        "settled_at": message.settled_at.isoformat() if message.settled_at else None,
        "kept": message.kept,
    }
