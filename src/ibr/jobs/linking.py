"""Linkage by itself, in a process of its own, soon after something was reported or decided."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from ibr.identity.persons.run import Linkage
from ibr.interop.dci.services import Services
from ibr.jobs.checking import in_a_process
from ibr.jobs.model import Job
from ibr.log import logger

COMMAND = ("-m", "ibr", "linkage", "run", "--json")


async def link_changes(services: Services, _job: Job) -> None:
    """Works out anew who is who where news or decisions wait.

    Not while a run below its floor waits to be decided about: the next would be below it too.
    """
    linkage = Linkage(services.database, services.sealer, _nobody)
    waiting = await linkage.waiting()
    if waiting.proposed:
        logger().warning("a run of linkage is proposed and waits to be applied or dropped")
        return
    if waiting.running or not (waiting.news or waiting.decisions or waiting.old_standard):
        return
    await in_a_process(COMMAND)


def _nobody(_programmes: Collection[int]) -> NoReturn:
    raise AssertionError("records are read in the process of the run")
