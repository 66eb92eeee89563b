"""SQL of the record of processing: what the database says of itself, and who has agreements."""

from __future__ import annotations

from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def tables(connection: Connection) -> list[Record]:
    """Tables with columns of people, as their comments say."""
    return await connection.fetch(
        """
        select c.relname as name, coalesce(obj_description(c.oid, 'pg_class'), '') as about,
               array_agg(a.attname::text order by a.attnum)
                   filter (where col_description(c.oid, a.attnum) like 'personal:%') as personal,
               array_agg(a.attname::text order by a.attnum)
                   filter (where col_description(c.oid, a.attnum) like 'sensitive:%') as sensitive
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid
        where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition
          and a.attnum > 0 and not a.attisdropped
          and (col_description(c.oid, a.attnum) like 'personal:%'
               or col_description(c.oid, a.attnum) like 'sensitive:%')
        group by c.oid, c.relname order by c.relname
        """
    )


async def programmes(connection: Connection, today: date) -> list[Record]:
    return await connection.fetch(
        """
        select p.code, p.institution, array(
            select distinct r.name from agreement a
            join agreement_clause c using (agreement_no) join partner r using (partner_id)
            where 'report' = any (c.acts)
              and (c.programmes is null or p.programme_id = any (c.programmes))
              and a.valid_from <= $1 and coalesce(a.valid_to, 'infinity') >= $1
              and coalesce(a.ended_from, 'infinity') > $1 and r.suspended_at is null
            order by r.name) as feeds
        from programme p order by p.code
        """,
        today,
    )


async def flows(connection: Connection, today: date) -> list[Record]:
    return await connection.fetch(
        """
        select r.name as partner, c.acts, coalesce(array(
                   select p.code from programme p where p.programme_id = any (c.programmes)
                   order by p.code), '{}') as programmes,
               coalesce(c.purposes, '{}') as purposes, coalesce(c.attributes, '{}') as attributes,
               a.legal_basis, a.valid_to::text as until
        from agreement a join agreement_clause c using (agreement_no)
        join partner r using (partner_id)
        where a.valid_from <= $1 and coalesce(a.valid_to, 'infinity') >= $1
          and coalesce(a.ended_from, 'infinity') > $1 and r.suspended_at is null
        order by r.name, a.agreement_no, c.clause_no
        """,
        today,
    )


async def sources(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select p.name as partner, s.kind, s.attributes, s.purpose_text as purpose, s.legal_basis
        from source_registry s join partner p using (partner_id)
        where s.ended_at is null order by p.name, s.kind
        """
    )


async def review(connection: Connection) -> Record | None:
    return await connection.fetchrow(
        """
        select v.digest, o.name as reviewed_by_name, v.reviewed_at, v.note
        from processing_review v left join officer o on o.officer_id = v.reviewed_by
        order by v.review_no desc limit 1
        """
    )


async def reviewed(connection: Connection, digest: bytes, by: int, note: str, at: datetime) -> None:
    await connection.execute(
        """
        insert into processing_review (digest, reviewed_by, reviewed_at, note)
        values ($1, $2, $3, $4)
        """,
        digest,
        by,
        at,
        note,
    )


async def facts(connection: Connection, since: datetime) -> Record:
    """What can be seen of the measures in the database itself."""
    row = await connection.fetchrow(
        """
        select
            (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'ibr' and c.relkind in ('r', 'p') and c.relrowsecurity
               and not c.relispartition) as guarded,
            (select count(*) from partner where suspended_at is null) as partners,
            (select count(*) from partner
             where suspended_at is null and signature_policy = 'required') as signed,
            (select count(*) from agreement a
             where a.legal_basis is null and coalesce(a.ended_from, 'infinity') > $1::date
               and a.valid_from <= $1::date
               and coalesce(a.valid_to, 'infinity') >= $1::date) as lawless,
            (select max(started_at) from retention_run where ended_at is not null) as last_run,
            (select count(*) from retention_rule r
             where r.rule_no = (select max(x.rule_no) from retention_rule x
                                where x.class = r.class)
               and r.asked_by is null and r.set_by is null
               and r.legal_basis like 'The registry''s own start%') as unnamed_laws
        """,
        since,
    )
    assert row is not None
    return row
