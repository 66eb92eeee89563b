"""SQL of beneficiary records: keys, present content, versions, identifiers, members."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.db.staging import stage
from ibr.registry.beneficiaries.model import (
    IdentifierRow,
    MemberRow,
    RecordRow,
    Replaced,
    StoredRecord,
    VersionRow,
)

# The sequence moves in blocks, so that a thousand new records cost one call.
BLOCK = 1000

TEMPORARY = (
    """
    create temporary table if not exists s_record (
        record_id bigint, programme_id integer, assistance_unit smallint, sex smallint,
        birth_date date, birth_precision smallint, death_date date, region_code text,
        sub_region_code text, is_disabled boolean, group_size integer, subject_index bytea,
        personal bytea, content_digest bytea, as_of timestamptz, known_at timestamptz,
        delivery_id bigint
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_version (
        record_id bigint, as_of timestamptz, known_at timestamptz, programme_id integer,
        personal bytea, delivery_id bigint
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_member (
        record_id bigint, member_no smallint, programme_id integer, sex smallint, birth_date date,
        birth_precision smallint, is_head boolean, relationship text, is_disabled boolean,
        subject_index bytea
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_identifier (
        record_id bigint, blind_index bytea, role smallint, programme_id integer,
        type_id smallint, value_sealed bytea, as_of timestamptz
    ) on commit delete rows
    """,
)


async def record_ids(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """The record of each key that has one."""
    rows = await connection.fetch(
        "select record_key, record_id from record_key where record_key = any ($1::bytea[])",
        list(keys),
    )
    return {row["record_key"]: row["record_id"] for row in rows}


async def new_block(connection: Connection, blocks: int) -> list[int]:
    """The first numbers of so many fresh blocks of BLOCK record numbers."""
    rows = await connection.fetch(
        "select nextval('record_id') as first from generate_series(1, $1)", blocks
    )
    return [row["first"] for row in rows]


async def add_keys(connection: Connection, keys: dict[bytes, int]) -> None:
    ordered = sorted(keys.items())
    await connection.execute(
        """
        insert into record_key (record_key, record_id)
        select * from unnest($1::bytea[], $2::bigint[]) on conflict do nothing
        """,
        [key for key, _ in ordered],
        [record_id for _, record_id in ordered],
    )


async def stored_records(
    connection: Connection, record_ids_wanted: Sequence[int]
) -> dict[int, StoredRecord]:
    rows = await connection.fetch(
        """
        select record_id, personal, as_of, known_at, delivery_id
        from beneficiary_record where record_id = any ($1::bigint[])
        """,
        list(record_ids_wanted),
    )
    return {row["record_id"]: StoredRecord(**dict(row)) for row in rows}


async def identifiers_now(
    connection: Connection, record_ids_wanted: Sequence[int]
) -> dict[int, set[tuple[bytes, int]]]:
    """The identifiers that each record carries now, as blind index and role."""
    rows = await connection.fetch(
        """
        select record_id, blind_index, role from identifier
        where record_id = any ($1::bigint[]) and replaced_at is null
        """,
        list(record_ids_wanted),
    )
    found: dict[int, set[tuple[bytes, int]]] = {}
    for row in rows:
        found.setdefault(row["record_id"], set()).add((row["blind_index"], row["role"]))
    return found


async def put_records(connection: Connection, rows: Sequence[RecordRow]) -> None:
    """Inserts new records and replaces the content of changed ones."""
    await stage(connection, "s_record", rows)
    await connection.execute(
        """
        insert into beneficiary_record
        select * from s_record order by record_id
        on conflict (record_id) do update set
            assistance_unit = excluded.assistance_unit, sex = excluded.sex,
            birth_date = excluded.birth_date, birth_precision = excluded.birth_precision,
            death_date = excluded.death_date, region_code = excluded.region_code,
            sub_region_code = excluded.sub_region_code, is_disabled = excluded.is_disabled,
            group_size = excluded.group_size, subject_index = excluded.subject_index,
            personal = excluded.personal, content_digest = excluded.content_digest,
            as_of = excluded.as_of, known_at = excluded.known_at,
            delivery_id = excluded.delivery_id
        """
    )


async def put_versions(connection: Connection, rows: Sequence[VersionRow]) -> None:
    await stage(connection, "s_version", rows)
    await connection.execute(
        """
        insert into beneficiary_version
        select * from s_version order by record_id on conflict do nothing
        """
    )


async def put_members(
    connection: Connection, groups: Sequence[int], rows: Sequence[MemberRow]
) -> None:
    """Replaces the members of these groups."""
    await connection.execute(
        "delete from group_member where record_id = any ($1::bigint[])", list(groups)
    )
    await stage(connection, "s_member", rows)
    await connection.execute(
        "insert into group_member select * from s_member order by record_id, member_no"
    )


async def put_identifiers(connection: Connection, rows: Sequence[IdentifierRow]) -> None:
    await stage(connection, "s_identifier", rows)
    await connection.execute(
        """
        insert into identifier
        select *, null from s_identifier order by record_id, blind_index, role
        on conflict (record_id, blind_index, role) do update
        set replaced_at = null, as_of = excluded.as_of
        where identifier.replaced_at is not null
        """
    )


async def mark_replaced(connection: Connection, rows: Sequence[Replaced]) -> None:
    await connection.execute(
        """
        update identifier i set replaced_at = r.at
        from unnest($1::bigint[], $2::bytea[], $3::smallint[], $4::timestamptz[])
             as r (record_id, blind_index, role, at)
        where i.record_id = r.record_id and i.blind_index = r.blind_index and i.role = r.role
        """,
        [row.record_id for row in rows],
        [row.blind_index for row in rows],
        [row.role for row in rows],
        [row.at for row in rows],
    )


async def identifier_types(connection: Connection) -> dict[str, int]:
    rows = await connection.fetch("select code, type_id from identifier_type")
    return {row["code"]: row["type_id"] for row in rows}


async def add_identifier_types(connection: Connection, kinds: dict[str, str]) -> None:
    await connection.execute(
        """
        insert into identifier_type (code, identifies)
        select * from unnest($1::text[], $2::text[]) on conflict do nothing
        """,
        list(kinds),
        list(kinds.values()),
    )
