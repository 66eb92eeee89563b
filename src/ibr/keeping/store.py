"""SQL of retention rules, holds and runs."""

from __future__ import annotations

from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.keeping.model import WantedRule


async def rules(connection: Connection, *, all_of_them: bool = False) -> list[Record]:
    """The rule of each class that counts, or every rule there ever was."""
    newest = "" if all_of_them else "distinct on (r.class)"
    return await connection.fetch(
        f"""
        select {newest} r.rule_no, r.class as data_class, r.keep_days, r.disposal, r.legal_basis,
               a.name as asked_by_name, s.name as set_by_name, r.set_at
        from retention_rule r
        left join officer a on a.officer_id = r.asked_by
        left join officer s on s.officer_id = r.set_by
        order by r.class, r.rule_no desc
        """
    )


async def add_rule(
    connection: Connection, rule: WantedRule, asked_by: int | None, set_by: int | None, at: datetime
) -> int:
    number: int = await connection.fetchval(
        """
        insert into retention_rule (class, keep_days, disposal, legal_basis, asked_by, set_by,
                                    set_at)
        values ($1, $2, $3, $4, $5, $6, $7) returning rule_no
        """,
        rule.data_class,
        rule.keep_days,
        rule.disposal,
        rule.legal_basis,
        asked_by,
        set_by,
        at,
    )
    return number


async def programme(connection: Connection, code: str) -> int | None:
    number: int | None = await connection.fetchval(
        "select programme_id from programme where lower(code) = lower($1)", code
    )
    return number


async def records_of(connection: Connection, blind_index: bytes, most: int) -> list[int]:
    """Records in which a number stands as the person's own, as it does now."""
    rows = await connection.fetch(
        """
        select distinct record_id from enrolled_index
        where blind_index = $1 and role = 0 order by record_id limit $2
        """,
        blind_index,
        most,
    )
    return [row["record_id"] for row in rows]


