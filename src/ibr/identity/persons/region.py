"""Who may be affected by a change: everybody that hangs together with whom it touches.

Whether two appearances are joined depends only on those that hang together with them: by pairs
that are near, by decisions, as one person now, or as members of one household, whose others are
asked. So it is enough to work these out anew.
"""

from __future__ import annotations

from collections.abc import Collection

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Weighed
from ibr.identity.persons.pairs import store


async def affected(connection: Connection, start: Collection[Appearance]) -> set[Appearance]:
    """Everybody who hangs together with these, themselves among them."""
    found = set(start)
    edge = found
    while edge:
        edge = set(await store.neighbours(connection, sorted(edge))) - found
        found = found | edge
    return found


def with_near(touched: Collection[Appearance], weighed: Collection[Weighed]) -> set[Appearance]:
    """The touched, and whom their new pairs bring near them."""
    found = set(touched)
    for each in weighed:
        found.update((each.low, each.high))
    return found
