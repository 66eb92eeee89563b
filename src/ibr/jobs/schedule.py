"""What runs when: every kind of job on one screen."""

from __future__ import annotations

from functools import partial
from typing import Final

from ibr.access.budgets.watching.watch import provide_days, watch_counts, watch_people
from ibr.access.staff.people.suspend import keep_officers
from ibr.audit.seals.seal_due import Sealing
from ibr.clock import now, today
from ibr.db.migrate import MONTHS_AHEAD
from ibr.db.pool import Database
from ibr.interop.dci.accept import ANSWER_REQUEST
from ibr.interop.dci.notify import write_notifications
from ibr.interop.dci.partner_keys import EVERY_SECONDS
from ibr.interop.dci.resume_updates import resume, to_resume
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_requests import CARRY_OUT, carry_out
from ibr.interop.dci.source_watch import keep_listening, watch
from ibr.jobs import store
from ibr.jobs.answering import (
    ANSWER_SLOW_REQUEST,
    answer_at_leisure,
    answer_at_once,
    refuse_forgotten,
)
from ibr.jobs.checking import run_due_checks
from ibr.jobs.counting import run_due_figures
from ibr.jobs.filing import WORK_ON_FILE, find_files, forget_files, work_on_file
from ibr.jobs.keeping import carry_out_erasures, keep_retention, make_extracts
from ibr.jobs.linking import link_changes
from ibr.jobs.model import Job
from ibr.jobs.queue import Jobs
from ibr.jobs.releasing import prepare_due_releases
from ibr.jobs.reminding import remind
from ibr.jobs.undoing import undo_deliveries
from ibr.outbox.desk import tidy as outbox
from ibr.overlaps.cases.opening.keep import keep_cases
from ibr.periods import month_of
from ibr.questions.protected_people import keep_protected
from ibr.subject.requests.follow import follow_requests
from ibr.subject.visits.during import keep_visits
from ibr.subscriptions.feed.match import Matcher
from ibr.trace import look as trace

FINISH_DELIVERY: Final = "finish_delivery"
# Looked for by the clock and not woken by every delivery: a wake-up would make the commits of
# deliveries wait for each other.
EVERY_FEW_SECONDS: Final = 2
# How often it is asked whether a batch is full; one that is not is sealed after half a minute.
_SEAL_SECONDS: Final = 5
_QUARTER: Final = 900
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR


def register_all(
    heavy: Jobs, quick: Jobs, database: Database, services: Services, callback_days: int
) -> None:
    """The whole table of what this registry does by itself.

    `quick` is for what takes milliseconds and somebody waits for, `heavy` for everything else.
    """
    heavy.register("finish_deliveries", partial(_finish_deliveries, services), every=15)
    heavy.register(FINISH_DELIVERY, partial(_finish_delivery, services))
    heavy.register("undo_deliveries", partial(undo_deliveries, services), every=EVERY_FEW_SECONDS)
    quick.register(ANSWER_REQUEST, partial(answer_at_once, services))
    heavy.register(ANSWER_SLOW_REQUEST, partial(answer_at_leisure, services))
    heavy.register("refuse_forgotten", partial(refuse_forgotten, services), every=60)
    matcher = Matcher(services.database, services.book, services.sealer, services.blind_index)
    heavy.register(
        "match_changes", partial(_match_changes, services, matcher), every=EVERY_FEW_SECONDS
    )
    quick.register(
        "write_notifications", partial(_write_notifications, services), every=EVERY_FEW_SECONDS
    )
    sealing = Sealing(database, services.sealer, services.anchors)
    quick.register("seal_events", partial(_seal_events, sealing), every=_SEAL_SECONDS)
    heavy.register(
        "fetch_partner_keys", partial(_fetch_partner_keys, services), every=EVERY_SECONDS
    )
    heavy.register(CARRY_OUT, partial(_carry_out, services))
    heavy.register("watch_sources", partial(_watch_sources, services), every=60)
    heavy.register("keep_listening", partial(_keep_listening, services), every=_DAY)
    heavy.register("keep_cases", partial(_keep_cases, services), every=120)
    heavy.register("keep_officers", partial(_keep_officers, services), every=_HOUR)
    heavy.register("link_changes", partial(link_changes, services), every=60)
    heavy.register("run_checks", partial(run_due_checks, services), every=_QUARTER)
    heavy.register("run_figures", partial(run_due_figures, services), every=_HOUR)
    heavy.register("prepare_releases", partial(prepare_due_releases, services), every=6 * _HOUR)
    heavy.register("remind_of_reports", partial(remind, services), every=_QUARTER)
    heavy.register("find_files", partial(find_files, services), every=EVERY_FEW_SECONDS)
    heavy.register(WORK_ON_FILE, partial(work_on_file, services))
    heavy.register("forget_files", partial(forget_files, services), every=_HOUR)
    heavy.register("make_benefit_months", partial(_make_benefit_months, database), every=_DAY)
    heavy.register("watch_counts", partial(_watch_counts, database), every=30)
    heavy.register("provide_budget_days", partial(_provide_budget_days, database), every=_DAY)
    heavy.register("tidy_jobs", partial(_tidy_jobs, database), every=_DAY)
    heavy.register("tidy_outbox", partial(_tidy_outbox, database, callback_days), every=_DAY)
    heavy.register("tidy_trace", partial(_tidy_trace, database), every=_HOUR)
    _register_rights(heavy, quick, services)


