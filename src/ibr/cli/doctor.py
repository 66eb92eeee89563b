"""`ibr doctor`: everything the registry needs, looked at and told in plain words."""

from __future__ import annotations

from typing import Annotated, Literal

import asyncpg
import typer

from ibr.cli.show import data, said, wait_for
from ibr.clock import now
from ibr.db.embedded import find_or_start
from ibr.db.pool import connect_as_owner
from ibr.errors import RegistryError
from ibr.interop.dci.keys import KEYS, days_until_a_year, own_keys
from ibr.operation.doctor.database import look_at_database
from ibr.operation.doctor.machine import look_at_machine
from ibr.operation.doctor.model import Finding, wrong
from ibr.settings import Settings, read_settings, variables_given

_MARKS = {"well": "well    ", "care": "BETTER  ", "wrong": "NOT WELL"}


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look at everything the registry needs and say what is wrong with it."""
    findings = look()
    if json:
        data([_shown(each) for each in findings])
    else:
        for each in findings:
            said(f"{_MARKS[each.state]}  {each.what}: {each.found}")
            if each.state != "well":
                said(f"          Why it matters: {each.why}")
                said(f"          What to do: {each.do}")
    if not all(each.is_well for each in findings):
        raise typer.Exit(1)


def look() -> list[Finding]:
    """What was looked at, one after the other; what fails is a finding too and ends nothing."""
    try:
        settings = read_settings()
    except RegistryError as refused:
        return [
            wrong(
                "settings",
                refused.message,
                "The registry does not start with a setting that it cannot read.",
                "Correct the variable. docs/reference/settings.md lists all of them.",
            )
        ]
    findings = list(look_at_machine(settings, variables_given(), now()))
    try:
        location = find_or_start(settings)
        findings += wait_for(_database(settings, location.dsn, location.kind == "embedded"))
    except RegistryError as refused:
        findings.append(
            wrong(
                "database",
                refused.message,
                "Without it nothing can be answered and nothing stored.",
                "Start it, or correct IBR_DATABASE_URL.",
            )
        )
    return findings


async def _database(settings: Settings, dsn: str, embedded: bool) -> list[Finding]:
    connection = await connect_as_owner(dsn)
    try:
        kind: Literal["own", "embedded"] = "embedded" if embedded else "own"
        found = look_at_database(connection, settings, kind, now(), _key_days)
        return [each async for each in found]
    finally:
        await connection.close()


async def _key_days(connection: asyncpg.Connection) -> dict[str, int | None]:
    at = now()
    days = days_until_a_year(await own_keys(connection, at), at)
    return {use: days.get(use) for use in KEYS}


def _shown(finding: Finding) -> dict[str, object]:
    return {
        "what": finding.what,
        "well": finding.is_well,
        "state": finding.state,
        "words": finding.found,
        "why": finding.why,
        "do": finding.do,
    }
