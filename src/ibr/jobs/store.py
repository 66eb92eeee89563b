"""SQL of jobs: taken in once, claimed by one worker at a time, finished only by who holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
    """Takes a job in with the caller's transaction, and wakes the workers when that commits."""
    await connection.execute(
        """
        insert into job (kind, arguments, key, due_at)
        values ($1, $2, $3, coalesce($4, now())) on conflict do nothing
        """,
        kind,
        msgspec.json.encode(arguments).decode(),
        key,
        due_at,
    )
    await connection.execute("select pg_notify($1, '')", CHANNEL)


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


async def claim(connection: Connection, kinds: Sequence[str]) -> Job | None:
    """The job that has been due longest, for this worker alone until its lease ends.

    A job whose worker died is due again when the lease is over; the attempt it died in counts.
    """
    row = await connection.fetchrow(
        """
        update job set attempts = attempts + 1, lease_token = gen_random_uuid(),
                       leased_until = now() + make_interval(secs => $2)
        where job_id = (
            select job_id from job
            where done_at is null and gave_up_at is null and due_at <= now()
              and (leased_until is null or leased_until < now()) and kind = any ($1::text[])
            order by due_at, job_id
            limit 1
            for update skip locked
        )
        returning job_id, kind, arguments, attempts, every_seconds, lease_token::text
        """,
        list(kinds),
        LEASE_SECONDS,
    )
    if row is None:
        return None
    return Job(**{**dict(row), "arguments": msgspec.json.decode(row["arguments"])})


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


async def seconds_to_next(connection: Connection) -> float | None:
    """How long until something is due, or a lease ends."""
    seconds = await connection.fetchval(
        """
        select extract(epoch from min(greatest(due_at, coalesce(leased_until, due_at))) - now())
        from job where done_at is null and gave_up_at is null
        """
    )
    return None if seconds is None else max(0.0, float(seconds))


async def renew(connection: Connection, job: Job) -> bool:
    """Makes the lease longer; false when it was given to another worker."""
    return await _changed(
        connection,
        "update job set leased_until = now() + make_interval(secs => $3)"
        " where job_id = $1 and lease_token = $2::uuid",
        job,
        LEASE_SECONDS,
    )


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
