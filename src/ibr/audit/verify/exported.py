"""The trail as a file: written from the database, verified without it, without the keyring too.

One JSON value a line: the head, then each seal followed by what it closes, then the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ibr.asker import Asker
from ibr.audit.events import AUDIT_EXPORTED
from ibr.audit.record import record_event
from ibr.audit.seals import store as seals_store
from ibr.audit.seals.anchor import Line
from ibr.audit.seals.model import Seal
from ibr.audit.verify import store
from ibr.audit.verify.check import Checker, check_proof
from ibr.audit.verify.from_database import Progress, Trail, span_of
from ibr.audit.verify.model import (
    FORMAT,
    BatchKept,
    Break,
    BrokenError,
    Checked,
    End,
    EventKept,
    ExportLine,
    Head,
    Proof,
    Report,
    SealLine,
)
from ibr.db.pool import Database
from ibr.errors import NotUnderstood

# The longest line: a batch of the ledger with a few hundred rows. More is no export of ours.
LONGEST_LINE: Final = 16 * 1024 * 1024

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(ExportLine).decode


async def export(
    database: Database,
    out: BinaryIO,
    asker: Asker | None,
    at: datetime,
    *,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> End:
    """Writes a span of the trail to a file; that it was is itself recorded first."""
    seals = members = 0
    broken: Break | None = None
    async with database.transaction(()) as connection:
        span = await span_of(connection, since, until)
        await record_event(
            connection,
            kind=AUDIT_EXPORTED,
            asker=asker,
            details={"first": span.first, "last": span.last},
            at=at,
        )
    async with database.transaction((), frozen=True) as connection:
        await store.read_as_auditor(connection)
        head = Head(
            format=FORMAT,
            chain=await store.chain(connection),
            made_at=at,
            first=span.first,
            last=span.last,
            keys=await seals_store.keys(connection),
        )
        out.write(_encode(head) + b"\n")
        try:
            async for seal, kept in Trail(connection, span).seals():
                out.write(_encode(SealLine(seal)) + b"\n")
                out.writelines(_encode(each) + b"\n" for each in kept)
                seals, members = seals + 1, members + len(kept)
                if progress is not None:
                    progress(seal.number, span.last)
        except BrokenError as wrong:
            # What no seal could close is in no line either, so the last one says it.
            broken = wrong.found
    end = End(seals=seals, members=members, broken=broken)
    out.write(_encode(end) + b"\n")
    return end


def verify_export(path: Path, anchored: Iterator[Line] | None = None) -> Report:
    """Verifies an export, line by line; the report names the first break."""
    lines = _lines(path)
    head = next(lines, None)
    if not isinstance(head, Head) or head.format != FORMAT:
        raise _no_export()
    checker = Checker(head.keys, anchored, from_start=head.first <= 1)
    try:
        _check(lines, checker, head)
        if anchored is not None:
            checker.end()
    except BrokenError as wrong:
        checker.report.broken = wrong.found
    return checker.report


def _check(lines: Iterator[ExportLine], checker: Checker, head: Head) -> None:
    seal: Seal | None = None
    rows: list[Checked] = []
    for line in lines:
        if isinstance(line, EventKept | BatchKept):
            rows.append(line.checked())
            continue
        if seal is not None:
            checker.take(seal, rows)
        if isinstance(line, SealLine):
            seal, rows = line.seal, []
            continue
        if isinstance(line, End):
            if line.broken is not None:
                raise BrokenError(line.broken)
            if line.seals == checker.report.seals and (checker.report.last or 0) == head.last:
                return
            break
    raise BrokenError(Break(what="export_cut", seal=checker.report.last))


def _lines(path: Path) -> Iterator[ExportLine]:
    try:
        with path.open("rb") as file:
            while text := file.readline(LONGEST_LINE):
                try:
                    yield _decode(text)
                except msgspec.DecodeError:
                    # A line that was cut in two is the end of the file, anything else no export.
                    if text.endswith(b"\n"):
                        raise _no_export() from None
                    return
    except OSError:
        raise NotUnderstood("audit.export_file", "There is no file at this place.") from None


def _no_export() -> NotUnderstood:
    return NotUnderstood(
        "audit.no_export",
        "This file is no export of an audit trail, or its lines were changed so that they cannot "
        "be read. Make one with: ibr audit export FILE",
    )


def read_proof(path: Path) -> Proof:
    """A proof as `ibr audit prove` wrote it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Proof)
    except OSError:
        raise NotUnderstood("audit.export_file", "There is no file at this place.") from None
    except msgspec.DecodeError:
        raise NotUnderstood(
            "audit.no_proof", "This file is no proof. Make one with: ibr audit prove NUMBER"
        ) from None


def verify_proof(proof: Proof, anchored: Iterator[Line] | None = None) -> Report:
    """Verifies that one event is in its seal, and the seal in the anchor where there is one."""
    report = Report(seals=1, events=1, first=proof.seal.number, last=proof.seal.number)
    report.key, report.code = proof.key.kid, proof.seal.code
    report.broken = check_proof(proof)
    if anchored is not None and report.broken is None:
        for line in anchored:
            if line.seal == proof.seal.number:
                report.anchored = 1
                if line.digest != proof.seal.digest.hex():
                    report.broken = Break(what="resealed", seal=proof.seal.number)
        if not report.anchored:
            report.broken = Break(what="not_anchored", seal=proof.seal.number)
    return report
