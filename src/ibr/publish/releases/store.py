"""SQL of releases: written once when built, then only signed, published and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import zstandard
from asyncpg import Record

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import Cell, Completeness, FigureTable
from ibr.coverage.figures.store import read_not_reported, write_not_reported
from ibr.db.pool import Connection
from ibr.publish.releases.model import (
    SIGNATURES,
    HiddenFigure,
    Key,
    Name,
    ReleasedTable,
    ReleaseHead,
    Shape,
    Signature,
)

_cells = msgspec.msgpack.Decoder(tuple[Cell, ...])
_hidden = msgspec.msgpack.Decoder(tuple[HiddenFigure, ...])
_largest = msgspec.msgpack.Decoder(list[tuple[Key, tuple[int, ...]]])
_encoder = msgspec.msgpack.Encoder()
_HEAD = """
    release_no, audience, state, periods, choice::text as choice, minimum, shape::text as shape,
    definitions::text as definitions, licence, note, as_of_run, after,
    known_before::text as known_before, looked_by, digest, tables, shown, hidden, built_at,
    built_by, published_at, published_by, withdrawn_at, withdrawn_by, withdrawn_reason
"""
_TABLE = """
    t.release_no, t.indicator, t.breakdown, t.period, t.run_no, t.version, t.cells, t.hidden,
    t.reports_received, t.reports_expected, t.sources::text as sources, t.as_known_at,
    t.not_reported::text as not_reported
