"""The evidence for a frozen figure: its table, the definition, the run and all it went by."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.staff.rights import COUNTRY, EVIDENCE, must_hold
from ibr.asker import Asker
from ibr.audit.events import FIGURES_FROZEN
from ibr.audit.evidence.pack import Pack, as_json
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable, digest_lines, read_period
from ibr.db.pool import Database
from ibr.errors import NotFound
from ibr.questions.evidence import store
from ibr.questions.evidence.gather import Files, Gathered, Sought, packed, snapshot_files

_LEFT_OUT: Final = {
    "en": "The records that were counted. Whoever may work on the registry itself can count them\n"
    "again from the snapshot's files while these are kept: ibr indicators run.",
    "fr": "Les enregistrements comptés. Qui peut travailler sur le registre peut les recompter à\n"
    "partir des fichiers de l'instantané tant qu'ils sont gardés : ibr indicators run.",
}


async def figure_evidence(
    database: Database,
    asker: Asker,
    indicator: str,
    period: str,
    breakdown: str,
    at: datetime,
    run_no: int | None = None,
) -> Pack:
    """The pack of one table of figures; NotFound where there is none."""
    must_hold(asker, EVIDENCE)
    must_hold(asker, COUNTRY)
    known = BY_CODE.get(indicator)
    if known is None:
        raise NotFound("figures.indicator", "There is no such indicator. See: ibr indicators list")
    read_period(period)
    programmes = asker.reach
    async with database.transaction(programmes, asker=asker, right=EVIDENCE) as connection:
        table = await read.figure_table(connection, indicator, period, breakdown, run_no)
        run = await read.one_run(connection, table.run_no)
        digests = await store.tables_of_run(connection, run.run_no)
        files: Files = {
            "result.json": as_json(_result(table, digests)),
            "result.csv": _as_csv(table),
            "rule.json": as_json(_rule(known, table)),
            "parameters.json": as_json({"sources": table.sources, "inputs": run.inputs}),
            "run.json": as_json(run),
            "tables.txt": digest_lines(digests).encode(),
        }
        if run.snapshot_no is not None:
            files |= await snapshot_files(connection, run.snapshot_no, ())
    name = f"evidence-{indicator}-{period}-run{run.run_no}"
    by = f", {breakdown}" if breakdown else ""
    gathered = Gathered(
        of=f"figure {indicator} {period}{by}",
        name="".join(each if each.isalnum() or each == "-" else "-" for each in name),
        title={
            "en": f"Evidence for a figure: {known.name.en}, {period}{by}",
            "fr": f"Preuves d'un chiffre : {known.name.fr}, {period}{by}",
        },
        left_out=_LEFT_OUT,
        files=files,
        events=[Sought(kinds=(FIGURES_FROZEN,), holding={"run": run.run_no}, since=run.started_at)],
    )
    return await packed(database, asker, gathered, at)


def _result(table: FigureTable, digests: dict[tuple[str, str, str], bytes]) -> dict[str, object]:
    sealed = digests.get((table.indicator, table.breakdown, table.period))
    return {
        **{name: getattr(table, name) for name in table.__struct_fields__},
        "sha256": None if sealed is None else sealed.hex(),
        "sha256_is_of": "the cells in the order of their keys, as MessagePack arrays of "
        "key, numerator, denominator, value, notes",
    }


def _rule(known: Indicator, table: FigureTable) -> dict[str, object]:
    return {
        "defined_as_when_frozen": known.version == table.version,
        "version_when_frozen": table.version,
        "definition_now": msgspec.to_builtins(known),
    }


def _as_csv(table: FigureTable) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((*table.dimensions, "numerator", "denominator", "value", "notes"))
    for cell in table.cells:
        notes = " ".join(cell.notes)
        writer.writerow((*cell.key, cell.numerator, cell.denominator, cell.value, notes))
    return out.getvalue().encode()
