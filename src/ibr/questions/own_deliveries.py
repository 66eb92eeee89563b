"""A partner's own deliveries: what became of each, and why one waits."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.scopes import UPDATES
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.deliveries.acts import decide
from ibr.deliveries.checks.judge import found_in
from ibr.deliveries.checks.words import sentence
from ibr.deliveries.model import State
from ibr.deliveries.report import seen
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen
from ibr.errors import NotAllowed
from ibr.questions.reporting import DELIVERIES_A_PAGE, pages_of


class AskedDeliveries(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of one's own deliveries to list; without members all of them, the newest first."""

    state: State | None = None
    cycle: str | None = None
    page: int = 1


class OwnDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as its sender sees it: counts and words, and nothing of anybody."""

    delivery: int
    cycle: str | None
    sequence: int | None
    mode: str
    state: str
    received_at: datetime
    done_at: datetime | None
    records: int
    refused: int
    people: int
    replaces: int | None
    held_for: list[str]
    noted: list[str]
    reason: str | None


class OwnDeliveries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries."""

    deliveries: list[OwnDelivery]
    page: int
    pages: int
    total: int


async def own_deliveries(database: Database, asker: Asker, asked: AskedDeliveries) -> OwnDeliveries:
    """The asker's own deliveries about programmes that it still reports for.

    NotAllowed without the right to report.
    """
    if UPDATES not in asker.scopes:
        raise NotAllowed("scope.missing", f"The token must carry {UPDATES}.")
    wanted = DeliveryFilter(state=asked.state, cycle=asked.cycle, partner_id=asker.id)
    async with database.transaction(asker.report, asker=asker, right=UPDATES) as connection:
        total = await seen.count(connection, wanted)
        pages = pages_of(total, DELIVERIES_A_PAGE)
        page = min(max(1, asked.page), pages)
        rows = await seen.deliveries(
            connection, wanted, DELIVERIES_A_PAGE, (page - 1) * DELIVERIES_A_PAGE
        )
        found = [await _own(connection, each) for each in rows]
    return OwnDeliveries(deliveries=found, page=page, pages=pages, total=total)


async def _own(connection: Connection, one: DeliverySeen) -> OwnDelivery:
    counted = await found_in(connection, one.delivery_id)
    acts = await decide.acts_on(connection, one.delivery_id)
    decided = [each.reason for each in acts if each.kind in ("refused", "void_asked")]
    return OwnDelivery(
        delivery=one.delivery_id,
        cycle=one.cycle,
        sequence=one.sequence,
        mode=one.mode,
        state=one.state,
        received_at=one.received_at,
        done_at=one.done_at,
        records=sum(each.records for each in counted) or one.records,
        refused=one.refused,
        people=sum(each.people for each in counted),
        replaces=one.replaces,
        held_for=[sentence(each) for each in one.held_for],
        noted=[sentence(each) for each in one.anomalies if each.level == "note"],
        reason=decided[-1] if decided else None,
    )
