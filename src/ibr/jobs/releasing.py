"""Releases by themselves, in a process of their own: built on their day, with their files."""

from __future__ import annotations

from ibr.clock import now
from ibr.interop.dci.services import Services
from ibr.jobs.checking import in_a_process
from ibr.jobs.model import Job
from ibr.publish.scheduled.due import is_anything_to_prepare

COMMAND = ("-m", "ibr", "publish", "prepare", "--json")


async def prepare_due_releases(services: Services, _job: Job) -> None:
    """Builds what the calendar of releases has for today or before, and files that are missing."""
    # Bodies that were set aside lie in the data folder, as the files of releases do.
    data_dir = services.spool_folder.parent
    if await is_anything_to_prepare(services.database, data_dir, now()):
        await in_a_process(COMMAND)
