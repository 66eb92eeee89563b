"""Which status an enrolment stands in after one more report; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ibr.codelists.enrolment_status import ACTIVE, RANK_AT_SAME_MOMENT
from ibr.registry.enrolment.model import Standing

# Where nothing was ever said, somebody who receives a benefit is taken to be active; any word
# about the status overrides it, however old.
ASSUMED: Final = Standing(ACTIVE, datetime(1, 1, 2, tzinfo=UTC), 0)
UNKNOWN_STATUS: Final = 0


def reported_standing(status: int | None, status_at: datetime | None, as_of: datetime) -> Standing:
    """The standing a report speaks of: since the date it gives, else since the report itself."""
    if status is None:
        return ASSUMED
    return Standing(status, status_at or as_of, RANK_AT_SAME_MOMENT[status])


def later(one: Standing, other: Standing) -> Standing:
    """The one that stands, whichever was heard of first."""
    return other if one.stands_before(other) else one


def history_of(
    standing: Standing, dates: list[datetime], *, dated: bool, differs: bool
) -> list[tuple[datetime, int]]:
    """What goes into the history: the status with its date, earlier dates without a status.

    An undated status is repeated with every report; it is history only when it differs from what
    stood before.
    """
    entries = [(at, UNKNOWN_STATUS) for at in dates if at != standing.at]
    if standing is not ASSUMED and (dated or differs):
        entries.append((standing.at, standing.status))
    return entries
