"""`ibr checks`: look for what does not go together and for what is missing."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now, today
from ibr.db.pool import open_database, owner_transaction
from ibr.errors import NotUnderstood
from ibr.overlaps.checks.catalogue import BY_CODE, CHECKS
from ibr.overlaps.checks.model import Check
from ibr.overlaps.findings.desk import exempt as desk
from ibr.overlaps.findings.model import CheckRun, Exemption
from ibr.overlaps.findings.run_checks import last_runs, take_and_run
from ibr.overlaps.pairs.change_pairs import programme_numbers
from ibr.overlaps.snapshot.model import Snapshot
from ibr.overlaps.snapshot.write import snapshots_folder
from ibr.protection.blind_index import BlindIndex, canonical_type, canonical_value
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings

app = typer.Typer(
    help="Look for what does not go together, and for what is missing.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("run")
@command
def run(
    codes: Annotated[
        list[str] | None, typer.Argument(help="Only these checks, for example K06; else all.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(help="Months looked at, as 2026-07..2026-09; else the last twelve."),
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option(help="On a snapshot that is kept; else a new one is taken.")
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(help='A JSON file with other parameters: {"K06": {"tolerance_days": 0}}.'),
    ] = None,
    json: Json = False,
) -> None:
    """Take a snapshot, run checks on it and keep what they find. No enrolment is changed."""
    checks = _wanted(codes)
    given = _given(parameters)
    settings, location = settings_and_database()

    def tell(ran: CheckRun) -> None:
        if not json:
            said(_line(ran))

    taken, ran = wait_for(
        _run(settings, location.dsn, checks, snapshot, period, given, tell, now())
    )
    failed = [each for each in ran if each.state == "failed"]
    if json:
        data({"snapshot": taken.snapshot_no, "rows": taken.rows, "runs": ran})
    else:
        opened = sum(each.counts.opened for each in ran)
        closed = sum(each.counts.closed for each in ran)
        said(f"Snapshot {taken.snapshot_no}: {opened} findings opened, {closed} closed.")
        if ran and ran[0].under_way:
            said("News was still being read when it was taken, so some of it may go away again.")
    if failed:
        raise typer.Exit(1)


async def _run(
    settings: Settings,
    dsn: str,
    checks: list[Check],
    snapshot_no: int | None,
    period: str | None,
    given: dict[str, dict[str, Any]],
    tell: Any,
    at: datetime,
) -> tuple[Snapshot, list[CheckRun]]:
    database = await open_database(dsn, "ibr_worker", size=3, name="ibr checks")
    try:
        async with database.transaction(()) as connection:
            programmes = await programme_numbers(connection)
        return await take_and_run(
            database,
            programmes,
            Sealer(open_keyring(settings.data_dir / "keys", create=False)),
            snapshots_folder(settings.data_dir),
            checks,
            at=at,
            snapshot_no=snapshot_no,
            months=period,
            given=given,
            tell=tell,
        )
    finally:
        await database.close()


def _wanted(codes: list[str] | None) -> list[Check]:
    if not codes:
        return list(CHECKS)
    found = []
    for code in codes:
        check = BY_CODE.get(code.upper())
        if check is None:
            raise NotUnderstood(
                "check.unknown", f"The checks are {', '.join(BY_CODE)}. See: ibr checks list"
            )
        found.append(check)
    return found


def _given(file: Path | None) -> dict[str, dict[str, Any]]:
    if file is None:
        return {}
    try:
        given = msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
        for code, parameters in given.items():
            if code not in BY_CODE:
                raise NotUnderstood("check.unknown", f"The checks are {', '.join(BY_CODE)}.")
            msgspec.convert(parameters, BY_CODE[code].parameters)
    except OSError:
        raise NotUnderstood("file.unreadable", f"{file} cannot be read.") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as wrong:
        raise NotUnderstood("check.parameters", f"{file}: {wrong}.") from None
    return given


def _line(ran: CheckRun) -> str:
    if ran.state == "failed":
        return f"{ran.check_code} failed ({ran.reason}); nothing of it was changed."
    counts = ran.counts
    merged = (
        f"{counts.opened} opened, {counts.still} still there, {counts.closed} closed"
        if counts.merged
        else "not merged: the findings rest on a newer snapshot"
    )
    return f"{ran.check_code} found {counts.found} in {ran.seconds:.1f} s: {merged}."


@app.command("list")
@command
def list_checks(json: Json = False) -> None:
    """List the checks with their version and how each ended last."""
    _, location = settings_and_database()

    async def work() -> list[CheckRun]:
        database = await open_database(location.dsn, "ibr_worker", size=2, name="ibr checks")
        try:
            return await last_runs(database, 1000)
        finally:
            await database.close()

    newest: dict[str, CheckRun] = {}
    for ran in wait_for(work()):
        newest.setdefault(ran.check_code, ran)
    if json:
        data(
            [
                {
                    "code": check.code,
                    "version": check.version,
                    "title": check.title,
                    "last_run": newest.get(check.code),
                }
                for check in CHECKS
            ]
        )
        return
    table(
        "Checks",
        ("Code", "Version", "Looks for", "Last run", "Found", "Opened"),
        [
            (check.code, check.version, check.title, *_last(newest.get(check.code)))
            for check in CHECKS
        ],
    )


def _last(ran: CheckRun | None) -> tuple[object, ...]:
    if ran is None:
        return ("", "", "")
    return (
        f"snapshot {ran.snapshot_no}" + (" failed" if ran.state == "failed" else ""),
        ran.counts.found,
        ran.counts.opened,
    )


@app.command("exempt")
@command
def exempt(
    check: Annotated[str | None, typer.Argument(help="The check, for example K13.")] = None,
    programme: Annotated[str | None, typer.Option(help="Exempt this programme.")] = None,
    number: Annotated[
        str | None,
        typer.Option(help="Exempt a number, as KIND:VALUE, for example ACCOUNT:TLM0012."),
    ] = None,
    finding: Annotated[int | None, typer.Option(help="Exempt this very finding.")] = None,
    reason: Annotated[str, typer.Option(help="Why; without names of people.")] = "",
    law: Annotated[str | None, typer.Option(help="The law or rule that says so.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day; else today.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day; else until taken back.")] = None,
    withdraw: Annotated[int | None, typer.Option(help="Take back this exemption.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List those taken back too.")] = False,
    json: Json = False,
) -> None:
    """Enter who is lawfully exempt from a check, take it back, or list the exemptions."""
    settings, location = settings_and_database()
    at = now()

    async def work() -> list[Exemption] | int | None:
        async with owner_transaction(location.dsn) as connection:
            if withdraw is not None:
                await desk.withdraw(connection, withdraw, at)
                return withdraw
            if check is None and finding is None:
                return await desk.exemptions(connection, every=every)
            return await desk.exempt(
                connection,
                check_code=check.upper() if check else None,
                programme=programme,
                finding_id=finding,
                blind_index=_blind(settings, number),
                reason=reason,
                legal_reference=law,
                valid_from=_day(since) or today(),
                valid_to=_day(until),
                at=at,
            )

    done = wait_for(work())
    if isinstance(done, list):
        _show_exemptions(done, json)
    elif json:
        data({"exemption": done})
    elif withdraw is not None:
        said(f"Exemption {done} was taken back; the next run counts without it.")
    else:
        said(f"Exemption {done} was entered; the next run counts with it.")


def _show_exemptions(found: list[Exemption], json: bool) -> None:
    if json:
        data(found)
        return
    table(
        "Exemptions",
        ("No.", "Check", "What", "Reason", "Law", "From", "Until", "By"),
        [
            (
                each.exemption_no,
                each.check_code,
                each.programme or (f"finding {each.finding_id}" if each.finding_id else "a number"),
                each.reason,
                each.legal_reference,
                each.valid_from,
                "taken back" if each.withdrawn_at else each.valid_to,
                each.entered_by,
            )
            for each in found
        ],
    )


def _blind(settings: Settings, number: str | None) -> bytes | None:
    if number is None:
        return None
    kind, _, value = number.partition(":")
    index = BlindIndex(open_keyring(settings.data_dir / "keys", create=False).index)
    return index.of(canonical_type(kind), canonical_value(value))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None
