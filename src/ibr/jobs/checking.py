"""Checks by themselves, in a process of their own: their counting makes no other job wait."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from ibr.clock import now
from ibr.errors import Unavailable
from ibr.interop.dci.services import Services
from ibr.jobs.model import Job
from ibr.log import logger
from ibr.overlaps.findings.due import LONGEST_WAIT, due_since, others_run_checks, under_way

COMMAND = ("-m", "ibr", "checks", "run", "--json")
_PATIENCE = 20.0


async def run_due_checks(services: Services, _job: Job) -> None:
    """Takes a snapshot and runs every check when a day has passed, or when it was worked out anew
    who is who.

    Not while a delivery is being stored or linkage has news to read: half a month would be found to
    be missing, and one person to be two. Where that never ends it is done all the same after six
    hours, and each run says what was under way.
    """
    await services.book.refresh()
    programmes, at = sorted(services.book.programmes), now()
    since = await due_since(services.database, programmes, at)
    if since is None:
        return
    if at - since < LONGEST_WAIT and await under_way(services.database, programmes):
        return
    if await others_run_checks(services.database):
        return
    await in_a_process(COMMAND)


async def in_a_process(command: tuple[str, ...]) -> None:
    """Runs this Python with a command, ended with the job; Unavailable where it fails."""
    # It has the environment, and with it the settings, that this worker was started with.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        code = await process.wait()
    finally:
        await _end(process)
    if code:
        logger().error("a process of the worker failed", kind=command[2], code=code)
        raise Unavailable("job.process", "A process of the worker did not end well; see the log.")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
