"""`ibr audit`: the audit trail: verified, exported, searched, proven, sealed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.progress import Progress as Bar

from ibr.access.approvals.alone import done_alone
from ibr.audit.seals import keys
from ibr.audit.seals.anchor import FileAnchor, Line, read_anchor
from ibr.audit.seals.begin import acknowledge_restore
from ibr.audit.seals.how_far import how_far
from ibr.audit.seals.seal_due import Sealed, Sealing
from ibr.audit.trail.look import Found, Wanted, find_events
from ibr.audit.verify.exported import export as export_trail
from ibr.audit.verify.exported import read_proof, verify_export, verify_proof
from ibr.audit.verify.from_database import prove as prove_event
from ibr.audit.verify.from_database import verify_database
from ibr.audit.verify.model import Report
from ibr.cli.audit_evidence import app as evidence
from ibr.cli.show import (
    command,
    console,
    data,
    errors,
    said,
    settings_and_database,
    table,
    wait_for,
)
from ibr.clock import now
from ibr.db.pool import Database, Role, open_database, owner_transaction
from ibr.errors import NotUnderstood
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer

app = typer.Typer(help="The audit trail: verify, export, find, prove, seal.", no_args_is_help=True)

app.add_typer(evidence, name="evidence")

R = TypeVar("R")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Since = Annotated[
    str | None, typer.Option("--from", help="First seal, or a day such as 2026-10-01.")
]
Until = Annotated[str | None, typer.Option("--to", help="Last seal, or a day such as 2026-10-31.")]
AnchorFile = Annotated[
    Path | None, typer.Option("--anchor", help="The anchor file, best a copy from elsewhere.")
]


@app.command("verify")
@command
def verify(
    since: Since = None,
    until: Until = None,
    anchor: AnchorFile = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Verify this export; needs no database.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option("--proof", help="Verify this proof; needs no database.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify that nothing that was recorded was changed; name the first place where it was."""
    if export is not None or proof is not None:
        lines = read_anchor(anchor) if anchor else None
        if proof is not None:
            report = verify_proof(read_proof(proof), lines)
        else:
            assert export is not None
            report = verify_export(export, lines)
    else:
        report = _verify_here(since, until, anchor)
    if json:
        data(report)
    else:
        _say(report, anchored=anchor is not None or (export is None and proof is None))
    if report.broken is not None:
        raise typer.Exit(1)


def _verify_here(since: str | None, until: str | None, anchor: Path | None) -> Report:
    settings, location = settings_and_database()
    own = settings.anchored_in
    lines: Iterator[Line] | None = None
    if anchor is not None:
        lines = read_anchor(anchor)
    elif own.exists():
        lines = read_anchor(own)
    with Bar(console=errors, transient=True) as bar:
        task = bar.add_task("verifying", total=None)

        def progress(seal: int, last: int) -> None:
            bar.update(task, completed=seal, total=last)

        async def work(database: Database) -> Report:
            return await verify_database(
                database, lines, since=since, until=until, progress=progress
            )

        return _with(location.dsn, work)


def _say(report: Report, *, anchored: bool) -> None:
    if report.broken is not None:
        console.print("The audit trail does NOT hold.", style="bold red")
        said(report.broken.words)
        if report.seals:
            said(f"Before that, {report.seals} seals hold, up to seal {report.last}.")
        return
    if not report.seals:
        said("There is no seal yet.")
    else:
        said(
            f"The audit trail holds: {report.seals} seals ({report.first} to {report.last}), "
            f"{report.events} events, {report.asked} rows of the ledger of questions."
        )
    if report.waiting:
        said(f"{report.waiting} more wait to be sealed.")
    for first, last in report.lost:
        said(f"Seals {first} to {last} were lost with a restored backup; this was noted then.")
    if anchored and report.anchored:
        said(f"{report.anchored} seals were compared with the anchor.")
    else:
        said("Nothing was compared with an anchor, so a trail that was cut off or replaced as a")
        said("whole is not found out. Give a copy of the anchor file: --anchor FILE")
    said(f"Oldest key: {report.key}. Code of the last seal: {report.code}")


def _with(dsn: str, work: Callable[[Database], Awaitable[R]], role: Role = "ibr_app") -> R:
    async def run() -> R:
        database = await open_database(dsn, role, size=2, name="ibr audit")
        try:
            return await work(database)
        finally:
            await database.close()

    return wait_for(run())


