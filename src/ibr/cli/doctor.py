"""`ibr doctor`: settings, database, keys and clocks, in plain words."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.cli.show import data, said, wait_for
from ibr.clock import now
from ibr.db.embedded import find_or_start
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.db.safety import refuse_unsafe
from ibr.errors import RegistryError
from ibr.protection.keyring import open_keyring
from ibr.settings import Settings, read_settings

Finding = tuple[str, bool, str]


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look at everything the registry needs and say what is wrong with it."""
    findings = look()
    if json:
        data([{"what": what, "well": well, "words": words} for what, well, words in findings])
    else:
        for what, well, words in findings:
            said(f"{'well   ' if well else 'NOT WELL'}  {what}: {words}")
    if not all(well for _, well, _ in findings):
        raise typer.Exit(1)


def look() -> list[Finding]:
    """What was looked at, whether it is well, and in which words."""
    try:
        settings = read_settings()
    except RegistryError as wrong:
        return [("settings", False, wrong.message)]
    findings: list[Finding] = [
        ("settings", True, f"{settings.profile}, data in {settings.data_dir.absolute()}")
    ]
    findings.append(_keyring(settings))
    try:
        location = find_or_start(settings)
        kind = "embedded" if location.kind == "embedded" else "own"
        findings += wait_for(_database(location.dsn, kind))
    except RegistryError as wrong:
        findings.append(("database", False, wrong.message))
    return findings


def _keyring(settings: Settings) -> Finding:
    try:
        keyring = open_keyring(settings.data_dir / "keys", create=False)
    except RegistryError as wrong:
        return ("keyring", False, wrong.message)
    return ("keyring", True, f"{len(keyring.data)} data key, number {keyring.current} in use")


async def _database(dsn: str, kind: str) -> list[Finding]:
    connection = await connect_as_owner(dsn)
    findings: list[Finding] = []
    try:
        version = await connection.fetchval("show server_version")
        findings.append(("database", True, f"PostgreSQL {version}, {kind}"))
        warnings = await refuse_unsafe(connection, "embedded" if kind == "embedded" else "own")
        findings += [("database", True, f"could be safer: {each}") for each in warnings]
        schema = await state(connection)
        words = f"migration {schema.current}, newest {schema.newest}"
        findings.append(("schema", schema.is_newest, words))
        theirs = await connection.fetchval("select clock_timestamp()")
        apart = abs((theirs - now()).total_seconds())
        findings.append(("clocks", apart < 5, f"{apart:.1f} s between registry and database"))
    finally:
        await connection.close()
    return findings
