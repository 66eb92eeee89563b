"""SQL of population figures and their sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from asyncpg import Record

from ibr.coverage.population.model import Terms
from ibr.db.pool import Connection

_SOURCE = """
    select source_no, year, day, group_code, source, method, uncertainty, licence, file_name,
           file_digest, figures, told::text as told, imported_at, imported_by
    from ibr.population_source
"""


async def sources(
    connection: Connection, group: str | None = None, known_on: datetime | None = None
) -> list[Record]:
    """The sets of figures of a group, as known at a moment, the newest last."""
    return await connection.fetch(
        _SOURCE
        + """
        where ($1::text is null or group_code = $1)
          and ($2::timestamptz is null or imported_at <= $2)
        order by imported_at, source_no
        """,
        group,
        known_on,
    )


async def same(connection: Connection, digest: str, year: int, terms: Terms) -> int | None:
    """The set that the same file was already entered as, said to be the same."""
    number: int | None = await connection.fetchval(
        """
        select source_no from ibr.population_source
        where file_digest = $1 and year = $2 and group_code = $3 and source = $4 and method = $5
          and uncertainty is not distinct from $6::real
          and licence is not distinct from nullif($7, '')
        order by source_no desc limit 1
        """,
        digest,
        year,
        terms.group,
        terms.source,
        terms.method,
        terms.uncertainty,
        terms.licence,
    )
    return number


async def add_source(
    connection: Connection,
    year: int,
    day: date,
    terms: Terms,
    file: tuple[str, str],
    figures: int,
    told: Sequence[str],
    at: datetime,
    who: str,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into ibr.population_source (
            year, day, group_code, source, method, uncertainty, licence, file_name, file_digest,
            figures, told, imported_at, imported_by
        ) values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11, $12, $13)
        returning source_no
        """,
        year,
        day,
        terms.group,
        terms.source,
        terms.method,
        terms.uncertainty,
        terms.licence,
        *file,
        figures,
        msgspec.json.encode(list(told)).decode(),
        at,
        who,
    )
    return number


async def add_figures(
    connection: Connection, rows: Sequence[tuple[int, str, int, int, int, int]]
) -> None:
    await connection.copy_records_to_table(
        "population",
        schema_name="ibr",
        columns=["source_no", "area_code", "sex", "age_from", "age_to", "people"],
        records=rows,
    )


async def figures(
    connection: Connection, numbers: Sequence[int], areas: Sequence[str] | None = None
) -> list[Record]:
    """The figures of sets; of some areas only where they are named."""
    return await connection.fetch(
        """
        select source_no, area_code, sex, age_from, age_to, people from ibr.population
        where source_no = any ($1::integer[]) and ($2::text[] is null or area_code = any ($2))
        """,
        list(numbers),
        None if areas is None else list(areas),
    )


async def newest_year(connection: Connection) -> int | None:
    """The newest year of which everybody's figures are known."""
    year: int | None = await connection.fetchval(
        "select max(year) from ibr.population_source where group_code = 'all'"
    )
    return year
