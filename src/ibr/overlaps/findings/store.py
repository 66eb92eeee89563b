"""SQL of check runs and of keeping findings: what was found meets what was known, as sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.db.staging import prepare, stage
from ibr.overlaps.snapshot.enrolled import Enrolled

_STAGED: Final = """
    create temporary table if not exists s_found (
        same_as bytea, severity smallint, programme_id integer, other_programme integer,
        person_id bigint, record_id bigint, other_record bigint, area_code text, first_day date,
        last_day date, money_minor bigint, currency text, facts jsonb
    ) on commit delete rows
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


def exempt_by(table: str, check_code: str = "$1", on: str = "$2") -> str:
    """The condition that rows of a table with same_as and programme_id are exempt on a day.

    The very finding and whole programmes are asked about apart: an exemption of one finding is
    found by its index, however many people have one, and those of programmes are few.
    """
    holds = (
        f"x.check_code = {check_code} and x.withdrawn_at is null and x.blind_index is null "
        f"and x.valid_from <= {on} and coalesce(x.valid_to, {on}) >= {on} "
        f"and (x.only_programme is null or x.only_programme = {table}.programme_id)"
    )
    return (
        f"(exists (select from check_exemption x where {holds} and x.same_as = {table}.same_as) "
        f"or exists (select from check_exemption x where {holds} and x.same_as is null))"
    )


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
    under_way: str,
    started_at: datetime,
    finished_at: datetime,
) -> int:
    """Notes a run; its number. Its counts are added when they are known."""
    number: int = await connection.fetchval(
        """
        insert into check_run (snapshot_no, check_code, check_version, parameters, period_from,
                               period_to, state, digest, under_way, started_at, finished_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning run_no
        """,
        snapshot_no,
        check_code,
        check_version,
        parameters,
        *period,
        state,
        digest,
        under_way,
        started_at,
        finished_at,
    )
    return number


async def put_counts(connection: Connection, run_no: int, counts: str) -> None:
    await connection.execute("update check_run set counts = $2 where run_no = $1", run_no, counts)


async def leave_out_exempt(connection: Connection, check_code: str, on: date) -> int:
    """Takes what is lawfully exempt out of what was found; how much."""
    said: str = await connection.execute(
        f"delete from s_found s where {exempt_by('s')}", check_code, on
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
            when {exempt_by("f")} then 'exempt'
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
        where f.check_code = $1 and f.closed_at is null and {exempt_by("f")}
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
               counts, under_way, encode(digest, 'hex') as digest, finished_at,
               extract(epoch from finished_at - started_at)::double precision as seconds
        from check_run where $2::text is null or check_code = $2
        order by run_no desc limit $1
        """,
        most,
        check_code,
    )


async def put_enrolled(
    connection: Connection, snapshot_no: int, groups: Sequence[Enrolled]
) -> None:
    """Keeps whom cases are held against, of the newest snapshot and of no other."""
    newest = await connection.fetchval("select max(snapshot_no) from enrolled_people")
    if newest is not None and newest >= snapshot_no:
        return
    await connection.execute("delete from enrolled_people")
    await connection.execute(
        """
        insert into enrolled_people (snapshot_no, programme_id, what, which, persons)
        select $1, x.* from unnest($2::integer[], $3::text[], $4::text[], $5::bigint[]) as x
        """,
        snapshot_no,
        *([getattr(each, name) for each in groups] for name in Enrolled.__struct_fields__),
    )


async def linked_after(connection: Connection, run_no: int) -> datetime | None:
    """When the first run after this one said anew who is who; None where none did."""
    found: datetime | None = await connection.fetchval(
        """
        select min(coalesce(finished_at, started_at)) from link_run
        where state = 'applied' and run_no > $1
        """,
        run_no,
    )
    return found


async def linkage_is_proposed(connection: Connection) -> bool:
    """Whether a run waits to be applied or dropped."""
    found: bool = await connection.fetchval(
        "select exists (select from link_run where state = 'proposed')"
    )
    return found


async def linkage_has_news(connection: Connection) -> bool:
    """Whether linkage has not read all that may say of somebody who they are. Nothing is moved:
    who looks here is not linkage."""
    found: bool = await connection.fetchval(
        """
        select case when exists (select from feed_cursor where reader = 'linkage')
            then exists (
                select from feed_cursor f
                join change c on (c.transaction_no, c.change_id) > (f.transaction_no, f.change_id)
                where f.reader = 'linkage'
                  and c.kind in ('enrolled', 'details_changed', 'withdrawn'))
            else exists (select from enrolment) end
        """
    )
    return found


async def first_delivery(connection: Connection) -> datetime | None:
    found: datetime | None = await connection.fetchval("select min(received_at) from delivery")
    return found


async def unfinished_deliveries(connection: Connection) -> int:
    """How many deliveries are being stored."""
    found: int = await connection.fetchval("select count(*) from delivery where state = 'received'")
    return found


async def has_records(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from enrolment)")
    return found


def _count(said: str) -> int:
    return int(said.rsplit(" ", 1)[-1])
