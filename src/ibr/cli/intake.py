"""`ibr intake`: what programmes tell, in files."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from ibr.access.model import ProgrammeRight
from ibr.cli.areas import day_of
from ibr.cli.intake_file import (
    OneFile,
    ask_whether_right,
    desk_here,
    save_response,
    unpacked_here,
)
from ibr.cli.intake_pack import make_key, office_of, pack
from ibr.cli.show import command, data, said, table, wait_for
from ibr.deliveries.model import ControlTotals
from ibr.deliveries.report import seen as deliveries_seen
from ibr.deliveries.report.model import DeliveryFilter, RefusedSeen
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.files import kept
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.read_mapping import read_mapping
from ibr.files.model import FileSent, FileTerms
from ibr.files.packages import check_rows, is_package
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.run import read
from ibr.periods import read_month

app = typer.Typer(help="What programmes tell, in files.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ProgrammeCode = Annotated[str, typer.Option("--programme", help="The programme's code.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="What the columns mean, as JSON or TOML.")
]
SaveMapping = Annotated[
    Path | None, typer.Option("--save-mapping", help="Write what the columns mean to this file.")
]


@app.command("file")
@command
def file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, ODS, Parquet or JSON lines.")],
    programme: ProgrammeCode,
    cycle: Annotated[str, typer.Option(help="The month it reports, as 2026-10.")],
    mapping: MappingFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would bring; write nothing.")
    ] = False,
    sequence: Annotated[int | None, typer.Option(help="Its number within the month.")] = None,
    mode: Annotated[str, typer.Option(help="initial, delta or correction.")] = "delta",
    control_total: Annotated[
        int | None, typer.Option("--control-total", help="Records that it should hold.")
    ] = None,
    as_of: Annotated[str, typer.Option(help="The day its news speaks of.")] = "",
    response: Annotated[
        Path | None, typer.Option(help="Write what became of each row to this file.")
    ] = None,
    save_mapping: SaveMapping = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether the columns are right.")
    ] = (False),
    json: Json = False,
) -> None:
    """Take a file in, or say what it would bring."""
    terms = _terms(cycle, sequence, mode, control_total, as_of)
    given = read_mapping(_bytes_of(mapping)) if mapping else None
    if not file.is_file():
        raise NotFound("file.missing", f"There is no file {file}.")

    async def work() -> None:
        async with desk_here() as desk:
            with file.open("rb") as content:
                if is_package(content):
                    raise NotUnderstood(
                        "package.found",
                        "This is a package from an office. Take it in with ibr intake package.",
                    )
                one = OneFile(desk, await _programme(desk, programme), terms, content, json=json)
                seen = await one.look(given)
                if save_mapping:
                    _save(save_mapping, seen.mapping)
                if dry_run:
                    await one.try_it(seen)
                    return
                if not given and not seen.look.known and not yes:
                    ask_whether_right(json=json)
                await one.send(file.name, seen, response)

    wait_for(work())


def _terms(
    cycle: str, sequence: int | None, mode: str, control_total: int | None, as_of: str
) -> FileTerms:
    if mode not in ("initial", "delta", "correction"):
        raise NotUnderstood("file.mode", "Write --mode as initial, delta or correction.")
    day = day_of(as_of)
    return FileTerms(
        cycle=str(read_month(cycle)),
        sequence=sequence,
        mode=mode,  # type: ignore[arg-type]  # one of the three, as was just asked
        totals=ControlTotals(records=control_total),
        as_of=datetime.combine(day, time(), UTC) if day else None,
    )


async def _programme(desk: FileDesk, code: str) -> ProgrammeRight:
    found = await desk.book.programme(code)
    if found is None:
        raise NotFound(
            "programme.unknown",
            f"There is no programme {code}. Add it first: ibr programmes add CODE.",
        )
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise NotFound("file.missing", f"There is no file {path}.") from None


def _save(path: Path, mapping: Mapping) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(mapping)))


@app.command("key")
@command
def key(
    to: Annotated[Path, typer.Option(help="Where the private key is written, for you alone.")],
) -> None:
    """Make an office's key for packages; print the public half, to be given to the registry."""
    data({"keys": [make_key(to)]})


@app.command("pack")
@command
def pack_file(
    file: Annotated[Path, typer.Argument(help="The list to be carried to the registry.")],
    programme: ProgrammeCode,
    cycle: Annotated[str, typer.Option(help="The month it reports, as 2026-10.")],
    key_file: Annotated[Path, typer.Option("--key", help="The office's private key.")],
    to: Annotated[Path, typer.Option(help="Where the package is written.")],
    mapping: MappingFile = None,
    sequence: Annotated[int | None, typer.Option(help="Its number within the month.")] = None,
    mode: Annotated[str, typer.Option(help="initial, delta or correction.")] = "delta",
    json: Json = False,
) -> None:
    """Pack a list for the way, with its counts and a signature; needs no registry and no line."""
    given = read_mapping(_bytes_of(mapping)) if mapping else None
    if not file.is_file():
        raise NotFound("file.missing", f"There is no file {file}.")
    if to.exists():
        raise Conflict("file.exists", f"{to} is there already; it was left as it is.")
    terms = _terms(cycle, sequence, mode, None, "")
    made = pack(file, programme, terms, key_file, given, to)
    if json:
        data(made)
    else:
        said(f"{made.rows:,} records of {escape(made.name)} are packed in {escape(str(to))}.")


