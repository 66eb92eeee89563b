"""`ibr audit evidence`: packs for auditors, of a figure, a finding or a case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ibr.access.staff.rights import COUNTRY, EVIDENCE, FINDINGS
from ibr.asker import Asker
from ibr.audit.evidence.pack import Pack
from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.errors import NotUnderstood
from ibr.overlaps.cases.desk.by_command import operator
from ibr.questions.evidence.of_case import case_evidence
from ibr.questions.evidence.of_figure import figure_evidence
from ibr.questions.evidence.of_finding import finding_evidence

app = typer.Typer(help="A zip with all that proves a result.", no_args_is_help=True)

Out = Annotated[Path | None, typer.Option(help="The file to write; named by what it is of.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Make = Callable[[Database, Asker], Awaitable[Pack]]


@app.command("figure")
@command
def figure(
    indicator: Annotated[str, typer.Argument(help="Code of the indicator.")],
    period: Annotated[str, typer.Argument(help="Month or year, for example 2026-10.")],
    by: Annotated[str, typer.Option(help="Breakdown, for example sex; without it the total.")] = "",
    run: Annotated[int | None, typer.Option(help="As it counted after this run.")] = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Everything that proves a frozen figure."""

    async def make(database: Database, asker: Asker) -> Pack:
        return await figure_evidence(database, asker, indicator, period, by, now(), run)

    _write(make, out, json=json)


@app.command("finding")
@command
def finding(
    number: Annotated[int, typer.Argument(help="Number of the finding.")],
    out: Out = None,
    json: Json = False,
) -> None:
    """Everything that proves what a check found."""

    async def make(database: Database, asker: Asker) -> Pack:
        return await finding_evidence(database, asker, number, now())

    _write(make, out, json=json)


@app.command("case")
@command
def case(
    number: Annotated[int, typer.Argument(help="Number of the case.")],
    out: Out = None,
    json: Json = False,
) -> None:
    """Everything that proves what was decided in a case, and by whom."""

    async def make(database: Database, asker: Asker) -> Pack:
        return await case_evidence(database, asker, number, now())

    _write(make, out, json=json)


def _write(make: Make, out: Path | None, *, json: bool) -> None:
    _, location = settings_and_database()

    async def work() -> Pack:
        database = await open_database(location.dsn, "ibr_app", size=2, name="ibr audit")
        try:
            asker = await operator(database)
            scopes = asker.scopes | {EVIDENCE, COUNTRY, FINDINGS}
            return await make(database, msgspec.structs.replace(asker, scopes=scopes))
        finally:
            await database.close()

    pack = wait_for(work())
    path = out or Path(f"{pack.name}.zip")
    try:
        with path.open("xb") as file:
            file.write(pack.zipped())
    except OSError:
        raise NotUnderstood(
            "audit.export_exists", "The file exists already or cannot be written. Choose another."
        ) from None
    if json:
        data({"file": str(path), "of": pack.of, "sha256": pack.digest, "files": sorted(pack.files)})
    else:
        said(f"{path}: {len(pack.files)} files about {pack.of}.")
        said("README.txt (LISEZMOI.txt) in it says how to verify them.")