"""
_COLUMNS = (
    "release_no", "indicator", "breakdown", "period", "run_no", "version", "cells", "hidden",
    "largest", "shown_count", "hidden_count", "reports_received", "reports_expected", "sources",
    "as_known_at", "not_reported",
)  # fmt: skip


def pack(value: Any) -> bytes:
    """As cells, keys and receipts are kept; equal values give equal bytes."""
    return zstandard.ZstdCompressor(level=3).compress(_encoder.encode(value))


def _plain(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed)


def _head(row: Record) -> ReleaseHead:
    decoded = {
        "periods": tuple(row["periods"]),
        "choice": msgspec.json.decode(row["choice"], type=tuple[Name, ...]),
        "shape": msgspec.json.decode(row["shape"], type=Shape),
        "definitions": msgspec.json.decode(row["definitions"], type=tuple[Indicator, ...]),
        "after": tuple(row["after"]),
        "known_before": msgspec.json.decode(row["known_before"], type=tuple[str, ...]),
    }
    return ReleaseHead(**(dict(row) | decoded))


def _table(row: Record) -> ReleasedTable:
    expected = row["reports_expected"]
    table = FigureTable(
        indicator=row["indicator"],
        version=row["version"],
        period=row["period"],
        breakdown=row["breakdown"],
        cells=_cells.decode(_plain(row["cells"])),
        run_no=row["run_no"],
        as_known_at=row["as_known_at"],
        completeness=(
            None if expected is None else Completeness(row["reports_received"] or 0, expected)
        ),
        sources=msgspec.json.decode(row["sources"], type=tuple[str, ...]),
        not_reported=read_not_reported(row["not_reported"]),
    )
    return ReleasedTable(table, _hidden.decode(_plain(row["hidden"])))


async def heads(
    connection: Connection,
    *,
    numbers: Sequence[int] | None = None,
    audience: str | None = None,
    period: str | None = None,
    published: bool = False,
    most: int = 500,
) -> list[ReleaseHead]:
    """Releases, the newest first; with `published` those that readers ever had."""
    rows = await connection.fetch(
        f"""
        select {_HEAD} from ibr.release
        where ($1::integer[] is null or release_no = any($1))
          and ($2::text is null or audience = $2) and ($3::text is null or $3 = any(periods))
          and (not $4 or published_at is not null)
        order by coalesce(published_at, built_at) desc, release_no desc limit $5
        """,
        numbers,
        audience,
        period,
        published,
        most,
    )
    return [_head(row) for row in rows]


async def tables(
    connection: Connection, release_no: int, names: Sequence[Name] | None = None
) -> list[ReleasedTable]:
    """All tables of a release, or some of them, in one order."""
    rows = await connection.fetch(
        f"""
        select {_TABLE} from ibr.release_table t
        where t.release_no = $1 and ($2::text[] is null
            or (t.indicator, t.breakdown) in (select * from unnest($2::text[], $3::text[])))
        order by t.indicator, t.breakdown, t.period
        """,
        release_no,
        None if names is None else [each[0] for each in names],
        None if names is None else [each[1] for each in names],
    )
    return [_table(row) for row in rows]


async def current(
    connection: Connection,
    audience: str,
    indicators: Sequence[str],
    breakdowns: Sequence[str],
    periods: Sequence[str] | None = None,
) -> list[tuple[int, ReleasedTable]]:
    """What counts for readers: of each table the newest published release that stands, with its
    number."""
    rows = await connection.fetch(
        f"""
        select distinct on (t.indicator, t.breakdown, t.period) {_TABLE}
        from ibr.release_table t join ibr.release r using (release_no)
        where r.audience = $1 and r.state = 'published' and t.indicator = any($2::text[])
          and t.breakdown = any($3::text[]) and ($4::text[] is null or t.period = any($4))
        order by t.indicator, t.breakdown, t.period, r.published_at desc, t.release_no desc
        """,
        audience,
        list(indicators),
        list(breakdowns),
        None if periods is None else list(periods),
    )
    return [(row["release_no"], _table(row)) for row in rows]


async def names(connection: Connection, audience: str) -> list[tuple[str, str, str, int]]:
    """Indicator, breakdown, period and release of every table that counts for readers."""
    rows = await connection.fetch(
        """
        select distinct on (t.indicator, t.breakdown, t.period)
            t.indicator, t.breakdown, t.period, t.release_no
        from ibr.release_table t join ibr.release r using (release_no)
        where r.audience = $1 and r.state = 'published'
        order by t.indicator, t.breakdown, t.period, r.published_at desc, t.release_no desc
        """,
        audience,
    )
    return [tuple(row) for row in rows]


async def largest(
    connection: Connection, release_no: int, period: str
) -> dict[tuple[str, Key], tuple[int, ...]]:
    """The largest receipts under the sums of money of a release's month."""
    rows = await connection.fetch(
        """
        select breakdown, largest from ibr.release_table
        where release_no = $1 and period = $2 and largest is not null
        """,
        release_no,
        period,
    )
    return {
        (row["breakdown"], key): receipts
        for row in rows
        for key, receipts in _largest.decode(_plain(row["largest"]))
    }


async def add(
    connection: Connection,
    head: ReleaseHead,
    found: Sequence[ReleasedTable],
    receipts: dict[tuple[str, str, Key], tuple[int, ...]],
) -> int:
    """Keeps a release that was built; its number. Receipts are by period, breakdown and key."""
    number: int = await connection.fetchval(
        """
        insert into ibr.release (audience, periods, choice, minimum, shape, definitions, licence,
            note, as_of_run, after, known_before, digest, tables, shown, hidden, built_at, built_by)
        values ($1, $2, $3::text::jsonb, $4, $5::text::jsonb, $6::text::jsonb, $7, $8, $9, $10,
            $11::text::jsonb, $12, $13, $14, $15, $16, $17)
        returning release_no
        """,
        head.audience,
        list(head.periods),
        msgspec.json.encode(head.choice).decode(),
        head.minimum,
        msgspec.json.encode(head.shape).decode(),
        msgspec.json.encode(head.definitions).decode(),
        head.licence,
        head.note,
        head.as_of_run,
        list(head.after),
        msgspec.json.encode(head.known_before).decode(),
        head.digest,
        head.tables,
        head.shown,
        head.hidden,
        head.built_at,
        head.built_by,
    )
    rows = [_row(number, each, receipts) for each in found]
    await connection.copy_records_to_table("release_table", records=rows, columns=_COLUMNS)
    return number


