"""Jobs of the night: what is past its time goes. Approved erasures are carried out at once."""

from __future__ import annotations

from ibr.clock import now
from ibr.errors import RegistryError
from ibr.interop.dci.services import Services
from ibr.jobs.model import Job
from ibr.keeping.disposing.dispose import Keeper, keep_tonight
from ibr.keeping.erasure.carry_out import Eraser, carry_out, open_erasures
from ibr.log import logger
from ibr.publish.research.make import Maker, make_due


async def keep_retention(services: Services, _job: Job) -> None:
    """Disposes, once a night, of everything that is past its time."""
    await services.book.refresh()
    done = await keep_tonight(
        Keeper(
            database=services.database,
            sealer=services.sealer,
            programmes=frozenset(services.book.programmes),
            now=now,
        )
    )
    if done:
        count = sum(each.disposed for each in done)
        logger().info("what was past its time was disposed of", count=count)


async def carry_out_erasures(services: Services, _job: Job) -> None:
    """Carries out every erasure that was approved; what must wait is tried again next time."""
    numbers = await open_erasures(services.database)
    if not numbers:
        return
    await services.book.refresh()
    eraser = Eraser(
        database=services.database,
        sealer=services.sealer,
        # The folder of the keys lies in the data folder, as that of bodies set aside does.
        keys=services.spool_folder.parent / "keys",
        programmes=frozenset(services.book.programmes),
        now=now,
    )
    for number in numbers:
        try:
            await carry_out(eraser, number)
        except RegistryError as waits:
            logger().info("an erasure waits", code=waits.code)


async def make_extracts(services: Services, _job: Job) -> None:
    """Makes approved extracts for research, and forgets those whose time is over."""
    await make_due(Maker(database=services.database, sealer=services.sealer, now=now))
