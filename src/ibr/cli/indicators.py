"""`ibr indicators`: work out figures, freeze them, and look at them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from ibr.cli.areas import day_of
from ibr.cli.figure_files import brief_file, figure_file, save
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.cli.what_if import what_if
from ibr.clock import now
from ibr.coverage.catalogue.all import INDICATORS
from ibr.coverage.figures import read
from ibr.coverage.figures.model import Restated, Run
from ibr.coverage.reference.model import KINDS, ReferenceAmount
from ibr.coverage.reference.references import enter_reference, every_reference
from ibr.coverage.runs.folders import Folders
from ibr.coverage.runs.run import Asked, run_indicators
from ibr.db.pool import open_database, owner_transaction
from ibr.errors import NotUnderstood
from ibr.overlaps.pairs.change_pairs import programme_numbers
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.reported.values import minor_digits
from ibr.settings import Settings

app = typer.Typer(help="Figures: who is reached, who is not, what it costs.", no_args_is_help=True)
reference = typer.Typer(help="Amounts that benefits are held against.", no_args_is_help=True)
app.add_typer(reference, name="reference")
app.command("what-if")(what_if)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_WHO = "command line"


@app.command("run")
@command
def run(
    months: Annotated[
        str,
        typer.Option(help="2026-01..2026-03 or 2026-03; else every ended month without figures."),
    ] = "",
    snapshot: Annotated[
        int | None, typer.Option(help="Count a snapshot that is kept; else a new one is taken.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why months with figures are worked out again.")] = "",
    json: Json = False,
) -> None:
    """Work out the figures of months that have ended, and freeze them."""
    settings, location = settings_and_database()
    asked = Asked(months=months, snapshot_no=snapshot, reason=reason, asked_by=_WHO)

    def tell(step: str) -> None:
        if not json:
            said(step)

    ran = wait_for(_run(settings, location.dsn, asked, tell, now()))
    if json:
        data({"run": ran})
    elif ran is None:
        said("Every month that has ended has its figures. Name months to work them out again.")
    else:
        said(
            f"Run {ran.run_no} of snapshot {ran.snapshot_no}: {ran.first_month} to "
            f"{ran.last_month}, {ran.cells:,} figures in {ran.tables:,} tables, "
            f"{sum(ran.seconds.values()):.0f} s."
        )


async def _run(settings: Settings, dsn: str, asked: Asked, tell: Any, at: datetime) -> Run | None:
    database = await open_database(dsn, "ibr_worker", size=3, name="ibr indicators")
    try:
        async with database.transaction(()) as connection:
            programmes = await programme_numbers(connection)
        return await run_indicators(
            database,
            programmes,
            Sealer(open_keyring(settings.data_dir / "keys", create=False)),
            Folders.of(settings.data_dir),
            asked,
            at=at,
            tell=tell,
        )
    finally:
        await database.close()


@app.command("list")
@command
def list_indicators(json: Json = False) -> None:
    """The catalogue of indicators."""
    if json:
        data(INDICATORS)
        return
    table(
        "Indicators",
        ("code", "name", "unit", "breakdowns"),
        [
            (
                each.code,
                each.name.en,
                each.unit,
                ", ".join(part or "total" for part in each.breakdowns),
            )
            for each in INDICATORS
        ],
    )


@app.command("runs")
@command
def runs(json: Json = False) -> None:
    """The runs that froze figures, the newest first."""
    _, location = settings_and_database()
    found = wait_for(_runs(location.dsn))
    if json:
        data(found)
        return
    table(
        "Runs",
        ("run", "kind", "months", "as known at", "tables", "figures", "seconds", "why"),
        [
            (
                each.run_no,
                each.kind,
                f"{each.first_month} to {each.last_month}",
                f"{each.as_known_at:%Y-%m-%d %H:%M}",
                f"{each.tables:,}",
                f"{each.cells:,}",
                f"{sum(each.seconds.values()):.0f}",
                each.reason,
            )
            for each in found
        ],
    )


async def _runs(dsn: str) -> list[Run]:
    async with owner_transaction(dsn) as connection:
        return await read.runs(connection)


@app.command("restated")
@command
def restated(
    run_no: Annotated[int | None, typer.Option("--run", help="Only of this run.")] = None,
    period: Annotated[str | None, typer.Option(help="Only of this month or year.")] = None,
    json: Json = False,
) -> None:
    """Figures that were stated anew: what changed, and why."""
    _, location = settings_and_database()
    found = wait_for(_restated(location.dsn, run_no, period))
    if json:
        data(found)
        return
    table(
        "Stated anew",
        ("run", "indicator", "period", "by", "changed", "before", "now", "largest change", "why"),
        [
            (
                each.run_no,
                each.indicator,
                each.period,
                each.breakdown or "total",
                f"{each.cells_changed} of {each.cells}",
                each.value_before,
                each.value_after,
                each.largest_change,
                " ".join(each.why),
            )
            for each in found
        ],
    )


async def _restated(dsn: str, run_no: int | None, period: str | None) -> list[Restated]:
    async with owner_transaction(dsn) as connection:
        return await read.restated(connection, run_no, period)


@app.command("show")
@command
def show(
    code: Annotated[str, typer.Argument(help="As C2. See: ibr indicators list")],
    period: Annotated[
        str, typer.Option(help="A month as 2026-10, or a year; else the newest.")
    ] = "",
    breakdown: Annotated[str, typer.Option("--by", help="As area1*sex; else the total.")] = "",
    form: Annotated[str, typer.Option(help="csv, json, xlsx, parquet or sdmx.")] = "csv",
    to: Annotated[Path | None, typer.Option(help="Write here; else to the terminal.")] = None,
    language: Annotated[str, typer.Option(help="en or fr.")] = "en",
) -> None:
    """Frozen figures of an indicator, exact: for use inside the ministry."""
    _, location = settings_and_database()
    query = {"indicator": code, "breakdown": breakdown} | ({"period": period} if period else {})
    made = wait_for(figure_file(location.dsn, query, form, language))
    save(made.pieces, made.name, to)


@app.command("brief")
@command
def brief(
    area: Annotated[str, typer.Option(help="Code of an area; else the country.")] = "",
    period: Annotated[str, typer.Option(help="A month as 2026-10; else the newest.")] = "",
    to: Annotated[Path | None, typer.Option(help="Write here; else beside you.")] = None,
    language: Annotated[str, typer.Option(help="en or fr.")] = "en",
) -> None:
    """A brief of two pages in PDF, exact: for use inside the ministry."""
    _, location = settings_and_database()
    name, content = wait_for(brief_file(location.dsn, area, period, language))
    save(iter([content]), name, to or Path(name))


@reference.command("add")
@command
def add_reference(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    amount: Annotated[str, typer.Argument(help="For one month, as 3252.00 KES.")],
    since: Annotated[str, typer.Option("--from", help="First day, as 2026-01-01.")],
    source: Annotated[str, typer.Option(help="Who published it, and where.")],
    json: Json = False,
) -> None:
    """Enter a reference amount; it counts from its day until a newer one does."""
    _, location = settings_and_database()
    entered = wait_for(_add_reference(location.dsn, kind, amount, since, source))
    if json:
        data(entered)
    else:
        said(f"{entered.kind} of {entered.valid_from}: {_amount(entered)} a month.")


async def _add_reference(
    dsn: str, kind: str, amount: str, since: str, source: str
) -> ReferenceAmount:
    day = day_of(since)
    if day is None:
        raise NotUnderstood("reference.day", "Say from which day it counts, as 2026-01-01.")
    async with owner_transaction(dsn) as connection:
        return await enter_reference(
            connection, kind, amount, day, source, entered_by=_WHO, at=now()
        )


@reference.command("list")
@command
def list_references(json: Json = False) -> None:
    """The amounts that were entered."""
    _, location = settings_and_database()
    found = wait_for(_references(location.dsn))
    if json:
        data(found)
        return
    table(
        "Reference amounts",
        ("kind", "a month", "from", "source", "entered by"),
        [
            (each.kind, _amount(each), each.valid_from, each.source, each.entered_by)
            for each in found
        ],
    )


async def _references(dsn: str) -> list[ReferenceAmount]:
    async with owner_transaction(dsn) as connection:
        return await every_reference(connection)


def _amount(each: ReferenceAmount) -> str:
    digits = minor_digits(each.currency) or 0
    return f"{Decimal(each.minor).scaleb(-digits):,} {each.currency}"
