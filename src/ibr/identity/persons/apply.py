"""Makes the result of a run count: persons, members, events and pairs, in one transaction.

Whoever reads sees the result of the run before or of this one, never something between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.db.staging import prepare
from ibr.identity.model import Appearance, Clusters, Decided, Weighed
from ibr.identity.persons import store
from ibr.identity.persons.assign import Assigned, assign, known_numbers
from ibr.identity.persons.decisions import store as decisions
from ibr.identity.persons.pairs import store as pairs
from ibr.identity.persons.pairs.store import KeptPair

MONEY_OF: Final = timedelta(days=92)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found out.

    `weighed` are all pairs worth keeping; `touched` are the appearances of which these are all
    the pairs there are, None where that is so of everybody. `region` are those whose persons were
    worked out, None for everybody. `decided` were followed, up to `through_decision`.
    """

    clusters: Clusters
    weighed: Sequence[Weighed]
    touched: Collection[Appearance] | None
    region: Collection[Appearance] | None
    decided: Sequence[Decided]
    through_decision: int


async def work_out(connection: Connection, result: Result) -> tuple[Assigned, int]:
    """Whose each appearance will be, and how many of them were somebody's before.

    Numbers that a dropped result took are never given again; they are not dense to the last.
    """
    before = await store.members_of(connection, result.region)
    former = await store.former_persons(connection, result.region)
    clusters = result.clusters.clusters
    known = known_numbers(clusters, before, former)
    fresh = await store.new_numbers(connection, known.count(None))
    return assign(clusters, before, known, fresh), len(before)


async def put(
    connection: Connection, result: Result, assigned: Assigned, run_no: int, at: datetime
) -> dict[str, int]:
    """Writes the result; what it counts."""
    await prepare(connection, *store.TEMPORARY, *pairs.TEMPORARY)
    await store.put_persons(
        connection,
        made=assigned.made,
        revived=assigned.revived,
        merged=assigned.merged,
        ended=assigned.ended,
        run_no=run_no,
        at=at,
    )
    await store.stage_moves(connection, assigned.moves)
    await store.put_moves(connection, run_no, at)
    kept = list(kept_pairs(result))
    await pairs.stage_pairs(connection, kept)
    await pairs.put_pairs(connection, run_no, at)
    if result.touched is None:
        gone = await pairs.forget_others(connection, run_no)
    else:
        await pairs.stage_touched(connection, result.touched)
        gone = await pairs.forget_touched(connection, run_no)
    await pairs.put_money(connection, run_no, at - MONEY_OF, at)
    # What people decided while this was worked out is for the next run; the queue knows it now.
    for low, high in await decisions.pairs_after(connection, result.through_decision):
        await decisions.mark_pair(connection, low, high)
    return {
        "appearances": len(assigned.persons),
        "persons": len(result.clusters.clusters),
        "pairs_linked": sum(each.state == "linked" for each in kept),
        "pairs_open": sum(each.state == "open" for each in kept),
        "pairs_decided": sum(each.state == "decided" for each in kept),
        "pairs_gone": gone,
        "moved": len(assigned.moves),
        "made": len(assigned.made),
        "merged": len(assigned.merged),
        "revived": len(assigned.revived),
        "ended": len(assigned.ended),
    }


def kept_pairs(result: Result) -> Iterator[KeptPair]:
    """Each pair with what became of it: to be looked at, decided, joined, or known to be two."""
    decided = {(each.low, each.high) for each in result.decided}
    reasons = {(each.low, each.high): why for each, why in result.clusters.open}
    place = {
        each: number for number, cluster in enumerate(result.clusters.clusters) for each in cluster
    }
    # With what their households say of them, where these were asked.
    looked_at = {(each.low, each.high): each for each in result.clusters.linked}
    looked_at |= {(each.low, each.high): each for each, _ in result.clusters.open}
    for first in result.weighed:
        pair = (first.low, first.high)
        each = looked_at.get(pair, first)
        if pair in reasons:
            # So may be a decision that newer ones contradict: somebody has to look again.
            yield KeptPair(each, "open", reasons[pair])
        elif pair in decided:
            yield KeptPair(each, "decided")
        elif place[each.low] == place[each.high]:
            yield KeptPair(each, "linked")
        else:
            yield KeptPair(each, "apart")
