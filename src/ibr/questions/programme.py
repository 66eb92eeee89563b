"""One programme: whom it reaches, where, how old they are, what it gives, what it reports."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.staff.rights import PROGRAMME, must_hold
from ibr.asker import Asker
from ibr.codelists.enrolment_status import counts_as_enrolled
from ibr.codelists.people import SEX_OF_NUMBER
from ibr.coverage.engine.operations.count import calendars_known
from ibr.db.pool import Database
from ibr.deliveries.report import seen
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen
from ibr.errors import NotFound
from ibr.periods import Month
from ibr.questions.country import TREND_MONTHS, MonthGiven, RegionReached, by_month, by_region
from ibr.questions.counts import count_for
from ibr.questions.kept import Kept
from ibr.questions.reporting import Reporting, last_closed_month, who_has_reported
from ibr.registry.overview import counts
from ibr.registry.overview.model import ProgrammeFacts

DELIVERIES_SHOWN = 8


class AgeShown(msgspec.Struct, frozen=True):
    """People of one sex in one band of ten years; None where the birth date is not known."""

    sex: str
    band: int | None
    count: int


class OneProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a programme's page shows."""

    known_at: datetime
    month: Month
    programme: ProgrammeFacts
    current: int
    statuses: list[tuple[int, int]]
    months: list[MonthGiven]
    regions: list[RegionReached]
    ages: list[AgeShown]
    reporting: Reporting
    deliveries: list[DeliverySeen]

    @property
    def people(self) -> int:
        """People counted by sex and age, members of households included."""
        return sum(each.count for each in self.ages)


async def one_programme(
    database: Database, kept: Kept, asker: Asker, code: str, at: datetime
) -> OneProgramme:
    """A programme in reach; NotFound alike when it does not exist and when it is not in reach."""
    must_hold(asker, PROGRAMME)
    return await kept.of(
        ("programme", asker.reach, asker.areas, code), lambda: _count(database, asker, code, at)
    )


async def _count(database: Database, asker: Asker, code: str, at: datetime) -> OneProgramme:
    month = last_closed_month(at.date())
    first = month.plus(1 - TREND_MONTHS)
    async with database.transaction(asker.reach, asker=asker, right=PROGRAMME) as connection:
        await counts.allow_time(connection)
        programmes = await counts.programmes(connection, asker.reach)
        programme = next((each for each in programmes if each.code == code), None)
        if programme is None:
            raise NotFound(
                "programme.unknown", "There is no such programme among those you may see."
            )
        number = programme.programme_id
        statuses = [
            each for each in await counts.statuses(connection) if each.programme_id == number
        ]
        reached = await counts.reached(connection, number)
        ages = await counts.ages(connection, number, at.date())
        totals = await counts.months(connection, first.first, month.first)
        regions = await counts.regions(connection)
        reported = await seen.reported(connection)
        known = await calendars_known(connection, [number], at)
        deliveries = await seen.deliveries(
            connection, DeliveryFilter(programme_id=number), DELIVERIES_SHOWN
        )
    current = sum(
        each.count
        for each in statuses
        if counts_as_enrolled(each.status, suspended_counts=programme.suspended_counts)
    )
    own = [each for each in totals if each.programme_id == number]
    return OneProgramme(
        known_at=at,
        month=month,
        programme=programme,
        current=count_for(asker, current),
        statuses=[
            (each.status, count_for(asker, each.count))
            for each in sorted(statuses, key=lambda each: -each.count)
        ],
        months=by_month(asker, own, first, month),
        regions=by_region(asker, regions, reached),
        ages=[
            AgeShown(SEX_OF_NUMBER[each.sex], each.band, count_for(asker, each.count))
            for each in ages
        ],
        reporting=who_has_reported([programme], known, reported, at)[0],
        deliveries=deliveries,
    )