def _register_rights(heavy: Jobs, quick: Jobs, services: Services) -> None:
    """What is done for the people recorded: watched over, served, and not kept for ever."""
    heavy.register("watch_people", partial(_watch_people, services), every=300)
    heavy.register("keep_protected", partial(_keep_protected, services), every=15)
    quick.register("keep_visits", partial(_keep_visits, services), every=60)
    heavy.register("follow_requests", partial(_follow_requests, services), every=300)
    heavy.register("keep_retention", partial(keep_retention, services), every=_QUARTER)
    heavy.register("carry_out_erasures", partial(carry_out_erasures, services), every=5)
    heavy.register("make_extracts", partial(make_extracts, services), every=30)


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


async def _fetch_partner_keys(services: Services, _job: Job) -> None:
    await services.partner_keys.fetch_all(await services.book.everyone())


async def _seal_events(sealing: Sealing, _job: Job) -> None:
    """Seals what was recorded, and writes the seals outside the database."""
    await sealing.run(now())


async def _carry_out(services: Services, job: Job) -> None:
    await carry_out(services, job.arguments["order"])


async def _watch_sources(services: Services, _job: Job) -> None:
    await watch(services)


async def _keep_listening(services: Services, _job: Job) -> None:
    await keep_listening(services)


async def _keep_cases(services: Services, _job: Job) -> None:
    """Opens cases from findings, and does what comes by itself: holds end, appeal times run out."""
    await services.book.refresh()
    await keep_cases(services.database, services.book.programmes, now(), services.terms)


async def _keep_officers(services: Services, _job: Job) -> None:
    """Ends roles that are over; warns and suspends officers who are not seen."""
    async with services.database.transaction(()) as connection:
        await keep_officers(connection, services.officer_unseen_days, now())


async def _match_changes(services: Services, matcher: Matcher, _job: Job) -> None:
    """Finds who is to be told of what changed, and writes out at once what is due at once."""
    if (await matcher.run()).told:
        await write_notifications(services)


async def _write_notifications(services: Services, _job: Job) -> None:
    """Writes out what is due to be told."""
    await write_notifications(services)


async def _make_benefit_months(database: Database, _job: Job) -> None:
    """Keeps a year of months ahead; each in a transaction of its own, so that no lock is long."""
    first = month_of(today())
    for step in range(MONTHS_AHEAD + 1):
        async with database.transaction(()) as connection:
            await store.provide_benefit_month(connection, first.plus(step).first)


async def _watch_counts(database: Database, _job: Job) -> None:
    await watch_counts(database, now())


async def _watch_people(services: Services, _job: Job) -> None:
    await services.book.refresh()
    await watch_people(services.database, services.book.programmes, now())


async def _keep_protected(services: Services, _job: Job) -> None:
    await keep_protected(services.database, now())


async def _keep_visits(services: Services, _job: Job) -> None:
    """Ends visits at the help desk whose time is over."""
    await keep_visits(services.database, now())


async def _follow_requests(services: Services, _job: Job) -> None:
    """Sees which deliveries carry what programmes promised people."""
    await services.book.refresh()
    await follow_requests(
        services.database,
        services.sealer,
        services.blind_index,
        services.book.programmes,
        now(),
    )


async def _provide_budget_days(database: Database, _job: Job) -> None:
    await provide_days(database, now())


async def _tidy_jobs(database: Database, _job: Job) -> None:
    async with database.transaction(()) as connection:
        await store.tidy(connection)


async def _tidy_outbox(database: Database, callback_days: int, _job: Job) -> None:
    await outbox.tidy(database, now(), callback_days)


async def _tidy_trace(database: Database, _job: Job) -> None:
    """Ends old tests and forgets old traces, some at a time, so that no transaction is long."""
    await outbox.end_tests(database, now())
    while True:
        async with database.transaction(()) as connection:
            if not await trace.tidy(connection, now()):
                return
