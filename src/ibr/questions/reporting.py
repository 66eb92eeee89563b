"""Who has reported, how late, how full, what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from ibr.access.staff.rights import DELIVERIES, DELIVERY_RELEASE, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.deliveries.acts import decide
from ibr.deliveries.acts.model import Act
from ibr.deliveries.checks.judge import found_in
from ibr.deliveries.checks.model import Found
from ibr.deliveries.report import seen
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen, RefusedSeen, Reported
from ibr.errors import NotFound
from ibr.periods import Month, month_of
from ibr.registry.overview import counts
from ibr.registry.overview.model import ProgrammeFacts

DELIVERIES_A_PAGE = 25
REFUSED_A_PAGE = 50
# A list is paged up to here; whoever looks for older deliveries narrows the list.
LAST_PAGE = 400

ReportingState = Literal["on_time", "late", "never", "not_due"]


class Reporting(msgspec.Struct, frozen=True):
    """Whether one programme has reported for the last closed month."""

    programme: ProgrammeFacts
    state: ReportingState
    month: str | None
    received_at: datetime | None


class DeliveryList(msgspec.Struct, frozen=True):
    """One page of deliveries."""

    deliveries: list[DeliverySeen]
    programmes: list[ProgrammeFacts]
    total: int
    page: int
    pages: int


class OneDelivery(msgspec.Struct, frozen=True):
    """One delivery with a page of its refused records."""

    delivery: DeliverySeen
    programmes: list[ProgrammeFacts]
    refused: list[RefusedSeen]
    refused_codes: list[tuple[str, int]]
    found: list[Found]
    acts: list[Act]
    replaced_by: list[int]
    page: int
    pages: int


def last_closed_month(today: date) -> Month:
    """The month before this one: the newest that a programme can have closed."""
    return month_of(today).plus(-1)


def reporting_state(
    programme: ProgrammeFacts, reported: Reported | None, today: date
) -> ReportingState:
    """Whether a programme has reported for the last closed month of its cycle."""
    closed = last_closed_month(today)
    begins = programme.valid_from
    if begins is not None and month_of(begins) > closed:
        return "not_due"
    if programme.valid_to is not None and month_of(programme.valid_to) < closed:
        return "not_due"
    if reported is None:
        return "never"
    # A programme with a cycle of two months is late only when both months went by in silence.
    due = closed.plus(1 - max(1, programme.cycle_months))
    return "on_time" if reported.month >= str(due) else "late"


def who_has_reported(
    programmes: Iterable[ProgrammeFacts], reported: Mapping[int, Reported], today: date
) -> list[Reporting]:
    """Every programme with its state of reporting, the silent ones first."""
    order = {"never": 0, "late": 1, "on_time": 2, "not_due": 3}
    found = []
    for programme in programmes:
        last = reported.get(programme.programme_id)
        found.append(
            Reporting(
                programme,
                reporting_state(programme, last, today),
                last.month if last else None,
                last.received_at if last else None,
            )
        )
    return sorted(found, key=lambda each: order[each.state])


def pages_of(total: int, size: int) -> int:
    """How many pages a list has; an empty one has one."""
    return min(LAST_PAGE, max(1, -(-total // size)))


async def deliveries(
    database: Database, asker: Asker, wanted: DeliveryFilter, page: int
) -> DeliveryList:
    """One page of the deliveries about programmes in reach."""
    must_hold(asker, DELIVERIES)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERIES) as connection:
        total = await seen.count(connection, wanted)
        pages = pages_of(total, DELIVERIES_A_PAGE)
        page = min(max(1, page), pages)
        found = await seen.deliveries(
            connection, wanted, DELIVERIES_A_PAGE, (page - 1) * DELIVERIES_A_PAGE
        )
        programmes = await counts.programmes(connection, asker.reach)
    return DeliveryList(found, programmes, total, page, pages)


async def one_delivery(
    database: Database, asker: Asker, delivery_id: int, page: int
) -> OneDelivery:
    """One delivery; NotFound alike when it does not exist and when it is not in reach."""
    must_hold(asker, DELIVERIES)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERIES) as connection:
        found = await seen.delivery(connection, delivery_id)
        if found is None:
            raise NotFound("delivery.unknown", "There is no such delivery among your programmes.")
        codes = await seen.refused_codes(connection, delivery_id)
        pages = pages_of(sum(count for _, count in codes), REFUSED_A_PAGE)
        page = min(max(1, page), pages)
        refused = await seen.refused(
            connection, delivery_id, REFUSED_A_PAGE, (page - 1) * REFUSED_A_PAGE
        )
        programmes = await counts.programmes(connection, asker.reach)
        adds_up = await found_in(connection, delivery_id)
        acts = await decide.acts_on(connection, delivery_id)
        later = await seen.replaced_by(connection, delivery_id)
    return OneDelivery(found, programmes, refused, codes, adds_up, acts, later, page, pages)


async def programmes_by_code(database: Database) -> dict[str, int]:
    """The number of every programme, for the registry's own commands."""
    async with database.transaction(()) as connection:
        return await counts.numbers_by_code(connection)


async def held_deliveries(database: Database, asker: Asker) -> int:
    """How many deliveries in reach wait for a person's look."""
    must_hold(asker, DELIVERY_RELEASE)
    async with database.transaction(asker.reach, asker=asker, right=DELIVERY_RELEASE) as connection:
        return await seen.waiting(connection)