async def place(
    connection: Connection,
    *,
    kind: str,
    blind_index: bytes | None,
    programme_id: int | None,
    data_class: str | None,
    reason: str,
    until: date | None,
    by: int | None,
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into legal_hold (kind, blind_index, about_programme, class, reason, until,
                                placed_by, placed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning hold_id
        """,
        kind,
        blind_index,
        programme_id,
        data_class,
        reason,
        until,
        by,
        at,
    )
    return number


async def hold_records(connection: Connection, hold_id: int, records: list[int]) -> None:
    await connection.execute(
        """
        insert into legal_hold_record (hold_id, record_id)
        select $1, each from unnest($2::bigint[]) each on conflict do nothing
        """,
        hold_id,
        records,
    )


async def holds(connection: Connection, most: int, hold_id: int | None = None) -> list[Record]:
    return await connection.fetch(
        """
        select h.hold_id, h.kind, p.code as programme, h.class as data_class, h.reason, h.until,
               b.name as placed_by_name, h.placed_at, l.name as lifted_by_name, h.lifted_at,
               h.lifted_why,
               (select count(*)::integer from legal_hold_record r
                where r.hold_id = h.hold_id) as records
        from legal_hold h
        left join programme p on p.programme_id = h.about_programme
        left join officer b on b.officer_id = h.placed_by
        left join officer l on l.officer_id = h.lifted_by
        where $2::integer is null or h.hold_id = $2
        order by h.lifted_at is not null, h.hold_id desc limit $1
        """,
        most,
        hold_id,
    )


async def lift(
    connection: Connection,
    hold_id: int,
    asked_by: int | None,
    by: int | None,
    why: str,
    at: datetime,
) -> bool:
    done = await connection.fetchval(
        """
        update legal_hold
        set lift_asked_by = $2, lifted_by = $3, lifted_why = $4, lifted_at = $5
        where hold_id = $1 and lifted_at is null returning true
        """,
        hold_id,
        asked_by,
        by,
        why,
        at,
    )
    return bool(done)


async def last_runs(connection: Connection, most: int) -> list[Record]:
    return await connection.fetch(
        "select run_no, started_at, ended_at from retention_run order by run_no desc limit $1", most
    )


async def disposed(connection: Connection, run_no: int) -> list[Record]:
    return await connection.fetch(
        """
        select class as data_class, rule_no, through, since, disposed, held
        from retention_disposed where run_no = $1 order by class
        """,
        run_no,
    )


# What is past its time of each class, with the programmes and the records it is about.
_DUE = {
    "delivery_bytes": """
        select d.programme_ids as programmes, array(
            select unnest(t.record_ids) from delivery_touched t
            where t.delivery_id = d.delivery_id
              and exists (select from legal_hold where kind = 'person' and lifted_at is null)
        ) as records
        from delivery d
        where d.state in ('done', 'failed', 'refused', 'voided')
          and coalesce(d.done_at, d.received_at) < past_its_time($1, $2)
          and exists (select from delivery_part p where p.delivery_id = d.delivery_id)
    """,
    "record_versions": """
        select array[programme_id] as programmes, array[record_id] as records
        from beneficiary_version where known_at < past_its_time($1, $2)
    """,
    "ended_enrolments": """
        select array[e.programme_id] as programmes, array[e.record_id] as records
        from enrolment e
        where e.status in (2, 3) and e.status_at < past_its_time($1, $2)
          and not exists (select from stripped_record s where s.record_id = e.record_id)
    """,
    "withdrawn": """
        select array[programme_id] as programmes, array[record_id] as records from (
            select programme_id, record_id, withdrawn_at from withdrawn_enrolment
            union all select programme_id, record_id, withdrawn_at from withdrawn_benefit
            union all select programme_id, record_id, withdrawn_at from withdrawn_status
        ) w where w.withdrawn_at < past_its_time($1, $2)
    """,
    "search_answers": """
        select '{}'::integer[] as programmes, '{}'::bigint[] as records from message_received m
        where m.kind in ('search', 'txn_status') and m.received_at < past_its_time($1, $2)
    """,
    "told_elsewhere": """
        select '{}'::integer[] as programmes, '{}'::bigint[] as records,
               exists (select from legal_hold h
                       where h.blind_index = k.subject_index and h.lifted_at is null) as held
        from known_attribute k where k.known_at < past_its_time($1, $2)
    """,
    "case_notes": """
        select array[c.programme_id] as programmes, array_remove(
            array[c.record_id] || array(select m.record_id from person_member m
                                        where m.person_id = c.person_id), null) as records
        from overlap_case c
        where c.closed_at < past_its_time($1, $2)
          and (exists (select from case_letter l where l.case_id = c.case_id)
               or exists (select from case_step s
                          where s.case_id = c.case_id and s.note is not null))
    """,
    "closed_findings": """
        select array[f.programme_id] as programmes,
               array_remove(array[f.record_id, f.other_record], null) as records
        from finding f
        where f.closed_at < past_its_time($1, $2)
          and (f.case_id is null or exists (
              select from overlap_case c
              where c.case_id = f.case_id and c.closed_at < past_its_time($1, $2)))
    """,
    "help_visits": """
        select array(select e.programme_id
                     from help_visit_record r join enrolment e using (record_id)
                     where r.visit_no = v.visit_no) as programmes,
               array(select r.record_id from help_visit_record r
                     where r.visit_no = v.visit_no) as records
        from help_visit v
        where v.ended_at < past_its_time($1, $2)
          and not exists (
              select from person_request q where q.visit_no = v.visit_no
                and (q.answer is null or q.answer = 'accepted' and q.done_at is null))
    """,
}


async def due(connection: Connection, data_class: str, at: datetime) -> Record:
    """How much of a class is past its time, and how much of that is held."""
    also = "or d.held" if data_class == "told_elsewhere" else ""
    row = await connection.fetchrow(
        f"""
        with due as materialized ({_DUE[data_class]})
        select count(*) as due,
               count(*) filter (where class_is_held($1) or d.programmes && held_programmes()
                                or cardinality(d.records) > 0
                                   and cardinality(held_among(d.records)) > 0 {also}) as held
        from due d
        """,
        data_class,
        at,
    )
    assert row is not None
    return row
