"""Jobs that look at files, try them out and take them in."""

from __future__ import annotations

from typing import Final

from ibr.files.sending.desk import FileDesk
from ibr.files.sending.run import forget_old, waiting, work_on
from ibr.interop.dci.services import Services
from ibr.jobs.model import Job
from ibr.jobs.queue import Jobs

WORK_ON_FILE: Final = "work_on_file"


def file_desk(services: Services) -> FileDesk:
    """What work on files needs of the services of the worker."""
    return FileDesk(
        services.database,
        services.sealer,
        services.blind_index,
        services.book,
        services.spool_folder,
    )


async def find_files(services: Services, _job: Job) -> None:
    """Makes a job of every file that somebody waits for; one at a time for each file."""
    await services.book.refresh()
    async with services.database.transaction(services.book.programmes) as connection:
        for file_no in await waiting(connection):
            await Jobs.enqueue(
                connection, WORK_ON_FILE, {"file": file_no}, key=f"{WORK_ON_FILE} {file_no}"
            )


async def work_on_file(services: Services, job: Job) -> None:
    """Does what is next for one file."""
    await work_on(file_desk(services), job.arguments["file"])


async def forget_files(services: Services, _job: Job) -> None:
    """Forgets files that were begun and never sent."""
    await services.book.refresh()
    async with services.database.transaction(services.book.programmes) as connection:
        await forget_old(connection)