@app.command("export")
@command
def export_command(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    since: Since = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Write the audit trail to a file that can be verified anywhere, without database or keys."""
    _, location = settings_and_database()
    try:
        with file.open("xb") as out:

            async def work(database: Database) -> Any:
                return await export_trail(database, out, None, now(), since=since, until=until)

            end = _with(location.dsn, work)
    except OSError:
        raise NotUnderstood(
            "audit.export_exists", "The file exists already or cannot be written. Choose another."
        ) from None
    if json:
        data(end)
    else:
        said(f"{end.seals} seals with {end.members} events and batches. Verify them anywhere with:")
        said(f"ibr audit verify --export {file.name} --anchor FILE")


@app.command("find")
@command
def find(
    kind: Annotated[str | None, typer.Option(help="Kind of event, or how it begins.")] = None,
    actor: Annotated[
        str | None, typer.Option(help="Who: officer:3, partner:7 or registry.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="Day in UTC, for example 2026-10-31.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, where it is another.")] = None,
    most: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """Find events by kind, actor and day, the newest first, each with its seal."""
    _, location = settings_and_database()
    wanted = Wanted.read(kind=kind, actor=actor, day=day, until=until)

    async def work(database: Database) -> list[Found]:
        return (await find_events(database, None, wanted, 1, now(), a_page=most)).events

    found = _with(location.dsn, work)
    if json:
        data(found)
        return
    table(
        "Events",
        ("Number", "When (UTC)", "Kind", "Who", "What", "Seal"),
        [
            (
                each.number,
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                each.kind,
                each.who,
                msgspec.json.encode(each.details).decode(),
                each.seal or "waits",
            )
            for each in found
        ],
    )


@app.command("prove")
@command
def prove(
    number: Annotated[int, typer.Argument(help="Number of the event; see ibr audit find.")],
    out: Annotated[Path | None, typer.Option(help="Write the proof to this file.")] = None,
) -> None:
    """Prove that one event is in its seal, as JSON that can be verified without the database."""
    _, location = settings_and_database()

    async def work(database: Database) -> Any:
        return await prove_event(database, number)

    proof = _with(location.dsn, work)
    if out is None:
        data(proof)
        return
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(proof)) + b"\n")
    except OSError:
        raise NotUnderstood("audit.proof_file", "The file cannot be written.") from None
    said(f"Event {number} is in seal {proof.seal.number}, code {proof.seal.code}. Verify it with:")
    said(f"ibr audit verify --proof {out.name} --anchor FILE")


@app.command("seal")
@command
def seal(json: Json = False) -> None:
    """Seal now what waits, and write to the anchor what is missing there."""
    settings, location = settings_and_database()
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))

    async def work(database: Database) -> Sealed:
        sealing = Sealing(database, sealer, [FileAnchor(settings.anchored_in)])
        return await sealing.run(now(), at_once=True)

    done = _with(location.dsn, work, "ibr_worker")
    if json:
        data(done)
    else:
        said(f"{done.seals} seals over {done.members} events; {done.anchored} written outside.")
        if done.trouble:
            said(f"It stopped: {done.trouble}. Run: ibr audit verify")
    if done.trouble:
        raise typer.Exit(1)


@app.command("state")
@command
def state(json: Json = False) -> None:
    """Say how far sealing is, with the code of the last seal to note on paper."""
    _, location = settings_and_database()

    async def work(database: Database) -> Any:
        async with database.transaction(()) as connection:
            return await how_far(connection)

    found = _with(location.dsn, work)
    if json:
        data({**msgspec.to_builtins(found), "lag_seconds": found.lag(now()).total_seconds()})
        return
    said(f"{found.seals} seals, {found.anchored} of them written outside the database.")
    if found.code:
        said(f"Seal {found.seals}: {found.code}")
    said(f"Oldest event that is not sealed waits for {found.lag(now()).total_seconds():.0f} s.")
    if found.trouble:
        said(f"It stopped: {found.trouble}. Run: ibr audit verify")


@app.command("restored")
@command
def restored(
    reason: Annotated[str, typer.Option(help="Which backup was restored, and why.")],
) -> None:
    """Note that a backup was restored which lacks the newest seals; sealing then goes on."""
    settings, location = settings_and_database()
    anchors = [FileAnchor(settings.anchored_in)]

    async def work() -> tuple[int, int]:
        async with owner_transaction(location.dsn) as connection:
            return await acknowledge_restore(connection, anchors, None, reason, now())

    first, last = wait_for(work())
    said(f"Seals {first} to {last} are noted as lost. The next seal says so for ever.")


@app.command("new-key")
@command
def new_key() -> None:
    """Make the next audit key; the one in use endorses it and ends."""
    settings, location = settings_and_database()
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))

    async def work() -> str:
        async with owner_transaction(location.dsn) as connection:
            made = await keys.make_key(connection, sealer, None, now())
            await done_alone(connection, "audit.key", now(), production=settings.production)
            return made.kid

    said(f"{wait_for(work())} seals from now on. Note it where auditors find it.")
