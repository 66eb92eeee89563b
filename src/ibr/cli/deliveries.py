"""`ibr deliveries`: what was sent, what waits for a look, what counts no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer

from ibr.access.staff.rights import DELIVERIES, DELIVERY_RELEASE
from ibr.asker import Asker, Purpose
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.deliveries.checks.words import sentence
from ibr.deliveries.model import STATES
from ibr.deliveries.report.model import DeliveryFilter
from ibr.errors import NotFound, NotUnderstood
from ibr.intake.decide_delivery import decide_delivery, effect_of_void, limits_of, set_limits
from ibr.questions.reporting import deliveries, one_delivery, programmes_by_code

app = typer.Typer(help="Deliveries of programmes.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(help="Number of the delivery.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the delivery.")]
R = TypeVar("R")
_SOON: Final = "The worker does it within a minute; `ibr deliveries show` says when it is done."


def _with_database(work: Callable[[Database, Asker], Awaitable[R]]) -> R:
    _, location = settings_and_database()

    async def run() -> R:
        database = await open_database(location.dsn, "ibr_worker", size=2, name="ibr deliveries")
        try:
            return await work(database, await _operator(database))
        finally:
            await database.close()

    return wait_for(run())


async def _operator(database: Database) -> Asker:
    """Whoever runs the registry: every programme, no person."""
    return Asker(
        kind="registry",
        id=0,
        name="The registry",
        purpose=Purpose("official_duty"),
        ask=frozenset((await programmes_by_code(database)).values()),
        scopes=frozenset({DELIVERIES, DELIVERY_RELEASE}),
    )


async def _programme(database: Database, code: str | None) -> int | None:
    if code is None:
        return None
    found = (await programmes_by_code(database)).get(code)
    if found is None:
        raise NotFound("programme.unknown", "There is no programme of that code.")
    return found


@app.command("list")
@command
def list_deliveries(
    state: Annotated[str | None, typer.Option(help=", ".join(STATES) + ".")] = None,
    programme: Annotated[str | None, typer.Option(help="Only about this one, by code.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Twenty-five a page.")] = 1,
    json: Json = False,
) -> None:
    """List deliveries, the newest first."""
    if state is not None and state not in STATES:
        raise NotUnderstood("delivery.filter", f"States are {', '.join(STATES)}.")

    async def work(database: Database, asker: Asker) -> Any:
        wanted = DeliveryFilter(programme_id=await _programme(database, programme), state=state)
        return await deliveries(database, asker, wanted, page)

    found = _with_database(work)
    if json:
        data(found.deliveries)
        return
    codes = {each.programme_id: each.code for each in found.programmes}
    table(
        f"Deliveries, page {found.page} of {found.pages}",
        ["no.", "received", "from", "programmes", "cycle", "seq.", "mode", "state", "records"],
        [
            (
                each.delivery_id,
                f"{each.received_at:%Y-%m-%d %H:%M}",
                each.partner_name,
                ", ".join(codes.get(one, "?") for one in each.programme_ids),
                each.cycle,
                each.sequence,
                each.mode,
                each.state,
                each.records,
            )
            for each in found.deliveries
        ],
    )


@app.command("show")
@command
def show_delivery(number: Number, json: Json = False) -> None:
    """Show one delivery: what its sender says, what it adds up to, what was done with it."""

    async def work(database: Database, asker: Asker) -> Any:
        return await one_delivery(database, asker, number, 1)

    found = _with_database(work)
    if json:
        data(
            {
                "delivery": found.delivery,
                "found": found.found,
                "acts": found.acts,
                "refused_codes": dict(found.refused_codes),
            }
        )
        return
    one = found.delivery
    said(f"Delivery {one.delivery_id} from {one.partner_name}: {one.state}")
    said(f"Cycle {one.cycle or '-'}, number {one.sequence or '-'}, mode {one.mode}")
    said(f"{one.records} records merged so far, {one.refused} of them set aside")
    for each in found.found:
        said(f"It adds up to {each.records} records of {each.people} people, {each.known} known")
    for anomaly in one.anomalies:
        said(f"{'Held' if anomaly.level == 'hold' else 'Noted'}: {sentence(anomaly)}")
    for act in found.acts:
        said(f"{act.at:%Y-%m-%d %H:%M} {act.kind} by {act.by_name}: {act.reason or '-'}")


def _decided(number: int, act: str, reason: str, words: str) -> None:
    async def work(database: Database, asker: Asker) -> None:
        await decide_delivery(database, asker, number, act, reason, now())

    _with_database(work)
    said(f"{words} {_SOON}")


@app.command("release")
@command
def release_delivery(number: Number, reason: Reason) -> None:
    """Let a held delivery go: it is merged as if it were like the others."""
    _decided(number, "release", reason, f"Delivery {number} is let go.")


@app.command("refuse")
@command
def refuse_delivery(number: Number, reason: Reason) -> None:
    """Do not take a held delivery in; its sender reads the reason."""
    _decided(number, "refuse", reason, f"Delivery {number} is not taken in.")


@app.command("void")
@command
def void_delivery(
    number: Number,
    reason: Reason,
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what would change, and change nothing.")
    ] = False,
) -> None:
    """Let a delivery count no more: its records become what the other deliveries say."""
    if preview:

        async def look(database: Database, asker: Asker) -> Any:
            return await effect_of_void(database, asker, number)

        data(_with_database(look))
        return
    _decided(number, "void", reason, f"Delivery {number} is to be voided.")


@app.command("reinstate")
@command
def reinstate_delivery(number: Number, reason: Reason) -> None:
    """Let a voided delivery count again."""
    _decided(number, "reinstate", reason, f"Delivery {number} is to count again.")


@app.command("limits")
@command
def limits(
    programme: Annotated[str, typer.Argument(help="Code of the programme.")],
    change: Annotated[
        list[str] | None, typer.Option("--set", help="A limit, as records=0.8 or gap=hold.")
    ] = None,
    json: Json = False,
) -> None:
    """Show, or with --set change, from when on a delivery of a programme is held."""
    changes = dict(_one_limit(each) for each in change or [])

    async def work(database: Database, asker: Asker) -> Any:
        number = await _programme(database, programme)
        assert number is not None
        if changes:
            return await set_limits(database, asker, number, changes, now())
        return await limits_of(database, asker, number)

    found = msgspec.structs.asdict(_with_database(work))
    if json:
        data(found)
        return
    table(f"Limits of {programme}", ["limit", "value"], list(found.items()))


def _one_limit(text: str) -> tuple[str, object]:
    """`records=0.8` as a name and a number, a word, or None for `off` of a share."""
    name, sign, value = text.partition("=")
    if not sign:
        raise NotUnderstood("delivery.limit", "Write a limit as records=0.8 or gap=hold.")
    try:
        return name, int(value) if value.isdigit() else float(value)
    except ValueError:
        return name, None if value == "none" else value
