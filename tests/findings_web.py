"""Findings and programme pairs in the pages' small country."""

from __future__ import annotations

import asyncpg

from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.model import Check
from tests import people_web

CHECK: Check = CHECKS[0]
MARKUP = "<script>alert(1)</script>"


async def with_findings(dsn: str) -> list[int]:
    """Three findings: of OAP about the known person, of OAP beside PWD, of WORK; their numbers."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        snapshot = await connection.fetchval(
            "insert into snapshot (as_known_at, through_change, files, rows, vintages) values "
            "($1, 7, '{}', '{}', $2) returning snapshot_no",
            people_web.NOW,
            '{"programmes": {"OAP": {"delivered_at": "2026-11-05T08:00:00Z", "cycle": "2026-10"}, '
            '"WORK": {"delivered_at": null, "cycle": null}}, "sources": {}}',
        )
        run = await connection.fetchval(
            "insert into check_run (snapshot_no, check_code, check_version, parameters, "
            "period_from, period_to, state, digest, started_at, finished_at) values ($1, $2, $3, "
            "'{}', '2025-12-01', '2026-11-22', 'done', '', $4, $4) returning run_no",
            snapshot,
            CHECK.code,
            CHECK.version,
            people_web.NOW,
        )
        codes = await connection.fetch("select code, programme_id from programme")
        of = {row["code"]: row["programme_id"] for row in codes}
        known = await connection.fetchval(
            "select record_id from beneficiary_record where programme_id = $1 "
            "order by record_id desc limit 1",
            of["OAP"],
        )
        numbers = []
        for number, (programme, other, severity, version, facts) in enumerate(
            (
                ("OAP", None, 3, CHECK.version, FACTS),
                ("OAP", "PWD", 2, CHECK.version, FACTS),
                ("WORK", None, 1, CHECK.version + 100, f'{{"programme": "{MARKUP}"}}'),
            )
        ):
            numbers.append(
                await connection.fetchval(
                    "insert into finding (check_code, same_as, check_version, severity, "
                    "programme_id, other_programme, record_id, facts, first_day, last_day, "
                    "money_minor, currency, first_run, last_run, found_at) values ($1, $2, $3, "
                    "$4, $5, $6, $7, $8, '2026-05-01', '2026-06-30', 40000, 'KES', $9, $9, $10) "
                    "returning finding_id",
                    CHECK.code,
                    bytes([number]),
                    version,
                    severity,
                    of[programme],
                    of.get(other or ""),
                    known if number == 0 else None,
                    facts,
                    run,
                    people_web.NOW,
                )
            )
        return numbers
    finally:
        await connection.close()


# What the first check's sentence is made of.
FACTS = (
    '{"programme": "OAP", "since": "2025-01-04", "again": "2026-03-01", "first": "2026-05-01", '
    '"last": "2026-06-30", "payments": 2, "money": 40000, "currency": "KES"}'
)


async def emptied(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        for table in (
            *("finding", "check_exemption", "check_run", "enrolled_people", "snapshot"),
            "programme_pair",
        ):
            await connection.execute(f"delete from {table}")
    finally:
        await connection.close()
