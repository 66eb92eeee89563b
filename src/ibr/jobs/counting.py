"""Figures by themselves, in a process of their own."""

from __future__ import annotations

from ibr.clock import now
from ibr.coverage.runs.due import due_now
from ibr.interop.dci.services import Services
from ibr.jobs.checking import in_a_process
from ibr.jobs.model import Job
from ibr.overlaps.findings.due import under_way

COMMAND = ("-m", "ibr", "indicators", "run", "--json", "--months")


async def run_due_figures(services: Services, _job: Job) -> None:
    """Works out the figures of months that have ended, once every programme should have reported.

    Not while a delivery is being stored or linkage has news to read: the next time will do.
    """
    await services.book.refresh()
    programmes = sorted(services.book.programmes)
    months = await due_now(services.database, programmes, now())
    if months and not await under_way(services.database, programmes):
        await in_a_process((*COMMAND, f"{months[0]}..{months[-1]}"))
