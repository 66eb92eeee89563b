"""SQL of measured quality: kept and read again, and what people decided about sampled pairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Pair
from ibr.identity.quality.model import KeptQuality, Kind

# A pair that is no longer near is nobody's link, and what made others wait is not its weight.
_WEIGHED: Final = "p.state <> 'gone' and p.why = '' and p.weight < 1e6"
_PAIR: Final = "low_record, low_no, high_record, high_no"


class Sampled(msgspec.Struct, frozen=True):
    """A pair drawn for review, and what was decided about it, if it was."""

    pair: Pair
    band: int
    weight: float
    decision: str | None


async def keep(
    connection: Connection,
    kind: Kind,
    model_no: int | None,
    method: str,
    measured: bytes,
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into link_quality (kind, model_no, method, measured, measured_at)
        values ($1, $2, $3, $4::text::jsonb, $5) returning quality_no
        """,
        kind,
        model_no,
        method,
        measured.decode(),
        at,
    )
    return number


async def newest(connection: Connection, most: int) -> list[KeptQuality]:
    rows = await connection.fetch(
        """
        select quality_no, kind, model_no, method, measured::text, measured_at
        from link_quality order by quality_no desc limit $1
        """,
        most,
    )
    return [_read(row) for row in rows]


async def of_models(connection: Connection, kind: Kind) -> dict[int, KeptQuality]:
    """The newest measurement of each model."""
    rows = await connection.fetch(
        """
        select distinct on (model_no)
               quality_no, kind, model_no, method, measured::text, measured_at
        from link_quality where kind = $1 and model_no is not null
        order by model_no, quality_no desc
        """,
        kind,
    )
    return {row["model_no"]: _read(row) for row in rows}


async def never_measured(connection: Connection, kind: Kind, shipped: str) -> set[int]:
    """Models that were never in use and never measured so, but for those made by this method."""
    rows = await connection.fetch(
        """
        select m.model_no from link_model m
        where m.current_at is null and m.content ->> 'method' <> $2
          and not exists (
                select from link_quality q where q.model_no = m.model_no and q.kind = $1)
        """,
        kind,
        shipped,
    )
    return {row["model_no"] for row in rows}


def _read(row: Any) -> KeptQuality:
    fields = dict(row)
    fields["measured"] = msgspec.json.decode(fields["measured"])
    return KeptQuality(**fields)


async def pairs_by_band(connection: Connection, edges: Sequence[float]) -> dict[int, int]:
    """How many pairs are kept in each band of weight; 0 is below the lowest edge."""
    rows = await connection.fetch(
        f"""
        select width_bucket(p.weight::float8, $1::float8[]) as band, count(*)::integer as many
        from link_pair p where {_WEIGHED} group by 1 order by 1
        """,
        list(edges),
    )
    return {row["band"]: row["many"] for row in rows}


async def sample(
    connection: Connection, edges: Sequence[float], wanted: Sequence[int], seed: int
) -> list[Sampled]:
    """So many pairs of each band as chance has it, always the same for a seed; each with the newest
    decision about it. Whoever looks at a pair has no part in which are drawn."""
    rows = await connection.fetch(
        f"""
        with banded as (
            select {_PAIR}, weight, band,
                   row_number() over (
                       partition by band
                       order by md5(concat_ws('.', $3::bigint, {_PAIR})), {_PAIR}) as place
            from (
                select {_PAIR}, p.weight,
                       width_bucket(p.weight::float8, $1::float8[]) as band
                from link_pair p where {_WEIGHED}) as w
        )
        select {_PAIR}, b.weight, b.band, d.decision
        from banded b
        left join lateral (
            select d.decision from link_decision d
            where d.low_record = b.low_record and d.low_no = b.low_no
              and d.high_record = b.high_record and d.high_no = b.high_no and d.opinion = 1
            order by d.decision_no desc limit 1
        ) as d on true
        where b.place <= ($2::integer[])[b.band + 1]
        order by b.band, b.place
        """,
        list(edges),
        list(wanted),
        seed,
    )
    return [
        Sampled(
            (
                Appearance(row["low_record"], row["low_no"]),
                Appearance(row["high_record"], row["high_no"]),
            ),
            row["band"],
            row["weight"],
            row["decision"],
        )
        for row in rows
    ]


async def opinions(connection: Connection) -> list[tuple[str, str]]:
    """The first opinion on each pair beside the second, which was given without knowing it."""
    rows = await connection.fetch(
        f"""
        select distinct on ({", ".join(f"s.{each}" for each in _PAIR.split(", "))})
               f.decision as first, s.decision as second
        from link_decision s
        join lateral (
            select f.decision from link_decision f
            where f.low_record = s.low_record and f.low_no = s.low_no
              and f.high_record = s.high_record and f.high_no = s.high_no
              and f.opinion = 1 and f.decision_no < s.decision_no
            order by f.decision_no desc limit 1
        ) as f on true
        where s.opinion = 2 and s.decision <> 'withdrawn' and f.decision <> 'withdrawn'
        order by s.low_record, s.low_no, s.high_record, s.high_no, s.decision_no desc
        """
    )
    return [(row["first"], row["second"]) for row in rows]


async def known_answers(connection: Connection) -> list[tuple[str, str, int]]:
    """What is known of planted pairs, what was answered, and how often."""
    rows = await connection.fetch(
        f"""
        select k.truth, a.decision, count(*)::integer as many
        from review_known_answer a join review_known k using ({_PAIR})
        group by 1, 2 order by 1, 2
        """
    )
    return [(row["truth"], row["decision"], row["many"]) for row in rows]


async def found_without(
    connection: Connection, comparison: int, level: int, bits: float, at_least: float
) -> tuple[int, int]:
    """How many kept pairs have this level of a comparison, and how many of those would weigh at
    least so much without it. Arrays begin with 1."""
    row = await connection.fetchrow(
        f"""
        select count(*)::integer as pairs,
               (count(*) filter (where p.weight - $3 >= $4))::integer as still
        from link_pair p where {_WEIGHED} and p.levels[$1 + 1] = $2
        """,
        comparison,
        level,
        bits,
        at_least,
    )
    assert row is not None
    return row["pairs"], row["still"]
