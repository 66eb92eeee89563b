"""Keeps who is one person by people's decisions: at once with each decision, and after runs.

Only this is asked when somebody wants to know whether a person is enrolled: what a machine alone
believes is never in it.
"""

from __future__ import annotations

from ibr.db.locks import hold_decisions
from ibr.db.pool import Connection
from ibr.identity.model import Pair
from ibr.identity.persons.confirmed import store
from ibr.identity.persons.confirmed.rules import confirmed_groups
from ibr.identity.persons.decisions import store as decisions


async def follow_decision(connection: Connection, pair: Pair) -> None:
    """Puts in force what was just decided about a pair, whatever that does to its person.

    For whoever holds the decisions' lock. Everybody who was ever called the same as one of the two
    is worked out anew, however long the chain; nobody else can be affected.
    """
    around = await store.ever_called_same(connection, pair)
    pairs = await decisions.pairs_among(connection, around)
    decided = await decisions.in_force(connection, pairs)
    await store.put_groups(connection, around, confirmed_groups(decided))
    await store.forget_numbers(connection, around)
    await store.add_numbers(connection, around)


async def put_in_order(connection: Connection, *, everybody: bool) -> None:
    """Brings the numbers up to what was read from the records since, and with `everybody` works out
    every group anew. For a transaction that sees every programme.

    A number that a record gave up is taken out with the report that says so; one that it was given
    leads to the person from the next reading on.
    """
    await hold_decisions(connection)
    if everybody:
        decided = await decisions.in_force(connection, None)
        await store.put_groups(connection, None, confirmed_groups(decided))
    await store.forget_numbers(connection, None)
    await store.forget_outdated(connection)
    await store.add_numbers(connection, None)
