"""SQL of jobs: taken in once, claimed by one worker at a time, finished only by who holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

import msgspec

from ibr.db.pool import Connection
from ibr.jobs.model import LEASE_SECONDS, MOST_ATTEMPTS, Every, Job

CHANNEL: Final = "ibr_job"


async def enqueue(
    connection: Connection,
    kind: str,
    arguments: dict[str, Any],
    key: str | None,
    due_at: datetime | None,
) -> None:
    """Takes a job in with the caller's transaction; wakes who does this kind when that commits."""
    await connection.execute(
        """
        with taken_in as (
            insert into job (kind, arguments, key, due_at)
            values ($1, $2, $3, coalesce($4, now())) on conflict do nothing
        )
        select pg_notify($5, $1)
        """,
        kind,
        msgspec.json.encode(arguments).decode(),
        key,
        due_at,
        CHANNEL,
    )


async def schedule(connection: Connection, lines: Sequence[Every]) -> None:
    """One row for each line; what stands there already keeps its turn."""
    await connection.execute(
        """
        insert into job (kind, key, every_seconds)
        select kind, 'every ' || kind, seconds
        from unnest($1::text[], $2::integer[]) as l (kind, seconds)
        on conflict do nothing
        """,
        [line.kind for line in lines],
        [line.seconds for line in lines],
    )


async def claim(connection: Connection, kinds: Sequence[str], most: int) -> list[Job]:
    """Up to `most` jobs that have been due longest, for this worker alone until their lease ends.

    A job whose worker died is due again when the lease is over; the attempt it died in counts.
    A claim need not survive a crash of the database: the job is then merely due again. So its
    commit does not wait for the disk.
    """
    rows = await connection.fetch(
        """
        with due as materialized (
            select nearest.job_id
            from unnest($1::text[]) as k (kind) cross join lateral (
                select job_id, due_at from job
                where job.kind = k.kind and done_at is null and gave_up_at is null
                  and due_at <= now() and (leased_until is null or leased_until < now())
                order by due_at
                limit $2
                for update skip locked
            ) as nearest
            order by nearest.due_at, nearest.job_id
            limit $2
        )
        update job set attempts = attempts + 1, lease_token = gen_random_uuid(),
                       leased_until = now() + make_interval(secs => $3)
        from due, set_config('synchronous_commit', 'off', true)
        where job.job_id = due.job_id
        returning job.job_id, kind, arguments, attempts, every_seconds, lease_token::text
        """,
        list(kinds),
        most,
        LEASE_SECONDS,
    )
    return [
        Job(**{**dict(row), "arguments": msgspec.json.decode(row["arguments"])})
        for row in sorted(rows, key=itemgetter("job_id"))
    ]


async def give_up_orphans(connection: Connection) -> int:
    """Gives up jobs whose every attempt ended with the death of its worker."""
    said: str = await connection.execute(
        """
        update job set gave_up_at = now(), last_error = 'worker died'
        where done_at is null and gave_up_at is null and leased_until < now()
          and every_seconds is null and attempts >= $1
        """,
        MOST_ATTEMPTS,
    )
    return int(said.removeprefix("UPDATE "))


async def seconds_to_next(connection: Connection, kinds: Sequence[str]) -> float | None:
    """How long until something of these kinds is due, or a lease on one ends."""
    seconds = await connection.fetchval(
        """
        select extract(epoch from min(greatest(due_at, coalesce(leased_until, due_at))) - now())
        from job where kind = any ($1::text[]) and done_at is null and gave_up_at is null
        """,
        list(kinds),
    )
    return None if seconds is None else max(0.0, float(seconds))


async def renew(connection: Connection, jobs: Sequence[Job]) -> set[int]:
    """Makes these leases longer; the numbers of the jobs that are still this worker's."""
    rows = await connection.fetch(
        """
        update job set leased_until = now() + make_interval(secs => $3)
        from unnest($1::bigint[], $2::uuid[]) as held (job_id, lease_token)
        where job.job_id = held.job_id and job.lease_token = held.lease_token
        returning job.job_id
        """,
        [job.job_id for job in jobs],
        [job.lease_token for job in jobs],
        LEASE_SECONDS,
    )
    return {row["job_id"] for row in rows}


async def finish(connection: Connection, job: Job) -> bool:
    """Done; what runs again and again is due again. False when the lease is another worker's."""
    return await _changed(
        connection,
        """
        update job set
            done_at = case when every_seconds is null then now() end,
            due_at = now() + make_interval(secs => coalesce(every_seconds, 0)),
            attempts = case when every_seconds is null then attempts else 0 end,
            leased_until = null, lease_token = null, last_error = null
        where job_id = $1 and lease_token = $2::uuid
        """,
        job,
    )


async def take_away(connection: Connection, job: Job) -> bool:
    """Done and forgotten: what it did is on record where it did it. False as for `finish`."""
    said: str = await connection.execute(
        "delete from job where job_id = $1 and lease_token = $2::uuid", job.job_id, job.lease_token
    )
    return said == "DELETE 1"


async def put_back(
    connection: Connection, job: Job, error: str, wait: float, *, give_up: bool
) -> bool:
    """Failed: due again after `wait` seconds, or given up. False when the lease is another's."""
    return await _changed(
        connection,
        """
        update job set
            gave_up_at = case when $5 then now() end, last_error = $3,
            due_at = now() + make_interval(secs => $4), leased_until = null, lease_token = null
        where job_id = $1 and lease_token = $2::uuid
        """,
        job,
        error,
        wait,
        give_up,
    )


async def _changed(connection: Connection, statement: str, job: Job, *values: object) -> bool:
    said: str = await connection.execute(statement, job.job_id, job.lease_token, *values)
    return said == "UPDATE 1"


async def without_job(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Those of these keys that no unfinished job has."""
    rows = await connection.fetch(
        """
        select wanted.key from unnest($1::text[]) as wanted (key)
        where not exists (
            select from job
            where job.key = wanted.key and done_at is null and gave_up_at is null
        )
        """,
        list(keys),
    )
    return [row["key"] for row in rows]


async def tidy(connection: Connection) -> None:
    """Forgets what was done a week ago, what was given up a year ago, and workers long gone."""
    await connection.execute(
        """
        delete from job where done_at < now() - interval '7 days'
                           or gave_up_at < now() - interval '1 year'
        """
    )
    await connection.execute("delete from worker_sign where seen_at < now() - interval '1 day'")


async def give_sign(connection: Connection, worker: str) -> None:
    await connection.execute(
        """
        insert into worker_sign (worker, seen_at) values ($1, now())
        on conflict (worker) do update set seen_at = excluded.seen_at
        """,
        worker,
    )


async def take_sign_away(connection: Connection, worker: str) -> None:
    await connection.execute("delete from worker_sign where worker = $1", worker)


async def provide_benefit_month(connection: Connection, first_day: object) -> bool:
    made: bool = await connection.fetchval("select provide_benefit_month($1)", first_day)
    return made
