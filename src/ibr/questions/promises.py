"""What partners were promised and have not got: for administrators, who may send it again.

Nobody is in reach here: what a message says stays sealed.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ibr.access.staff.rights import CALLBACKS, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.outbox.desk import look, send_again
from ibr.outbox.model import Backlog, Listed, ReceiverSeen, State

A_PAGE: Final = 40
# A list is paged up to here; whoever looks for older messages narrows the list.
LAST_PAGE: Final = 250

Wanted = Literal["dead", "waiting", "both"]
_STATES: Final[dict[Wanted, tuple[State, ...]]] = {
    "dead": ("dead",),
    "waiting": ("waiting",),
    "both": ("dead", "waiting"),
}


class Undelivered(msgspec.Struct, frozen=True):
    """One page of messages that did not arrive, and how much there is of each partner's."""

    backlog: Backlog
    receivers: list[ReceiverSeen]
    messages: list[Listed]
    total: int
    page: int
    pages: int


async def undelivered(
    database: Database, asker: Asker, wanted: Wanted, partner: str | None, page: int
) -> Undelivered:
    """The messages that were given up, that wait, or both; of one partner by its sender_id."""
    must_hold(asker, CALLBACKS)
    states = _STATES[wanted]
    async with database.transaction(()) as connection:
        total = await look.count(connection, states=states, partner=partner)
        pages = min(max(1, -(-total // A_PAGE)), LAST_PAGE)
        page = min(max(1, page), pages)
        return Undelivered(
            backlog=await look.backlog(connection),
            receivers=await look.receivers(connection),
            messages=await look.listed(
                connection,
                states=states,
                partner=partner,
                most=A_PAGE,
                skip=(page - 1) * A_PAGE,
            ),
            total=total,
            page=page,
            pages=pages,
        )


async def send_one_again(database: Database, asker: Asker, name: str) -> None:
    """A message that was given up waits once more; Conflict when it is none."""
    must_hold(asker, CALLBACKS)
    async with database.transaction(()) as connection:
        await send_again.send_one_again(connection, asker, name)


async def send_all_again(database: Database, asker: Asker, sender_id: str) -> int:
    """Every message of a partner that was given up waits once more; how many."""
    must_hold(asker, CALLBACKS)
    async with database.transaction(()) as connection:
        return await send_again.send_all_again(connection, asker, sender_id)
