"""SQL of check runs and of keeping findings: what was found meets what was known, as sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.db.staging import prepare, stage

_STAGED: Final = """
    create temporary table if not exists s_found (
        same_as bytea, severity smallint, programme_id integer, other_programme integer,
        person_id bigint, record_id bigint, other_record bigint, area_code text, first_day date,
        last_day date, money_minor bigint, currency text, facts jsonb
    ) on commit delete rows
"""
_EXEMPT: Final = """
    exists (select from check_exemption x
            where x.check_code = $1 and x.withdrawn_at is null and x.blind_index is null
              and x.valid_from <= $2 and coalesce(x.valid_to, $2) >= $2
              and (x.only_programme is null or x.only_programme = {0}.programme_id)
              and (x.same_as is null or x.same_as = {0}.same_as))
"""


class StagedFound(msgspec.Struct, frozen=True):
    """A row of s_found."""

    same_as: bytes
    severity: int
    programme_id: int | None
    other_programme: int | None
    person_id: int | None
    record_id: int | None
    other_record: int | None
    area_code: str | None
    first_day: date | None
    last_day: date | None
    money_minor: int | None
    currency: str | None
    facts: str


async def begin_merge(connection: Connection, rows: Sequence[StagedFound]) -> None:
    """Puts what was found beside what is known, for the statements of this transaction."""
    # Both sides may be large, and what is known of the size of one is hours old: a plan that goes
    # through one side for each row of the other would take minutes.
    await connection.execute(
        "set local statement_timeout = '10min'; set local plan_cache_mode = force_custom_plan; "
        "set local enable_nestloop = off; set local work_mem = '64MB'"
    )
    await prepare(connection, _STAGED)
    await stage(connection, "s_found", rows)
    await connection.execute("analyze s_found")


async def newest_merged(connection: Connection, check_code: str) -> int:
    """The newest snapshot whose findings of this check were merged; 0 where none was."""
    found: int = await connection.fetchval(
        """
        select coalesce(max(snapshot_no), 0) from check_run
        where check_code = $1 and state = 'done' and (counts->>'merged')::boolean
        """,
        check_code,
    )
    return found


async def put_run(
    connection: Connection,
    *,
    snapshot_no: int,
    check_code: str,
    check_version: int,
    parameters: str,
    period: tuple[date, date],
    state: str,
    digest: bytes,
    started_at: datetime,
    finished_at: datetime,
) -> int:
    """Notes a run; its number. Its counts are added when they are known."""
    number: int = await connection.fetchval(
        """
        insert into check_run (snapshot_no, check_code, check_version, parameters, period_from,
                               period_to, state, digest, started_at, finished_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning run_no
        """,
        snapshot_no,
        check_code,
        check_version,
        parameters,
        *period,
        state,
        digest,
        started_at,
        finished_at,
    )
    return number


async def put_counts(connection: Connection, run_no: int, counts: str) -> None:
    await connection.execute("update check_run set counts = $2 where run_no = $1", run_no, counts)


async def leave_out_exempt(connection: Connection, check_code: str, on: date) -> int:
    """Takes what is lawfully exempt out of what was found; how much."""
    said: str = await connection.execute(
        f"delete from s_found s where {_EXEMPT.format('s')}", check_code, on
    )
    return _count(said)


async def leave_out_settled(connection: Connection, check_code: str) -> int:
    """Takes out what people have decided about already; how much.

    What began only after the decision is something new.
    """
    said: str = await connection.execute(
        """
        delete from s_found s
        where exists (
            select from finding f
            where f.check_code = $1 and f.same_as = s.same_as and f.closed_reason = 'decided'
              and coalesce(s.first_day, '-infinity') <= f.closed_at::date)
        """,
        check_code,
    )
    return _count(said)


async def keep_still(
    connection: Connection, check_code: str, version: int, run_no: int, period: tuple[date, date]
) -> int:
    """Brings open findings that are found again up to date; how many.

    Days outside the period that this run looked at stay as an earlier run found them.
    """
    said: str = await connection.execute(
        """
        update finding f set
            check_version = $2, severity = s.severity, programme_id = s.programme_id,
            other_programme = s.other_programme, person_id = s.person_id,
            record_id = s.record_id, other_record = s.other_record, area_code = s.area_code,
            facts = s.facts,
            first_day = case when f.first_day < $4 then least(f.first_day, s.first_day)
                             else s.first_day end,
            last_day = case when f.last_day > $5 then greatest(f.last_day, s.last_day)
                            else s.last_day end,
            money_minor = s.money_minor, currency = s.currency, last_run = $3
        from s_found s
        where f.check_code = $1 and f.same_as = s.same_as and f.closed_at is null
        """,
        check_code,
        version,
        run_no,
        *period,
    )
    return _count(said)


async def close_gone(
    connection: Connection,
    check_code: str,
    version: int,
    on: date,
    period: tuple[date, date],
    at: datetime,
) -> int:
    """Closes open findings that this run looked for and did not find, each with the reason.

    A run says nothing of what ended outside its period.
    """
    said: str = await connection.execute(
        f"""
        update finding f set closed_at = $6, closed_reason = case
            when {_EXEMPT.format("f")} then 'exempt'
            when f.check_version <> $3 then 'rule_changed'
            when exists (
                select from person p where p.person_id = f.person_id and p.ended_at is not null)
              or exists (
                select from person_event e join check_run r on r.run_no = f.last_run
                join snapshot n on n.snapshot_no = r.snapshot_no
                where f.person_id in (e.from_person, e.to_person)
                  and e.happened_at >= n.as_known_at) then 'person_changed'
            else 'no_longer_found' end
        where f.check_code = $1 and f.closed_at is null
          and not exists (select from s_found s where s.same_as = f.same_as)
          and case when f.last_day is not null then f.last_day between $4 and $5
                   else exists (select from check_run r where r.run_no = f.last_run
                                and r.period_to <= $5) end
        """,
        check_code,
        on,
        version,
        *period,
        at,
    )
    return _count(said)


async def close_exempt(connection: Connection, check_code: str, on: date, at: datetime) -> int:
    """Closes open findings that are exempt now, whatever the period of the run; how many."""
    said: str = await connection.execute(
        f"""
        update finding f set closed_at = $3, closed_reason = 'exempt'
        where f.check_code = $1 and f.closed_at is null and {_EXEMPT.format("f")}
        """,
        check_code,
        on,
        at,
    )
    return _count(said)


async def open_new(
    connection: Connection, check_code: str, version: int, run_no: int, at: datetime
) -> int:
    """Opens what was not open; how many."""
    said: str = await connection.execute(
        """
        insert into finding (check_code, same_as, check_version, severity, programme_id,
                             other_programme, person_id, record_id, other_record, area_code,
                             facts, first_day, last_day, money_minor, currency, first_run,
                             last_run, found_at)
        select $1, s.same_as, $2, s.severity, s.programme_id, s.other_programme, s.person_id,
               s.record_id, s.other_record, s.area_code, s.facts, s.first_day, s.last_day,
               s.money_minor, s.currency, $3, $3, $4
        from s_found s
        where not exists (select from finding f where f.check_code = $1
                          and f.same_as = s.same_as and f.closed_at is null)
        order by s.same_as
        """,
        check_code,
        version,
        run_no,
        at,
    )
    return _count(said)


async def runs(connection: Connection, most: int, check_code: str | None = None) -> list[Record]:
    """The last runs, the newest first."""
    return await connection.fetch(
        """
        select run_no, snapshot_no, check_code, check_version, period_from, period_to, state,
               counts, encode(digest, 'hex') as digest, finished_at,
               extract(epoch from finished_at - started_at)::double precision as seconds
        from check_run where $2::text is null or check_code = $2
        order by run_no desc limit $1
        """,
        most,
        check_code,
    )


async def newest_link_run(connection: Connection) -> int | None:
    """The newest run that said who is who."""
    found: int | None = await connection.fetchval(
        "select max(run_no) from link_run where state = 'applied'"
    )
    return found


async def has_records(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from enrolment)")
    return found


def _count(said: str) -> int:
    return int(said.rsplit(" ", 1)[-1])