@app.command("package")
@command
def take_package(
    file: Annotated[Path, typer.Argument(help="A package that an office has made.")],
    mapping: MappingFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would bring; write nothing.")
    ] = False,
    response: Annotated[
        Path | None, typer.Option(help="Write what became of each row to this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify a package whole, then take its list in."""
    given = read_mapping(_bytes_of(mapping)) if mapping else None
    if not file.is_file():
        raise NotFound("file.missing", f"There is no file {file}.")

    async def work() -> None:
        async with desk_here() as desk:
            with file.open("rb") as brought, unpacked_here(desk, brought) as opened:
                package, content = opened
                office = await office_of(desk, package)
                said_terms = package.manifest
                terms = FileTerms(
                    cycle=str(read_month(said_terms.cycle)),
                    sequence=said_terms.sequence,
                    mode=said_terms.mode,
                    totals=said_terms.totals,
                )
                programme = await _programme(desk, said_terms.programme)
                one = OneFile(desk, programme, terms, content, json=json, partner=office)
                seen = await one.look(given)
                check_rows(said_terms, seen.look.rows)
                if dry_run:
                    await one.try_it(seen)
                else:
                    await one.send(said_terms.name, seen, response)

    wait_for(work())


@app.command("response")
@command
def response(
    number: Annotated[int, typer.Argument(help="Number of the file.")],
    to: Annotated[Path, typer.Option(help="Where it is written.")],
) -> None:
    """Write the response to a file: every row with its outcome, its reason and how to mend it."""

    async def work() -> None:
        async with desk_here() as desk:
            sent = await read(desk, number, frozenset(desk.book.programmes))
            if sent.response_bytes is None:
                raise NotFound("file.no_response", "This file has no response yet.")
            await save_response(desk, sent, to)

    wait_for(work())
    said(f"The response is in {escape(str(to))}.")


@app.command("files")
@command
def files(json: Json = False) -> None:
    """List the files that were sent, the newest first."""

    async def work() -> tuple[list[FileSent], dict[int, str]]:
        async with desk_here() as desk:
            async with desk.database.transaction(desk.book.programmes) as connection:
                found = await kept.files(connection, desk.sealer, limit=200)
            return found, {key: each.code for key, each in desk.book.programmes.items()}

    found, codes = wait_for(work())
    if json:
        data([_as_data(each, codes) for each in found])
        return
    table(
        "Files",
        ("No.", "File", "Programme", "Month", "State", "Records", "Refused", "Delivery"),
        [
            (
                each.file_no,
                escape(each.name),
                codes.get(each.programme_id, ""),
                each.terms.cycle,
                each.state,
                each.counts.records,
                each.counts.refused,
                each.delivery_id,
            )
            for each in found
        ],
    )


def _as_data(each: FileSent, codes: dict[int, str]) -> dict[str, Any]:
    return {
        "file": each.file_no,
        "name": each.name,
        "programme": codes.get(each.programme_id),
        "cycle": each.terms.cycle,
        "state": each.state,
        "counts": msgspec.structs.asdict(each.counts),
        "delivery": each.delivery_id,
        "refused_reason": each.refused_reason,
    }


@app.command("refused")
@command
def refused(
    delivery: Annotated[int | None, typer.Option(help="Of this delivery only.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 200,
    json: Json = False,
) -> None:
    """List records that were set aside, each with the reason and how to mend it."""

    async def work() -> list[tuple[int, RefusedSeen]]:
        async with (
            desk_here() as desk,
            desk.database.transaction(desk.book.programmes) as connection,
        ):
            wanted = DeliveryFilter(with_refusals=True)
            numbers = (
                [delivery]
                if delivery is not None
                else [
                    each.delivery_id
                    for each in await deliveries_seen.deliveries(connection, wanted, 50)
                ]
            )
            found: list[tuple[int, RefusedSeen]] = []
            for number in numbers:
                left = limit - len(found)
                if left <= 0:
                    break
                several = await deliveries_seen.refused(connection, number, left, 0)
                found += [(number, each) for each in several]
            return found

    found = wait_for(work())
    if json:
        data([{"delivery": number, **msgspec.structs.asdict(each)} for number, each in found])
        return
    table(
        "Records set aside",
        ("Delivery", "Record", "Field", "Why, and how to mend it"),
        [
            (number, escape(each.reference_id), escape(each.field or ""), escape(each.reason))
            for number, each in found
        ],
    )
