"""The evidence for a finding: the check's rule, its run, the snapshot and the deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import EVIDENCE, must_hold
from ibr.asker import Asker
from ibr.audit.events import CHECKS_RUN
from ibr.audit.evidence.pack import Pack, as_json
from ibr.db.pool import Connection, Database
from ibr.errors import NotFound
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.checks.model import Period
from ibr.overlaps.findings.desk.look import one_finding
from ibr.questions.evidence import store
from ibr.questions.evidence.gather import Files, Gathered, Sought, packed, snapshot_files

_LEFT_OUT: Final = {
    "en": "Names and identifiers. Records and persons stand in it by the registry's own numbers,\n"
    "which mean nothing elsewhere.",
    "fr": "Les noms et les identifiants. Les enregistrements et les personnes y figurent par les\n"
    "numéros propres au registre, sans signification ailleurs.",
}


async def finding_evidence(database: Database, asker: Asker, finding_id: int, at: datetime) -> Pack:
    """The pack of one finding in reach; NotFound for any other, as if there were none."""
    must_hold(asker, EVIDENCE)
    found = await one_finding(database, asker, finding_id)
    programmes = [code for code in (found.programme, found.other_programme) if code]
    async with database.transaction(asker.reach, asker=asker, right=EVIDENCE) as connection:
        run = await store.check_run(connection, found.last_run)
        if run is None:
            raise NotFound("finding.unknown", "There is no such finding among your programmes.")
        files: Files = {
            "result.json": as_json(found),
            **run_files(run),
            **await snapshot_files(connection, run["snapshot_no"], programmes),
        }
    gathered = Gathered(
        of=f"finding {finding_id}",
        name=f"evidence-finding-{finding_id}",
        title={
            "en": f"Evidence for finding {finding_id}, check {found.check_code}",
            "fr": f"Preuves du constat {finding_id}, contrôle {found.check_code}",
        },
        left_out=_LEFT_OUT,
        files=files,
        events=[checks_event(run)],
    )
    return await packed(database, asker, gathered, at)


def checks_event(run: Record) -> Sought:
    """The event of the run: it holds the digests of the snapshot and of what was found."""
    return Sought(
        kinds=(CHECKS_RUN,),
        holding={"runs": {str(run["run_no"]): run["digest"].hex()}},
        since=run["started_at"],
    )


def run_files(run: Record) -> Files:
    """The rule, its parameters and the run of one check."""
    parameters = msgspec.json.decode(run["parameters"])
    return {
        "rule.json": as_json(rule_of(run, parameters)),
        "parameters.json": as_json(parameters),
        "run.json": as_json(
            {
                **{name: value for name, value in run.items() if name != "parameters"},
                "counts": msgspec.json.decode(run["counts"]),
                "digest": run["digest"].hex(),
            }
        ),
    }


def rule_of(run: Record, parameters: dict[str, Any]) -> dict[str, Any]:
    """The rule in words, with the statement that was run where the check is still that version."""
    check = BY_CODE.get(run["check_code"])
    if check is None or check.version != run["check_version"]:
        return {
            "check": run["check_code"],
            "version": run["check_version"],
            "note": "This version of the check is not in this program any more; the version of the "
            "program that ran it holds its text.",
        }
    given = msgspec.convert(parameters, check.parameters)
    return {
        "check": check.code,
        "version": check.version,
        "title": check.title,
        "about": check.about,
        "rule": check.rule,
        "safeguards": check.safeguards,
        "tables": check.tables,
        "statement": check.sql(given, Period(run["period_from"], run["period_to"])),
    }


async def runs_of(connection: Connection, numbers: list[int]) -> list[Record]:
    """These runs, those that there are."""
    found = [await store.check_run(connection, each) for each in numbers]
    return [each for each in found if each is not None]
