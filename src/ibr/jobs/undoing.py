"""Carries voids and returns of deliveries out, one after the other."""

from __future__ import annotations

from functools import partial
from typing import Final

from ibr.clock import now
from ibr.deliveries.acts import decide
from ibr.deliveries.acts.model import Undoing
from ibr.errors import RegistryError
from ibr.files.sending.read_again import merged_of_file
from ibr.intake.undo_delivery import Undoer, undo
from ibr.interop.dci.read_again import undoer
from ibr.interop.dci.services import Services
from ibr.jobs.filing import file_desk
from ibr.jobs.model import Job
from ibr.log import logger

# What no second try would change: the delivery stands as before, and its page says why.
_FOR_GOOD: Final = frozenset({"delivery.too_old", "delivery.unreadable", "delivery.bytes_gone"})


async def undo_deliveries(services: Services, _job: Job) -> None:
    """Finds deliveries that others have taken the place of, and those on their way, and undoes
    them; what cannot be done now is tried again at the next round."""
    await services.book.refresh()
    with_what = undoer(services, file=partial(merged_of_file, file_desk(services)))
    async with services.database.transaction(with_what.programmes) as connection:
        for old in await decide.to_replace(connection):
            await decide.replace(connection, old, now())
        waiting = await decide.undoings(connection)
    for each in waiting:
        await undo_one(with_what, each)


async def undo_one(with_what: Undoer, undoing: Undoing) -> None:
    """Undoes one delivery, or says on it why that cannot be."""
    try:
        await undo(with_what, undoing)
        logger().info("a delivery was undone", delivery_id=undoing.delivery_id)
    except RegistryError as refused:
        logger().warning(
            "a delivery could not be undone", delivery_id=undoing.delivery_id, code=refused.code
        )
        if refused.code in _FOR_GOOD:
            async with with_what.database.transaction(with_what.programmes) as connection:
                await decide.undo_failed(connection, undoing, refused.message, now())
