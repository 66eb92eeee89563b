"""A file that was taken in, read again as it was understood then: what undoing works from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from ibr.deliveries import refuse
from ibr.deliveries.acts.reach_back import Earlier
from ibr.errors import Unavailable
from ibr.files import kept
from ibr.files.sending.desk import FileDesk, opened
from ibr.files.sending.run import job_of
from ibr.files.sending.work_through import ahead, blocks_of
from ibr.intake.prepare import Prepared
from ibr.reported.beneficiary import Refusal


async def merged_of_file(desk: FileDesk, earlier: Earlier) -> AsyncIterator[list[Prepared]]:
    """The records of a file that were merged, block by block, by the mapping it was sent with.

    Unavailable where one that was taken cannot be read any more.
    """
    async with desk.database.transaction(desk.book.programmes) as connection:
        file = await kept.file_of_delivery(connection, earlier.delivery_id, desk.sealer)
        refused = {
            each.item_no for each in await refuse.refused_items(connection, earlier.delivery_id)
        }
    if file is None or file.mapping is None:
        raise _unreadable()
    async with opened(desk, file) as content:
        job = job_of(desk, file, content, file.mapping)
        async with aclosing(ahead(blocks_of(desk, job))) as several:
            async for block in several:
                merged: list[Prepared] = []
                for item_no, item in enumerate(block.items, block.first_item):
                    if item_no < earlier.merged and item_no not in refused:
                        if isinstance(item, Refusal):
                            raise _unreadable()
                        merged += item
                yield merged


def _unreadable() -> Unavailable:
    return Unavailable(
        "delivery.unreadable",
        "An earlier file about the same people cannot be read any more, so it cannot be worked out "
        "what they are without this one. Ask its sender for a correction instead.",
    )
