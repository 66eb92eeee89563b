"""A brief for somebody: gathered, noted in the audit, ready to be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from ibr.asker import Asker
from ibr.audit.events import FIGURES_EXPORTED
from ibr.audit.record import record_event
from ibr.coverage.catalogue.model import Indicator
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.publish.brief.gather import gather
from ibr.publish.brief.model import BriefData
from ibr.publish.brief.write_brief import brief_name, write_brief
from ibr.publish.figures_from import Source
from ibr.publish.files.labels import Labels


async def make_brief(
    connection: Connection,
    source: Source,
    *,
    area: str,
    period: str,
    labels: Labels,
    indicators: Mapping[str, Indicator],
    asker: Asker | None,
    at: datetime,
) -> tuple[str, Callable[[], bytes]]:
    """The name of the file, and what writes it outside the transaction; empty: newest month."""
    data = await gather(
        connection,
        source,
        area=area,
        period=period or await newest_month(connection, source),
        labels=labels,
        indicators=indicators,
    )
    await note_brief(connection, data, asker, at)
    return brief_name(data), partial(write_brief, data)


async def newest_month(connection: Connection, source: Source) -> str:
    """The newest month with figures of people reached; NotFound where there is none."""
    found = await source.periods(connection, "N1")
    if not found:
        raise NotFound("figures.nothing", "No figures were worked out yet. See: ibr indicators run")
    return max(found)


async def note_brief(
    connection: Connection, data: BriefData, asker: Asker | None, at: datetime
) -> None:
    """One audit event for each brief."""
    await record_event(
        connection,
        kind=FIGURES_EXPORTED,
        asker=asker,
        details={
            "area": data.place.code,
            "periods": [data.period],
            "form": "brief",
            "audience": data.audience,
            "release": data.release_no,
        },
        at=at,
    )
