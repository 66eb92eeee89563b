"""What the database says: version and settings, roles, guards, sealed columns, keys, work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg

from ibr.audit.seals.how_far import how_far, in_words, outside_in_words
from ibr.db.migrate import state
from ibr.db.safety import refuse_unsafe
from ibr.errors import RegistryError
from ibr.operation.doctor import store
from ibr.operation.doctor.keeping import look_at_keeping
from ibr.operation.doctor.model import Finding, care, strictly, well, wrong
from ibr.operation.doctor.replica import look_at_replica
from ibr.operation.doctor.reporting import look_at_reporting
from ibr.outbox.desk.look import backlog
from ibr.settings import Settings

# A key that will be a year old in fewer days is said to be old.
_SOON: Final = 30
_CLOCK_SECONDS: Final = 5.0
_WORKER_SECONDS: Final = 15.0
KeyDays: TypeAlias = "Callable[[asyncpg.Connection], Awaitable[Mapping[str, int | None]]]"
# Longer than any job that is waited for; linkage and figures may take hours once they have begun.
_JOB_SECONDS: Final = 1800.0
_OUTBOX_SECONDS: Final = 3600.0


async def look_at_database(
    connection: asyncpg.Connection,
    settings: Settings,
    kind: Literal["own", "embedded"],
    at: datetime,
    key_days: KeyDays,
) -> AsyncIterator[Finding]:
    """Everything that the database can be asked; the connection is its owner's.

    `key_days` says for each use of the registry's own keys in how many days the key is a year old,
    None where there is no key.
    """
    async for finding in _server(connection, kind, at):
        yield finding
    schema = await state(connection)
    words = f"migration {schema.current}, newest {schema.newest}"
    if not schema.is_newest:
        yield wrong(
            "schema",
            words,
            "This program was made for another schema and cannot work with this one.",
            "Take a backup, then run: ibr db upgrade",
        )
        return
    yield well("schema", words)
    for look in (_roles, _guards, _sealed):
        async for finding in look(connection):
            yield finding
    for finding in _own_keys(await key_days(connection)):
        yield finding
    async for finding in _partners(connection, settings.production):
        yield finding
    async for finding in look_at_keeping(connection, settings, at):
        yield finding
    for follow in (_audit, _work):
        async for finding in follow(connection, settings.production, at):
            yield finding
    for finding in await look_at_reporting(connection, settings):
        yield finding
    async for finding in look_at_replica(connection, settings):
        yield finding


async def _server(
    connection: asyncpg.Connection, kind: Literal["own", "embedded"], at: datetime
) -> AsyncIterator[Finding]:
    yield well("database", f"PostgreSQL {await store.version(connection)}, {kind}")
    try:
        for warning in await refuse_unsafe(connection, kind):
            yield care(
                "database",
                warning,
                "It is no danger to what was confirmed, but could be better.",
                "See docs/howto/use-your-own-postgresql.md.",
            )
    except RegistryError as refused:
        yield wrong(
            "database",
            refused.message,
            "What the registry confirmed to a partner could be gone after a crash.",
            "Change the server's configuration and restart it.",
        )
    theirs = await store.clock(connection)
    assert isinstance(theirs, datetime)
    apart = abs((theirs - at).total_seconds())
    words = f"{apart:.1f} s between registry and database"
    if apart < _CLOCK_SECONDS:
        yield well("clocks", words)
    else:
        yield wrong(
            "clocks",
            words,
            "Tokens end too early or too late, and messages seem to come from the future.",
            "Run an NTP client, such as chrony, on both machines.",
        )


async def _roles(connection: asyncpg.Connection) -> AsyncIterator[Finding]:
    rows = await store.roles(connection)
    why = "The registry takes on the role with the least rights for each work; rights that a role "
    why += "has too many undo that, and without the role the work cannot be done."
    missing = {"ibr_app", "ibr_worker", "ibr_auditor", "ibr_analyst"} - {r["name"] for r in rows}
    faults = [f"{name} is missing" for name in sorted(missing)]
    faults += [f"{row['name']} has rights over the whole server" for row in rows if row["mighty"]]
    faults += [f"this user may not become {row['name']}" for row in rows if not row["ours"]]
    if owned := await store.owned_by_roles(connection):
        faults.append(f"{owned} tables belong to one of the roles")
    if everybody := await store.open_to_everybody(connection):
        faults.append(f"everybody may use {', '.join(everybody)}")
    if faults:
        yield wrong(
            "roles",
            "; ".join(faults),
            why,
            "Take such rights back with revoke, and run: ibr db upgrade",
        )
    else:
        yield well("roles", f"{len(rows)} roles with the least they need")


async def _guards(connection: asyncpg.Connection) -> AsyncIterator[Finding]:
    if open_tables := await store.unguarded(connection):
        yield wrong(
            "row-level security",
            f"not forced on {', '.join(open_tables)}",
            "A statement that forgets to ask for the programme would show everybody's rows.",
            "Run: alter table ibr.NAME enable row level security, force row level security; and "
            "find out who switched it off.",
        )
    else:
        yield well("row-level security", "forced on every table of programmes")


async def _sealed(connection: asyncpg.Connection) -> AsyncIterator[Finding]:
    if readable := await store.readable_sealed(connection):
        yield wrong(
            "sealed columns",
            f"something readable stands in {', '.join(readable)}",
            "Names and numbers must never stand readable in the database or its backups.",
            "Find out who wrote to the database besides the registry, and restore those rows.",
        )
    else:
        yield well("sealed columns", "nothing readable in the values that were looked at")


def _own_keys(days: Mapping[str, int | None]) -> Sequence[Finding]:
    found = []
    why = "Partners read the registry by its keys; an old key is one that somebody may have found."
    for use, left in days.items():
        name = f"key ({use})"
        if left is None:
            found.append(
                wrong(name, "there is none", why, f"Run: ibr keys rotate --use {use} --now")
            )
        elif left < _SOON:
            found.append(care(name, _old(left), why, f"Run: ibr keys rotate --use {use}"))
        else:
            found.append(well(name, _old(left)))
    return found


def _old(days: int) -> str:
    return f"a year old in {days} days" if days >= 0 else f"a year old since {-days} days"


async def _partners(connection: asyncpg.Connection, strict: bool) -> AsyncIterator[Finding]:
    if unsigned := await store.unsigned_partners(connection):
        yield strictly(
            strict,
            "partners",
            f"{unsigned} need not sign what they send",
            "Whoever has such a partner's token could report in its name and deny it later.",
            "Add the partner's key and require signatures: ibr partners add, ibr partners keys.",
        )
    if ending := await store.partner_keys_ending(connection, _SOON):
        yield care(
            "partners",
            f"the last key of {ending} ends within {_SOON} days",
            "After that nothing they send is believed.",
            "Ask them for their next key: docs/howto/rotate-a-partners-key.md.",
        )


async def _audit(
    connection: asyncpg.Connection, strict: bool, at: datetime
) -> AsyncIterator[Finding]:
    sealing = await how_far(connection)
    sealed, outside = in_words(sealing, at), outside_in_words(sealing, at)
    if sealed != "ok":
        yield strictly(
            strict,
            "audit trail",
            sealed,
            "What is not sealed could be changed without anybody noticing, so nothing is written.",
            "Is the worker alive? See docs/howto/ on the audit trail, and run: ibr audit verify",
        )
    elif outside != "ok":
        yield care(
            "audit trail",
            outside,
            "A trail that was replaced as a whole is found out only by what stands outside.",
            "Is the folder of IBR_ANCHOR_FILE there, and may the registry write to it?",
        )
    else:
        yield well("audit trail", "sealed, and the seals are written outside the database")


async def _work(
    connection: asyncpg.Connection, strict: bool, at: datetime
) -> AsyncIterator[Finding]:
    row = await store.work(connection)
    if row["worker"] < 0 or row["worker"] > _WORKER_SECONDS:
        yield strictly(
            strict,
            "worker",
            "no sign of life",
            "Nothing that was promised is done: no answers, callbacks, linkage, checks, figures.",
            "Start it: ibr serve, or ibr serve --role worker.",
        )
    else:
        yield well("worker", "alive")
    words = f"the oldest job that is due has waited for {row['lag'] / 60:.0f} minutes"
    if row["lag"] > _JOB_SECONDS:
        yield strictly(
            strict,
            "jobs",
            words,
            "Somebody waits for it.",
            "Is the worker alive and the machine large enough? See ibr_job_lag_seconds.",
        )
    else:
        yield well("jobs", words)
    if row["lost"]:
        yield care(
            "jobs",
            f"{row['lost']} failed for good",
            "What they were to do was not done.",
            "Look at the log for why, mend it, and do it by hand: docs/howto/.",
        )
    async with connection.transaction(readonly=True):
        waiting = await backlog(connection)
    age = (at - waiting.oldest).total_seconds() if waiting.oldest else 0.0
    words = f"{waiting.waiting} promised messages wait, {waiting.dead} were given up"
    if age > _OUTBOX_SECONDS or waiting.dead:
        yield care(
            "outbox",
            f"{words}, the oldest waits for {age / 60:.0f} minutes",
            "Partners do not hear what they were promised.",
            "See ibr outbox, and docs/howto/look-after-callbacks.md.",
        )
    else:
        yield well("outbox", words)
