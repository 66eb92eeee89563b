"""The control of the fault test: workers that finish a job first and do it afterwards."""

from __future__ import annotations

import asyncio

# Run as a program: its own folder is where Python looks first.
from forking_worker import main

from ibr.interop.dci.services import Services
from ibr.jobs import answering, schedule
from ibr.jobs.model import Job
from ibr.jobs.queue import Jobs


async def finished_first(services: Services, job: Job) -> bool:
    async with services.database.transaction(()) as connection:
        await Jobs.finish_within(connection, job)
    await asyncio.sleep(0.02)
    key, partner = bytes.fromhex(job.arguments["message"]), job.arguments["partner"]

    async def finished(_: object) -> None:
        """It is already."""

    await answering.answer_request(services, key, partner, finished)
    return True


if __name__ == "__main__":
    schedule.answer_at_once = finished_first  # type: ignore[assignment]  # the seeded fault
    main()
