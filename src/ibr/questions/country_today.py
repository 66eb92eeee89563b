"""What goes on in the country today beside the frozen figures: who is late, what came last."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.coverage.engine.operations.count import calendars_known
from ibr.db.pool import Database
from ibr.deliveries.report import seen
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen
from ibr.periods import Month
from ibr.questions.country import LAST_DELIVERIES, REFUSED_DAYS
from ibr.questions.counts import count_for
from ibr.questions.reporting import Reporting, last_closed_month, who_has_reported
from ibr.registry.overview import counts
from ibr.registry.overview.model import ProgrammeFacts


class CountryToday(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing in it is counted over people, so it is read anew each time."""

    month: Month
    programmes: list[ProgrammeFacts]
    reporting: list[Reporting]
    refused: int
    last_deliveries: list[DeliverySeen]

    @property
    def late(self) -> list[Reporting]:
        """Programmes that should have reported for the last closed month and have not."""
        return [each for each in self.reporting if each.state in ("late", "never")]

    @property
    def codes(self) -> frozenset[str]:
        """The programmes in reach."""
        return frozenset(each.code for each in self.programmes)


async def country_today(database: Database, asker: Asker, at: datetime) -> CountryToday:
    """How the programmes in reach report."""
    must_hold(asker, COUNTRY)
    async with database.transaction(asker.reach, asker=asker, right=COUNTRY) as connection:
        programmes = await counts.programmes(connection, asker.reach)
        reported = await seen.reported(connection)
        known = await calendars_known(connection, [each.programme_id for each in programmes], at)
        refused = await seen.refused_since(connection, at - timedelta(days=REFUSED_DAYS))
        newest = await seen.deliveries(connection, DeliveryFilter(), LAST_DELIVERIES)
    return CountryToday(
        month=last_closed_month(at.date()),
        programmes=programmes,
        reporting=who_has_reported(programmes, known, reported, at),
        refused=count_for(asker, refused),
        last_deliveries=newest,
    )
