"""Who has reported, how late, how full, what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from ibr.access.staff.rights import DELIVERIES, DELIVERY_RELEASE, must_hold
from ibr.asker import Asker
from ibr.coverage.engine.operations.reports.rules import Calendar
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
    """How a programme's newest report stands; `month` is the last that the report is about."""

    programme: ProgrammeFacts
    state: ReportingState
    month: Month | None
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


def reporting_state(calendar: Calendar, at: datetime) -> tuple[ReportingState, Month | None]:
    """How the newest report of a programme stands that came or is late, and its last month: by the
    same definition as figures and the reporting calendar."""
    for report in calendar.newest(at, 3):
        if report.first_at is not None:
            return "on_time", report.cycle.last
        if report.late_from <= at:
            return "never" if calendar.last_at is None else "late", report.cycle.last
    return "not_due", None


def who_has_reported(
    programmes: Iterable[ProgrammeFacts],
    known: Iterable[Calendar],
    reported: Mapping[int, Reported],
    at: datetime,
) -> list[Reporting]:
    """Every programme with its state of reporting, the silent ones first."""
    order = {"never": 0, "late": 1, "on_time": 2, "not_due": 3}
    calendars = {each.programme.programme_id: each for each in known}
    found = []
    for programme in programmes:
        last = reported.get(programme.programme_id)
        state, month = reporting_state(calendars[programme.programme_id], at)
        found.append(Reporting(programme, state, month, last.received_at if last else None))
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