def _row(
    number: int, each: ReleasedTable, receipts: dict[tuple[str, str, Key], tuple[int, ...]]
) -> tuple[Any, ...]:
    table, complete = each.table, each.table.completeness
    own = [
        (key, found)
        for (period, breakdown, key), found in sorted(receipts.items())
        if each.name == ("N5", breakdown) and period == table.period
    ]
    return (
        number,
        table.indicator,
        table.breakdown,
        table.period,
        table.run_no,
        table.version,
        pack(table.cells),
        pack(each.hidden),
        pack(own) if own else None,
        len(table.cells),
        len(each.hidden),
        complete.received if complete else None,
        complete.expected if complete else None,
        msgspec.json.encode(table.sources).decode(),
        table.as_known_at,
        write_not_reported(table.not_reported),
    )


async def signatures(connection: Connection, release_no: int) -> list[Signature]:
    rows = await connection.fetch(
        """
        select officer_id, officer_name, signed_at from ibr.release_signature
        where release_no = $1 order by signed_at
        """,
        release_no,
    )
    return [Signature(*row) for row in rows]


async def sign(
    connection: Connection, release_no: int, officer_id: int, name: str, at: datetime
) -> bool:
    """Adds a signature for the digest that stands; False where this officer has signed."""
    added = await connection.fetchval(
        """
        insert into ibr.release_signature (release_no, officer_id, officer_name, digest, signed_at)
        select release_no, $2, $3, digest, $4 from ibr.release
        where release_no = $1 and state in ('built', 'signed')
        on conflict do nothing returning officer_id
        """,
        release_no,
        officer_id,
        name,
        at,
    )
    if added is not None:
        await connection.execute(
            """
            update ibr.release r set state = 'signed'
            where release_no = $1 and state = 'built' and $2 <= (
                select count(*) from ibr.release_signature s
                where s.release_no = r.release_no and s.digest = r.digest)
            """,
            release_no,
            SIGNATURES,
        )
    return added is not None


async def look(connection: Connection, release_no: int, who: str, at: datetime) -> None:
    await connection.execute(
        "update ibr.release set looked_by = $2, looked_at = $3 where release_no = $1",
        release_no,
        who,
        at,
    )


async def publish(connection: Connection, release_no: int, who: str, at: datetime) -> bool:
    """Publishes a release that two people signed, with everything looked at; False where not."""
    done = await connection.fetchval(
        """
        update ibr.release r set state = 'published', published_at = $3, published_by = $2
        where release_no = $1 and state = 'signed'
          and (known_before = '[]'::jsonb or looked_by is not null)
          and $4 <= (select count(*) from ibr.release_signature s
                     where s.release_no = r.release_no and s.digest = r.digest)
        returning release_no
        """,
        release_no,
        who,
        at,
        SIGNATURES,
    )
    if done is not None:
        await connection.execute(
            """
            update ibr.release_calendar c set release_no = $1
            from ibr.release r where r.release_no = $1 and c.audience = r.audience
              and c.period = any(r.periods) and c.cancelled_at is null and c.release_no is null
            """,
            release_no,
        )
    return done is not None


async def withdraw(
    connection: Connection, release_no: int, who: str, reason: str, at: datetime
) -> bool:
    done = await connection.fetchval(
        """
        update ibr.release set state = 'withdrawn', withdrawn_at = $4, withdrawn_by = $2,
            withdrawn_reason = $3
        where release_no = $1 and state <> 'withdrawn' returning release_no
        """,
        release_no,
        who,
        reason,
        at,
    )
    return done is not None


async def programme_codes(connection: Connection) -> dict[int, str]:
    """Codes of all programmes by their number, as files of facts have them."""
    rows = await connection.fetch("select programme_id, code from ibr.programme")
    return {row["programme_id"]: row["code"] for row in rows}
