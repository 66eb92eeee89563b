"""What a run divides by and goes by, and how it is noted so that a figure can be explained."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from ibr import __version__
from ibr.coverage.catalogue.all import INDICATORS
from ibr.coverage.engine.denominators import Denominators, open_denominators
from ibr.coverage.reference.model import ReferenceAmount
from ibr.coverage.reference.references import every_reference
from ibr.coverage.runs import store
from ibr.db.pool import Connection
from ibr.overlaps.snapshot.model import Snapshot
from ibr.periods import Month

Confirmed = Mapping[tuple[int, int], Collection[int]]
"""People, as the registry numbers them, by two programmes."""

_encoder = msgspec.json.Encoder(order="deterministic")
# Tables of a snapshot that say what a run goes by, with what their change means (restate.py).
_GONE_BY = {"areas": ("area",), "rules": ("programme_rule", "pair", "programme")}


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run reads beside the snapshot."""

    denominators: Denominators
    references: tuple[ReferenceAmount, ...]
    confirmed: Mapping[Month, Confirmed]
    noted: dict[str, Any]


async def read_inputs(
    connection: Connection, snapshot: Snapshot, months: Sequence[Month]
) -> Inputs:
    """Reads them in one frozen transaction that has every programme in reach."""
    denominators = await open_denominators(connection)
    references = tuple(await every_reference(connection))
    noted = {
        "snapshot": snapshot.snapshot_no,
        "snapshot_digest": snapshot.digest,
        "through_change": snapshot.through_change,
        "link_run": snapshot.link_run,
        "programmes": snapshot.vintages.get("programmes", {}),
        "sources": snapshot.vintages.get("sources", {}),
        "denominators": {
            group: sorted(each.number for each in book.sources)
            for group, book in denominators.books.items()
        },
        "references": _digest(references),
        **{name: _files(snapshot, tables) for name, tables in _GONE_BY.items()},
    }
    return Inputs(
        denominators=denominators,
        references=references,
        confirmed=await _confirmed(connection, months),
        noted=noted,
    )


async def _confirmed(
    connection: Connection, months: Sequence[Month]
) -> dict[Month, dict[tuple[int, int], set[int]]]:
    rows = await store.confirmed_overlaps(
        connection, min(months).first, date.fromordinal(max(months).plus(1).first.toordinal() - 1)
    )
    found: dict[Month, dict[tuple[int, int], set[int]]] = {month: {} for month in months}
    for month in months:
        first, after = month.first, month.plus(1).first
        for row in rows:
            if row["first_day"] < after and row["last_day"] >= first:
                pair = (row["one"], row["two"])
                found[month].setdefault(pair, set()).add(row["person_id"])
    return found


def code_version() -> str:
    """The registry's version, and the digest of the catalogue of indicators."""
    return f"{__version__} {_digest(INDICATORS)[:12]}"


def _files(snapshot: Snapshot, tables: Sequence[str]) -> str:
    names = [f"{name}.parquet" for name in tables]
    return _digest([snapshot.files[name].sha256 for name in names if name in snapshot.files])


def _digest(value: object) -> str:
    return hashlib.sha256(_encoder.encode(value)).hexdigest()
