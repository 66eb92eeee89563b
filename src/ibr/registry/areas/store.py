"""SQL of areas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.registry.areas.model import AreaRow
from ibr.registry.areas.rules import Frame


async def put(connection: Connection, rows: Sequence[AreaRow]) -> None:
    """Adds the areas or amends them; what a row does not know of an area stays as it is."""
    await connection.executemany(
        """
        insert into ibr.area (code, parent, level, names, outline, centre_x, centre_y, population)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (code) do update set
            parent = excluded.parent, level = excluded.level, names = excluded.names,
            outline = coalesce(excluded.outline, area.outline),
            centre_x = coalesce(excluded.centre_x, area.centre_x),
            centre_y = coalesce(excluded.centre_y, area.centre_y),
            population = coalesce(excluded.population, area.population)
        """,
        [
            (
                row.code,
                row.parent,
                row.level,
                row.names,
                row.outline,
                row.centre_x,
                row.centre_y,
                row.population,
            )
            for row in rows
        ],
    )


async def areas(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select code, parent, level, names::text as names, other_names, outline, centre_x, centre_y,
               population, valid_from, valid_to
        from ibr.area order by level, code
        """
    )


async def begin(connection: Connection, codes: Sequence[str], day: date) -> None:
    """The first day of areas that are new with a list."""
    await connection.execute(
        "update ibr.area set valid_from = $2 where code = any ($1::text[])", list(codes), day
    )


async def go_on(connection: Connection, codes: Sequence[str]) -> None:
    """Areas of a list are there again, whatever an earlier one ended."""
    await connection.execute(
        "update ibr.area set valid_to = null where code = any ($1::text[])", list(codes)
    )


async def end(connection: Connection, codes: Sequence[str], last_day: date) -> None:
    """Areas that are not in a list any more: they stay, and are on the map no more."""
    await connection.execute(
        """
        update ibr.area set valid_to = $2, outline = null, centre_x = null, centre_y = null
        where code = any ($1::text[])
        """,
        list(codes),
        last_day,
    )


async def add_name(connection: Connection, code: str, name: str) -> None:
    await connection.execute(
        """
        update ibr.area set other_names = other_names || $2::text
        where code = $1 and not $2 = any (other_names)
        """,
        code,
        name,
    )


async def set_population(connection: Connection, people: Sequence[tuple[str, int]]) -> None:
    await connection.executemany("update ibr.area set population = $2 where code = $1", people)


async def undraw(connection: Connection) -> None:
    """The map is laid out anew: what was drawn in the old one does not fit it."""
    await connection.execute("update ibr.area set outline = null, centre_x = null, centre_y = null")
    await connection.execute("delete from ibr.area_map")


async def frame(connection: Connection) -> Record | None:
    return await connection.fetchrow(
        "select west, north, narrowing, scale, offset_x, offset_y from ibr.area_map"
    )


async def set_frame(connection: Connection, frame: Frame) -> None:
    await connection.execute(
        """
        insert into ibr.area_map (west, north, narrowing, scale, offset_x, offset_y)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (single) do update set
            west = excluded.west, north = excluded.north, narrowing = excluded.narrowing,
            scale = excluded.scale, offset_x = excluded.offset_x, offset_y = excluded.offset_y
        """,
        frame.west,
        frame.north,
        frame.narrowing,
        frame.scale,
        frame.left,
        frame.top,
    )


async def add_list(
    connection: Connection,
    version: str,
    level: int,
    valid_from: date | None,
    file: tuple[str, str],
    areas: int,
    licence: str,
    at: datetime,
    who: str,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into ibr.area_list (version, level, valid_from, file_name, file_digest, areas,
                                   licence, imported_at, imported_by)
        values ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9) returning list_no
        """,
        version,
        level,
        valid_from,
        *file,
        areas,
        licence,
        at,
        who,
    )
    return number


async def keep_version(connection: Connection, list_no: int, codes: Sequence[str]) -> None:
    """The areas of a list as they are now, kept beside it."""
    await connection.execute(
        """
        insert into ibr.area_version (code, list_no, parent, level, names, outline, centre_x,
                                      centre_y)
        select code, $1, parent, level, names, outline, centre_x, centre_y
        from ibr.area where code = any ($2::text[])
        """,
        list_no,
        list(codes),
    )


async def follow(
    connection: Connection, code: str, successor: str, since: date, list_no: int
) -> None:
    await connection.execute(
        """
        insert into ibr.area_succession (code, successor, since, list_no) values ($1, $2, $3, $4)
        on conflict (code, successor) do update set since = excluded.since
        """,
        code,
        successor,
        since,
        list_no,
    )


async def successions(connection: Connection) -> list[Record]:
    return await connection.fetch(
        "select code, successor, since from ibr.area_succession order by code, successor"
    )


async def lists(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select list_no, version, level, valid_from, file_name, file_digest, areas, licence,
               imported_at, imported_by
        from ibr.area_list order by list_no
        """
    )


async def as_listed(connection: Connection, list_no: int) -> list[Record]:
    return await connection.fetch(
        """
        select code, parent, level, names::text as names, outline, centre_x, centre_y
        from ibr.area_version where list_no = $1 order by code
        """,
        list_no,
    )
