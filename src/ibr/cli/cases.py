"""`ibr cases`: what becomes of findings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from ibr.asker import Asker
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.errors import NotUnderstood
from ibr.overlaps.cases.desk.by_command import (
    assign_by_number,
    operator,
    outline,
    programme_of,
)
from ibr.overlaps.cases.desk.look import VIEWS, View, Wanted, cases
from ibr.overlaps.cases.figures.look import Line, figures, is_hidden
from ibr.overlaps.cases.model import STATES
from ibr.overlaps.cases.opening.keep import keep_cases
from ibr.overlaps.cases.terms import set_terms, terms_from
from ibr.overlaps.checks.catalogue import BY_CODE

app = typer.Typer(help="What becomes of findings.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
R = TypeVar("R")


def _with_database(work: Callable[[Database, Asker], Awaitable[R]]) -> R:
    _, location = settings_and_database()

    async def run() -> R:
        database = await open_database(location.dsn, "ibr_worker", size=2, name="ibr cases")
        try:
            return await work(database, await operator(database))
        finally:
            await database.close()

    return wait_for(run())


@app.command("list")
@command
def list_cases(
    view: Annotated[
        str,
        typer.Option(
            help="open, overdue, due, unassigned, to_approve, on_hold or closed.",
        ),
    ] = "open",
    programme: Annotated[str | None, typer.Option(help="Only this programme's, by code.")] = None,
    check: Annotated[str | None, typer.Option(help="Only with this check, as K06.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Fifty a page.")] = 1,
    json: Json = False,
) -> None:
    """List cases, the most pressing first. Nobody's name is shown."""
    if view not in VIEWS or (state is not None and state not in STATES):
        raise NotUnderstood(
            "case.filter", f"Views are {', '.join(VIEWS)}; states are {', '.join(STATES)}."
        )
    chosen: View = view

    async def work(database: Database, asker: Asker) -> Any:
        wanted = Wanted(view=chosen, check=check, state=state)
        if programme is not None:
            async with database.transaction(()) as connection:
                found = await programme_of(connection, programme)
            wanted = msgspec.structs.replace(wanted, programme_id=found.programme_id)
        return await cases(database, asker, wanted, page, now())

    found = _with_database(work)
    if json:
        data([msgspec.to_builtins(line.case) for line in found.lines])
        return
    table(
        f"Cases ({found.total}, page {found.page} of {found.pages})",
        ("Case", "Programme", "Checks", "State", "Due", "Officer", "Late"),
        [
            (
                line.case.case_id,
                found.programmes[line.case.programme_id].code,
                " ".join(line.case.checks),
                line.case.state,
                _day(line.case.due_at),
                line.officer_name,
                "late" if line.case.overdue(now()) else "",
            )
            for line in found.lines
        ],
    )


@app.command("show")
@command
def show(
    number: Annotated[int, typer.Argument(help="The number of the case.")], json: Json = False
) -> None:
    """Show one case: its findings and steps. No name, note or letter is opened."""
    found = _with_database(lambda database, asker: outline(database, asker, number))
    if json:
        plain: dict[str, Any] = msgspec.to_builtins(found)
        data(plain)
        return
    case = found.case
    said(f"Case {case.case_id} of {found.programme}: {case.state}, due {_day(case.due_at) or '–'}")
    for each in found.findings:
        check = BY_CODE.get(each.check_code)
        words = check.explain(each.facts, str) if check else "The check is no longer in use."
        said(f"  {each.check_code} version {each.check_version}: {words}")
    table(
        "Steps",
        ("Step", "When", "What", "Reason", "State", "By", "Evidence"),
        [
            (
                step.step_no,
                _moment(step.at),
                step.action,
                step.reason_code,
                step.to_state,
                step.actor_name or step.actor_kind,
                step.evidence.hex()[:12],
            )
            for step in found.steps
        ],
    )


@app.command("assign")
@command
def assign(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of cases, at most 500.")],
    to: Annotated[
        str | None, typer.Option(help="E-mail address of the officer; without it the programme.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand cases out."""
    settings, _ = settings_and_database()
    terms = terms_from(settings)
    done, left = _with_database(
        lambda database, asker: assign_by_number(
            database, asker, numbers, to, at=now(), terms=terms
        )
    )
    if json:
        data({"assigned": done, "left": left})
        return
    said(f"{done} assigned" + (f", {left} left as they are." if left else "."))


@app.command("keep")
@command
def keep(json: Json = False) -> None:
    """Open cases from findings, end holds and appeal times now; the worker does it by itself."""
    settings, _ = settings_and_database()
    terms = terms_from(settings)
    done = _with_database(lambda database, asker: keep_cases(database, asker.reach, now(), terms))
    if json:
        data(msgspec.to_builtins(done))
        return
    said(", ".join(f"{value} {name}" for name, value in msgspec.structs.asdict(done).items()))


@app.command("stats")
@command
def stats(json: Json = False) -> None:
    """How often checks are right, whom they trouble for nothing, what was truly saved."""
    found = _with_database(lambda database, asker: figures(database, asker, now()))
    if json:
        plain: dict[str, Any] = msgspec.to_builtins(found, enc_hook=str)
        data(plain)
        return
    said(
        f"{found.whole.open} open, {found.overdue} overdue; {found.whole.decided} decided, "
        f"{found.whole.confirmed} confirmed; {found.appeals} appeals, {found.overturned} overturned"
    )
    said(
        f"On hold now: {found.held_now}; days in all: {found.held_days or 0:.1f}; held and nothing "
        f"confirmed: {found.held_wrongly}"
    )
    for sums in found.money:
        said(f"Verified savings: {sums.saved} minor units of {sums.currency}")
    columns = ("What", "Cases", "Decided", "Confirmed", "Precision", "Overturned")
    table(
        "By check and version",
        columns,
        [(f"{each.which} v{each.version}", *_cells(each)) for each in found.checks],
    )
    for what, lines in found.groups.items():
        table(
            f"By {what}",
            (*columns, "Enrolled", "Per 1,000", "Against all"),
            [(each.which or "–", *_cells(each), *_against(each)) for each in lines],
        )


@app.command("terms")
@command
def terms(
    programme: Annotated[str, typer.Argument(help="Code of the programme.")],
    hold_days: Annotated[
        int | None, typer.Option(help="Longest hold, 0 for none; never above the setting.")
    ] = None,
    information_days: Annotated[int | None, typer.Option(help="Time to answer.")] = None,
    appeal_days: Annotated[int | None, typer.Option(help="Time to appeal.")] = None,
) -> None:
    """Give a programme terms of its own; what is left out is as everywhere."""

    async def work(database: Database, asker: Asker) -> None:
        async with database.transaction(asker.reach) as connection:
            await set_terms(
                connection,
                programme,
                hold_days=hold_days,
                information_days=information_days,
                appeal_days=appeal_days,
                at=now(),
            )

    _with_database(work)
    said(f"Programme {programme} has these terms now.")


def _cells(line: Line) -> tuple[object, ...]:
    return (
        line.opened,
        line.decided,
        line.confirmed,
        "" if line.precision is None else f"{line.precision:.0%}",
        "" if line.overturned is None or is_hidden(line.overturned) else line.overturned,
    )


def _against(line: Line) -> tuple[object, ...]:
    return (
        "" if line.persons is None else line.persons,
        "" if line.rate is None else f"{line.rate:.1f}",
        "" if line.ratio is None else f"{line.ratio:.1f}",
    )


def _day(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d") if moment else ""


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
