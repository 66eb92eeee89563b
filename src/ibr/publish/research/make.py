"""Makes an approved extract, hands it out once, and forgets it when its time is over.

The key of the pseudonyms is drawn for this extract, lives in memory while it is made, and is gone
then: nobody can lead a row back to a record, nor hold two extracts against each other.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from ibr.access.staff.rights import EXTRACT, must_hold
from ibr.asker import Asker
from ibr.audit.events import EXTRACT_EXPIRED, EXTRACT_MADE, EXTRACT_TAKEN
from ibr.audit.record import record_event
from ibr.db.pool import Database
from ibr.errors import NotFound, NotUnderstood
from ibr.protection.seal import Sealer, place_of
from ibr.publish.research import store
from ibr.publish.research.ask import seen
from ibr.publish.research.model import FEWEST_ALIKE, MOST_RECORDS, Extract, Person, Wanted
from ibr.publish.research.rules import household_size, make_alike, pseudonym

_BATCH: Final = 2_000
_PIECE: Final = 1024 * 1024
_UNIT: Final = {1: "person", 2: "household", 3: "family"}
_SEX: Final = {1: "male", 2: "female", 3: "other"}


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """What making extracts needs; `database` acts as the worker."""

    database: Database
    sealer: Sealer
    now: Callable[[], datetime]


async def make_due(maker: Maker) -> int:
    """Makes what was approved and forgets what is over; how many were made."""
    async with maker.database.transaction(()) as connection:
        for number in await store.expire(connection, maker.now()):
            await store.forget_file(connection, number)
            await record_event(
                connection,
                kind=EXTRACT_EXPIRED,
                asker=None,
                details={"extract": number},
                at=maker.now(),
            )
        waiting = [seen(row) for row in await store.to_make(connection, maker.now())]
    for each in waiting:
        await _make(maker, each)
    return len(waiting)


async def _make(maker: Maker, extract: Extract) -> None:
    wanted = extract.wanted
    try:
        people, hidden = await _people(maker, wanted)
    except NotUnderstood as refused:
        async with maker.database.transaction(()) as connection:
            await store.failed(connection, extract.extract_no, refused.code)
        return
    out, coarsened = await asyncio.to_thread(make_alike, people)
    out.sort(key=lambda each: each.pseudonym)
    content = await asyncio.to_thread(written, out, wanted)
    digest = hashlib.sha256(content).digest()
    async with maker.database.transaction(()) as connection:
        kept = await store.made(
            connection,
            extract.extract_no,
            rows=len(out),
            left_out=len(people) - len(out),
            coarsened=coarsened,
            protected_left_out=hidden,
            size=len(content),
            digest=digest,
            at=maker.now(),
        )
        if not kept:
            return
        for part_no, at in enumerate(range(0, len(content), _PIECE)):
            piece = zstandard.compress(content[at : at + _PIECE])
            sealed = maker.sealer.seal(piece, _place(extract.extract_no, part_no))
            await store.add_part(connection, extract.extract_no, part_no, sealed)
        await record_event(
            connection,
            kind=EXTRACT_MADE,
            asker=None,
            details={
                "extract": extract.extract_no,
                "rows": len(out),
                "left_out": len(people) - len(out),
                "coarsened": coarsened,
                "digest": digest.hex(),
            },
            at=maker.now(),
        )


async def take(
    database: Database, sealer: Sealer, asker: Asker, number: int, at: datetime
) -> tuple[bytes, Extract]:
    """The file, once, for whoever asked for it; NotFound for anybody else and ever after."""
    must_hold(asker, EXTRACT)
    async with database.transaction((), asker=asker) as connection:
        row = await store.take(connection, number, asker.id, at)
        if row is None:
            raise NotFound(
                "extract.gone",
                "There is no such extract for you to take: it was taken, is over or is not made.",
            )
        parts = await store.parts(connection, number)
        content = b"".join(
            zstandard.decompress(sealer.open(each, _place(number, part_no)))
            for part_no, each in enumerate(parts)
        )
        await store.forget_file(connection, number)
        await record_event(
            connection,
            kind=EXTRACT_TAKEN,
            asker=asker,
            details={"extract": number, "digest": row["digest"].hex()},
            at=at,
        )
        [mine] = [
            each
            for each in map(seen, await store.listed(connection, asker.id, 100))
            if each.extract_no == number
        ]
    return content, mine


async def _people(maker: Maker, wanted: Wanted) -> tuple[list[Person], int]:
    """Everybody who was paid in these months, by words only, and how many protected were left."""
    key = os.urandom(32)
    first, end = wanted.first_month, _next_month(wanted.last_month)
    async with maker.database.transaction(()) as connection:
        programmes = await store.programmes(connection, wanted.programmes)
    people: list[Person] = []
    hidden, after = 0, 0
    while True:
        async with maker.database.transaction(programmes.values()) as connection:
            rows = await store.records(
                connection, list(programmes.values()), after, _BATCH, first, end
            )
            if not rows:
                return people, hidden
            after = rows[-1]["record_id"]
            some = {
                row["record_id"]: _person(row, wanted, key)
                for row in rows
                if row["paid"] and not row["hidden"]
            }
            hidden += sum(row["paid"] and row["hidden"] for row in rows)
            if "paid" in wanted.columns:
                for row in await store.paid(connection, list(some), first, end):
                    some[row["record_id"]].paid.append(
                        (row["month"], row["currency"] or "", row["minor"])
                    )
        people.extend(some.values())
        if len(people) > MOST_RECORDS:
            raise NotUnderstood(
                "extract.large", f"An extract holds at most {MOST_RECORDS:,} records."
            )


def _person(row: Any, wanted: Wanted, key: bytes) -> Person:
    born, enrolled = row["birth_date"], row["enrolled_at"]
    every = {
        "unit": _UNIT.get(row["assistance_unit"], ""),
        "sex": _SEX.get(row["sex"], ""),
        "birth_year": str(born.year) if born and row["birth_precision"] else "",
        "area": row["sub_region_code"] or row["region_code"] or "",
        "disability": {True: "yes", False: "no"}.get(row["is_disabled"], ""),
        "household_size": household_size(row["group_size"]),
        "status": str(row["status"]),
        "enrolled_year": str(enrolled.year) if enrolled else "",
    }
    values = {"programme": row["programme"]}
    values |= {name: every[name] for name in wanted.columns if name in every}
    return Person(
        pseudonym=pseudonym(key, row["record_id"]),
        values=values,
        region=row["region_code"] or "",
        paid=[],
    )


def written(people: Sequence[Person], wanted: Wanted) -> bytes:
    """The file: a row for each record, or for each month that it was paid in."""
    names = ["pseudonym", "programme", *(each for each in wanted.columns if each != "paid")]
    if "paid" in wanted.columns:
        names += ["month", "currency", "paid_minor"]
    if wanted.form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows(_rows(people, names))
        return text.getvalue().encode()
    about = msgspec.json.encode({"wanted": wanted, "fewest_alike": FEWEST_ALIKE})
    kinds = [(n, pa.int64() if n == "paid_minor" else pa.string()) for n in names]
    schema = pa.schema(kinds, metadata={b"ibr": about})
    columns = list(zip(*_rows(people, names), strict=True)) or [()] * len(names)
    arrays = [
        pa.array(list(values), kind.type) for values, kind in zip(columns, schema, strict=True)
    ]
    made = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), made, compression="zstd")
    return made.getvalue()


def _rows(people: Sequence[Person], names: Sequence[str]) -> Iterator[list[str | int | None]]:
    paid = "paid_minor" in names
    plain = [name for name in names[1:] if name not in ("month", "currency", "paid_minor")]
    for each in people:
        begun: list[str | int | None] = [
            each.pseudonym,
            *(_harmless(each.values[name]) for name in plain),
        ]
        if not paid:
            yield begun
        else:
            yield from ([*begun, *month] for month in each.paid)


def _harmless(text: str) -> str:
    """A word that no spreadsheet takes for a formula: codes of areas come from programmes."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _place(number: int, part_no: int) -> bytes:
    return place_of("research_extract_part", "sealed", number) + part_no.to_bytes(4, "big")


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
