"""Jobs that answer acknowledged requests: quickly, with more time, or at last with a refusal."""

from __future__ import annotations

from functools import partial
from typing import Final

from ibr.db.pool import Connection
from ibr.errors import Unavailable
from ibr.interop.dci.accept import ANSWER_REQUEST, job_key
from ibr.interop.dci.answer_requests import (
    MOST_SLOW_ATTEMPTS,
    QUICK_MILLISECONDS,
    answer_request,
    is_slow,
    refuse_failed,
    refuse_slow,
    waiting_requests,
)
from ibr.interop.dci.services import Services
from ibr.jobs import store
from ibr.jobs.model import Job
from ibr.jobs.queue import Jobs
from ibr.log import logger

ANSWER_SLOW_REQUEST: Final = "answer_slow_request"


async def answer_at_once(services: Services, job: Job) -> bool:
    """Answers an acknowledged request; one that takes long is left to the other queue."""
    key, partner = bytes.fromhex(job.arguments["message"]), job.arguments["partner"]
    finish = partial(_finish, job)
    try:
        await answer_request(services, key, partner, finish, milliseconds=QUICK_MILLISECONDS)
    except Unavailable as slow:
        if not is_slow(slow):
            raise
        async with services.database.transaction(()) as connection:
            await finish(connection)
            await Jobs.enqueue(connection, ANSWER_SLOW_REQUEST, job.arguments, key=job_key(key))
    return True


async def answer_at_leisure(services: Services, job: Job) -> bool:
    """Answers a request for as long as the worker's own time-out lets it take."""
    key, partner = bytes.fromhex(job.arguments["message"]), job.arguments["partner"]
    finish = partial(_finish, job)
    try:
        await answer_request(services, key, partner, finish)
    except Unavailable as slow:
        if not is_slow(slow) or job.attempts < MOST_SLOW_ATTEMPTS:
            raise
        await refuse_slow(services, key, partner, finish)
    return True


async def _finish(job: Job, connection: Connection) -> None:
    await Jobs.finish_within(connection, job)


async def refuse_forgotten(services: Services, _job: Job) -> None:
    """Refuses requests whose every attempt failed, so that nobody waits for an answer for ever."""
    waiting = await waiting_requests(services)
    if not waiting:
        return
    keys = {job_key(each): each for each in waiting}
    async with services.database.transaction(()) as connection:
        forgotten = await store.without_job(connection, list(keys))
    for each in forgotten:
        message_key = keys[each]
        logger().error("a request could not be answered", job=ANSWER_REQUEST)
        try:
            await refuse_failed(services, message_key, waiting[message_key])
        except Exception:
            # The others must not wait for one whose refusal fails as well; it comes round again.
            logger().exception("a request could not be refused", job=ANSWER_REQUEST)
