"""The country at a glance: who is reached, with what, where, and who has not reported."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.codelists.enrolment_status import counts_as_enrolled
from ibr.codelists.programme_kinds import PERSON
from ibr.coverage.engine.operations.count import calendars_known
from ibr.db.pool import Database
from ibr.deliveries.report import seen
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen
from ibr.periods import Month
from ibr.questions.counts import count_for
from ibr.questions.kept import Kept
from ibr.questions.reporting import Reporting, last_closed_month, who_has_reported
from ibr.registry.overview import counts
from ibr.registry.overview.model import (
    MonthTotal,
    ProgrammeFacts,
    ReachedCount,
    Region,
    StatusCount,
)

TREND_MONTHS = 24
REFUSED_DAYS = 30
LAST_DELIVERIES = 5


class RegionReached(msgspec.Struct, frozen=True):
    """Beneficiaries in one region; `per_thousand` where its population is known."""

    region: Region | None
    reached: int
    per_thousand: float | None


class ProgrammeReached(msgspec.Struct, frozen=True):
    """Enrolments of one programme, and what it gave in the last closed month."""

    programme: ProgrammeFacts
    current: int
    all: int
    benefits: int
    money: dict[str, int]


class MonthGiven(msgspec.Struct, frozen=True):
    """Benefits of one month, their value by currency."""

    month: Month
    benefits: int
    money: dict[str, int]


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the first page shows."""

    known_at: datetime
    month: Month
    beneficiaries: int
    people: int
    groups: int
    enrolments: int
    months: list[MonthGiven]
    programmes: list[ProgrammeReached]
    regions: list[RegionReached]
    reporting: list[Reporting]
    refused: int
    last_deliveries: list[DeliverySeen]

    @property
    def expected(self) -> list[Reporting]:
        """Programmes that should have reported for the month."""
        return [each for each in self.reporting if each.state != "not_due"]

    @property
    def reported(self) -> int:
        return sum(each.state == "on_time" for each in self.expected)

    @property
    def late(self) -> list[Reporting]:
        return [each for each in self.expected if each.state != "on_time"]


async def country_at_a_glance(
    database: Database, kept: Kept, asker: Asker, at: datetime
) -> Country:
    """The figures over the programmes in reach, at most a minute old."""
    must_hold(asker, COUNTRY)
    return await kept.of(("country", asker.reach, asker.areas), lambda: _count(database, asker, at))


async def _count(database: Database, asker: Asker, at: datetime) -> Country:
    month = last_closed_month(at.date())
    first = month.plus(1 - TREND_MONTHS)
    async with database.transaction(asker.reach, asker=asker, right=COUNTRY) as connection:
        await counts.allow_time(connection)
        programmes = await counts.programmes(connection, asker.reach)
        statuses = await counts.statuses(connection)
        reached = await counts.reached(connection)
        totals = await counts.months(connection, first.first, month.first)
        regions = await counts.regions(connection)
        reported = await seen.reported(connection)
        known = await calendars_known(connection, [each.programme_id for each in programmes], at)
        refused = await seen.refused_since(connection, at - timedelta(days=REFUSED_DAYS))
        newest = await seen.deliveries(connection, DeliveryFilter(), LAST_DELIVERIES)
    by_programme = [_programme(asker, each, statuses, totals, month) for each in programmes]
    people = sum(each.count for each in reached if each.assistance_unit == PERSON)
    everybody = sum(each.count for each in reached)
    return Country(
        known_at=at,
        month=month,
        beneficiaries=count_for(asker, everybody),
        people=count_for(asker, people),
        groups=count_for(asker, everybody - people),
        enrolments=sum(each.current for each in by_programme),
        months=by_month(asker, totals, first, month),
        programmes=sorted(by_programme, key=lambda each: (-each.current, each.programme.code)),
        regions=by_region(asker, regions, reached),
        reporting=who_has_reported(programmes, known, reported, at),
        refused=count_for(asker, refused),
        last_deliveries=newest,
    )


def _programme(
    asker: Asker,
    programme: ProgrammeFacts,
    statuses: list[StatusCount],
    totals: list[MonthTotal],
    month: Month,
) -> ProgrammeReached:
    own = [each for each in statuses if each.programme_id == programme.programme_id]
    current = sum(
        each.count
        for each in own
        if counts_as_enrolled(each.status, suspended_counts=programme.suspended_counts)
    )
    given = [
        each
        for each in totals
        if each.programme_id == programme.programme_id and each.month == month.first
    ]
    return ProgrammeReached(
        programme,
        count_for(asker, current),
        count_for(asker, sum(each.count for each in own)),
        count_for(asker, sum(each.benefits for each in given)),
        _money(given),
    )


def _money(totals: list[MonthTotal]) -> dict[str, int]:
    money: dict[str, int] = {}
    for each in totals:
        if each.currency and each.value_minor:
            money[each.currency] = money.get(each.currency, 0) + each.value_minor
    return money


def by_month(asker: Asker, totals: list[MonthTotal], first: Month, last: Month) -> list[MonthGiven]:
    """Every month from `first` to `last`, the silent ones with nothing, so that a gap is seen."""
    found = []
    month = first
    while month <= last:
        own = [each for each in totals if each.month == month.first]
        benefits = count_for(asker, sum(each.benefits for each in own))
        found.append(MonthGiven(month, benefits, _money(own)))
        month = month.plus(1)
    return found


def by_region(
    asker: Asker, regions: list[Region], reached: list[ReachedCount]
) -> list[RegionReached]:
    """Every region, and last those whose region is not stated or in no list."""
    known = {region.code for region in regions}
    found = []
    for region in regions:
        count = sum(each.count for each in reached if each.region_code == region.code)
        people = region.population
        found.append(
            RegionReached(
                region, count_for(asker, count), count * 1000 / people if people else None
            )
        )
    elsewhere = sum(each.count for each in reached if each.region_code not in known)
    if elsewhere:
        found.append(RegionReached(None, count_for(asker, elsewhere), None))
    return found
