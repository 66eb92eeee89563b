"""What runs when: every kind of job on one screen."""

from __future__ import annotations

from functools import partial
from typing import Final

from ibr.clock import today
from ibr.db.migrate import MONTHS_AHEAD
from ibr.db.pool import Database
from ibr.interop.dci.resume_updates import resume, to_resume
from ibr.interop.dci.services import Services
from ibr.jobs import store
from ibr.jobs.model import Job
from ibr.jobs.queue import Jobs
from ibr.periods import month_of

FINISH_DELIVERY: Final = "finish_delivery"
_DAY: Final = 24 * 3600


def register_all(jobs: Jobs, database: Database, services: Services) -> None:
    """The whole table of what this registry does by itself."""
    jobs.register("finish_deliveries", partial(_finish_deliveries, services), every=15)
    jobs.register(FINISH_DELIVERY, partial(_finish_delivery, services))
    jobs.register("make_benefit_months", partial(_make_benefit_months, database), every=_DAY)
    jobs.register("tidy_jobs", partial(_tidy_jobs, database), every=_DAY)


async def _finish_deliveries(services: Services, _job: Job) -> None:
    """Looks for deliveries whose process died, and makes a job of each."""
    for delivery_id in await to_resume(services):
        async with services.database.transaction(()) as connection:
            await Jobs.enqueue(
                connection,
                FINISH_DELIVERY,
                {"delivery": delivery_id},
                key=f"{FINISH_DELIVERY} {delivery_id}",
            )


async def _finish_delivery(services: Services, job: Job) -> None:
    await resume(services, job.arguments["delivery"])


async def _make_benefit_months(database: Database, _job: Job) -> None:
    """Keeps a year of months ahead; each in a transaction of its own, so that no lock is long."""
    first = month_of(today())
    for step in range(MONTHS_AHEAD + 1):
        async with database.transaction(()) as connection:
            await store.provide_benefit_month(connection, first.plus(step).first)


async def _tidy_jobs(database: Database, _job: Job) -> None:
    async with database.transaction(()) as connection:
        await store.tidy(connection)
