"""`ibr doctor`: settings, database, keys and clocks, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ibr.cli.show import data, said, wait_for
from ibr.clock import now
from ibr.db.embedded import find_or_start
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.db.safety import refuse_unsafe
from ibr.errors import RegistryError
from ibr.interop.dci.keys import KEYS, OwnKey, days_until_a_year, own_keys
from ibr.protection.keyring import open_keyring
from ibr.settings import Settings, read_settings

Finding = tuple[str, bool, str]
# A key that will be a year old in fewer days is said to be old.
_SOON = 30


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
        if schema.is_newest:
            findings += _keys(await own_keys(connection, now()))
        theirs = await connection.fetchval("select clock_timestamp()")
        apart = abs((theirs - now()).total_seconds())
        findings.append(("clocks", apart < 5, f"{apart:.1f} s between registry and database"))
    finally:
        await connection.close()
    return findings


def _keys(found: Sequence[OwnKey]) -> list[Finding]:
    """The registry's own keys: whether each is there, and how old it is."""
    days = days_until_a_year(found, now())
    findings: list[Finding] = []
    for use in KEYS:
        name = f"key ({use})"
        if use not in days:
            findings.append((name, False, f"there is none. Run: ibr keys rotate --use {use} --now"))
        elif days[use] < _SOON:
            findings.append(
                (name, True, f"could be newer: {_old(days[use])}. Run: ibr keys rotate --use {use}")
            )
        else:
            findings.append((name, True, _old(days[use])))
    return findings


def _old(days: int) -> str:
    return f"a year old in {days} days" if days >= 0 else f"a year old since {-days} days"
