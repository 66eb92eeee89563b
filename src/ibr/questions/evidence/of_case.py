"""The evidence for what was decided in a case: its findings, every step, and who took it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.access.staff.rights import CASES, EVIDENCE, must_hold
from ibr.asker import Asker
from ibr.audit.events import CASE_MONEY, CASE_STEP
from ibr.audit.evidence.pack import Pack, as_json
from ibr.db.pool import Database
from ibr.overlaps.cases.desk.by_command import Outline, outline
from ibr.overlaps.findings.desk.look import one_finding
from ibr.questions.evidence.gather import Files, Gathered, Sought, packed, snapshot_files
from ibr.questions.evidence.of_finding import checks_event, run_files, runs_of

_LEFT_OUT: Final = {
    "en": "Names, notes and the text of letters: they are sealed, and who may open the case reads\n"
    "them there. Steps name officers by number.",
    "fr": "Les noms, les notes et le texte des lettres : ils sont scellés, et qui peut ouvrir le\n"
    "dossier les y lit. Les étapes désignent les agents par leur numéro.",
}


async def case_evidence(database: Database, asker: Asker, case_id: int, at: datetime) -> Pack:
    """The pack of one case in reach; NotFound for any other, as if there were none."""
    must_hold(asker, EVIDENCE)
    must_hold(asker, CASES)
    found = await outline(database, asker, case_id)
    seen = [await one_finding(database, asker, each.finding_id) for each in found.findings]
    runs = sorted({each.last_run for each in seen})
    files: Files = {
        "result.json": as_json(_result(found)),
        "steps.json": as_json([_step(each) for each in found.steps]),
    }
    events = [
        Sought(
            kinds=(CASE_STEP, CASE_MONEY),
            holding={"case": case_id},
            since=found.case.opened_at,
        )
    ]
    async with database.transaction(asker.reach, asker=asker, right=EVIDENCE) as connection:
        for run in await runs_of(connection, runs):
            folder = f"check-{run['check_code']}-run{run['run_no']}"
            own = run_files(run) | await snapshot_files(
                connection, run["snapshot_no"], [found.programme]
            )
            files |= {f"{folder}/{name}": content for name, content in own.items()}
            events.append(checks_event(run))
    gathered = Gathered(
        of=f"case {case_id}",
        name=f"evidence-case-{case_id}",
        title={
            "en": f"Evidence for case {case_id}, programme {found.programme}",
            "fr": f"Preuves du dossier {case_id}, programme {found.programme}",
        },
        left_out=_LEFT_OUT,
        files=files,
        events=events,
    )
    return await packed(database, asker, gathered, at)


def _result(found: Outline) -> dict[str, object]:
    return {
        "programme": found.programme,
        "case": found.case,
        "findings": found.findings,
    }


def _step(step: msgspec.Struct) -> dict[str, object]:
    fields = {name: getattr(step, name) for name in step.__struct_fields__}
    for name in ("note", "actor_name"):
        fields.pop(name)
    return {**fields, "evidence": fields["evidence"].hex()}
