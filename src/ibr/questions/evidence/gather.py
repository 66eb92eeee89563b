"""What every pack is made of: the snapshot, the deliveries, the events with their proofs."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr import __version__
from ibr.access.staff.rights import EVIDENCE, must_hold
from ibr.asker import Asker
from ibr.audit.events import EVIDENCE_MADE
from ibr.audit.evidence.pack import Pack, as_json
from ibr.audit.evidence.read_me import About, read_me
from ibr.audit.record import record_event
from ibr.audit.seals.how_far import seals_of
from ibr.audit.verify.from_database import prove_within
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict
from ibr.overlaps.snapshot.model import File, Snapshot
from ibr.questions.evidence import store

Files = dict[str, bytes]
# More events of one case or figure than anybody reads; the pack holds the first of them.
MOST_EVENTS: Final = 300
_DELIVERY: Final = (
    "delivery_id",
    "sender_id",
    "programmes",
    "cycle",
    "sequence",
    "mode",
    "state",
    "received_at",
    "records",
    "stored",
    "refused",
    "bytes",
    "sha256",
    "key",
)


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of the trail belong to a pack."""

    kinds: tuple[str, ...]
    holding: dict[str, object]
    since: datetime


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered: the files of the pack but for its page, and which events to prove."""

    of: str
    name: str
    title: Mapping[str, str]
    left_out: Mapping[str, str]
    files: Files
    events: list[Sought]


async def snapshot_files(connection: Connection, number: int, programmes: Collection[str]) -> Files:
    """The snapshot with its digest, and the deliveries that it rests on: of these programmes by
    code, or of all that it holds where none is named."""
    row = await store.snapshot(connection, number)
    if row is None:
        return {}
    fields = {
        **dict(row),
        **{name: msgspec.json.decode(row[name]) for name in ("rows", "vintages")},
    }
    files = msgspec.json.decode(row["files"], type=dict[str, File])
    found = Snapshot(**{**fields, "files": files})
    shown = {
        "snapshot": found.snapshot_no,
        "as_known_at": found.as_known_at,
        "sha256": found.digest,
        "sha256_is_of": "a line 'name sha256' for each file, sorted by name",
        "through_change": found.through_change,
        "link_run": found.link_run,
        "files": found.files,
        "rows": found.rows,
        "vintages": found.vintages,
        "files_deleted_at": found.dropped_at,
    }
    codes = await store.programme_codes(connection)
    wanted = [codes[code] for code in (programmes or codes) if code in codes]
    rows = await store.deliveries(connection, wanted, found.as_known_at)
    names = {number: code for code, number in codes.items()}
    return {"snapshot.json": as_json(shown), "deliveries.csv": _deliveries(rows, names)}


def _deliveries(rows: list[Record], names: Mapping[int, str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_DELIVERY)
    for row in rows[: store.MOST_DELIVERIES]:
        programmes = "+".join(sorted(names.get(each, "?") for each in row["programme_ids"]))
        writer.writerow(
            (
                row["delivery_id"],
                row["sender_id"],
                programmes,
                row["cycle"],
                row["sequence"],
                row["mode"],
                row["state"],
                row["received_at"].isoformat(),
                row["records"],
                row["stored"],
                row["refused"],
                row["body_bytes"],
                row["body_digest"].hex(),
                row["key_kid"],
            )
        )
    if len(rows) > store.MOST_DELIVERIES:
        writer.writerow(("and older ones", *[""] * (len(_DELIVERY) - 1)))
    return out.getvalue().encode()


async def packed(database: Database, asker: Asker, gathered: Gathered, at: datetime) -> Pack:
    """The pack of what was gathered, with events, proofs and its page; that it was made is itself
    an event, which names the digest of the whole."""
    must_hold(asker, EVIDENCE)
    files = dict(gathered.files)
    async with database.transaction((), frozen=True) as connection:
        await store.read_as_auditor(connection)
        proven, waiting = await _events(connection, gathered.events, files)
    about = About(
        title=gathered.title,
        made_at=at,
        made_by=asker.name,
        version=__version__,
        proofs=tuple(proven),
        not_sealed=tuple(waiting),
        left_out=gathered.left_out,
    )
    names = sorted(files)
    files["README.txt"] = read_me(about, names, "en")
    files["LISEZMOI.txt"] = read_me(about, names, "fr")
    pack = Pack(of=gathered.of, name=gathered.name, at=at, files=files)
    async with database.transaction(()) as connection:
        await record_event(
            connection,
            kind=EVIDENCE_MADE,
            asker=asker if asker.kind != "registry" else None,
            details={"of": gathered.of, "digest": pack.digest},
            at=at,
        )
    return pack


async def _events(
    connection: Connection, sought: list[Sought], files: Files
) -> tuple[list[int], list[int]]:
    """Writes the events and their proofs among the files; which are proven, and which wait."""
    rows: dict[int, Record] = {}
    for each in sought:
        found = await store.events(
            connection, each.kinds, each.holding, each.since, MOST_EVENTS - len(rows)
        )
        rows |= {row["number"]: row for row in found}
    seals = await seals_of(connection, sorted(rows))
    shown: list[dict[str, Any]] = []
    proven, waiting = [], []
    for number, row in sorted(rows.items()):
        entry = {**dict(row), "details": msgspec.json.decode(row["details"])}
        shown.append({**entry, "digest": row["digest"].hex(), "seal": seals.get(number)})
        try:
            proof = await prove_within(connection, number)
        except Conflict:
            waiting.append(number)
        else:
            files[f"proofs/{number}.json"] = as_json(proof)
            proven.append(number)
    files["events.json"] = as_json(shown)
    return proven, waiting
