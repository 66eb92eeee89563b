"""A file of figures for somebody: found, noted in the audit, written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ibr.access.approvals.bulk_export import NAME as BULK_EXPORT
from ibr.access.approvals.bulk_export import must_be_granted, payload_of
from ibr.access.approvals.decide import propose
from ibr.asker import Asker
from ibr.audit.events import FIGURES_EXPORTED
from ibr.audit.record import record_event
from ibr.coverage.catalogue.model import Indicator, Words
from ibr.coverage.figures.model import dimensions_of
from ibr.db.pool import Connection
from ibr.publish.asked.find import find
from ibr.publish.asked.read_asked import Asked
from ibr.publish.figures_from import Found, Source
from ibr.publish.files.forms import Form, file_name, form_of, write
from ibr.publish.files.labels import Labels
from ibr.publish.files.model import Audience, Dataset
from ibr.publish.files.rows import count_rows

_BY = Words("by", "par")


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file ready to be sent: its pieces are written as they are taken."""

    name: str
    media_type: str
    pieces: Iterator[bytes]
    rows: int


async def make_file(
    connection: Connection,
    source: Source,
    asked: Asked,
    form_name: str,
    *,
    labels: Labels,
    indicators: Mapping[str, Indicator],
    asker: Asker | None,
    at: datetime,
    alone: int | None = None,
) -> MadeFile:
    """The file, noted in the caller's transaction; NotUnderstood where it is too large.

    `alone` is how many figures an officer may take out without a second person: NeedsSecond for
    more, unless somebody approved exactly this file.
    """
    form = form_of(form_name)
    dataset = dataset_of(await find(connection, source, asked), source.audience, labels, indicators)
    if alone is not None and asker is not None:
        payload = held_by(dataset, asked, form_name)
        await must_be_granted(connection, asker, payload, alone, at)
    pieces = write(dataset, form)
    await note(connection, dataset, form_name, asker, at)
    return _made(dataset, form, pieces)


def held_by(dataset: Dataset, asked: Asked, form_name: str) -> dict[str, Any]:
    """What a file would hold, as it is proposed to a second person."""
    return payload_of(
        indicators=[table.indicator for table in dataset.tables],
        breakdowns=[table.breakdown for table in dataset.tables],
        periods=[table.period for table in dataset.tables],
        where=asked.where,
        form=form_name,
        figures=count_rows(dataset),
    )


async def propose_file(
    connection: Connection,
    source: Source,
    asked: Asked,
    form_name: str,
    *,
    labels: Labels,
    indicators: Mapping[str, Indicator],
    asker: Asker,
    at: datetime,
    why: str | None,
) -> int:
    """Proposes a file that is too large for one person; the number of the proposal."""
    form_of(form_name)
    dataset = dataset_of(await find(connection, source, asked), source.audience, labels, indicators)
    payload = held_by(dataset, asked, form_name)
    return await propose(connection, asker, BULK_EXPORT, payload, at, why=why)


def _made(dataset: Dataset, form: Form, pieces: Iterator[bytes]) -> MadeFile:
    return MadeFile(
        name=file_name(dataset, form),
        media_type=form.media_type,
        pieces=pieces,
        rows=count_rows(dataset),
    )


def dataset_of(
    found: Found, audience: Audience, labels: Labels, indicators: Mapping[str, Indicator]
) -> Dataset:
    """What was found, as what a file holds."""
    return Dataset(
        title=title_of(found, labels, indicators),
        audience=audience,
        tables=found.tables,
        indicators=indicators,
        labels=labels,
        hidden=found.hidden,
        licence=found.licence,
        release_no=found.release_no,
    )


def title_of(found: Found, labels: Labels, indicators: Mapping[str, Indicator]) -> str:
    """What the figures are, for people: names of indicators, breakdowns, periods."""
    language = labels.language
    codes = dict.fromkeys(table.indicator for table in found.tables)
    names = [indicators[c].name.in_language(language) if c in indicators else c for c in codes]
    breakdowns = dict.fromkeys(each.breakdown for each in found.tables if each.breakdown)
    by = ", ".join(" × ".join(dimensions_of(each)) for each in breakdowns)
    periods = sorted({table.period for table in found.tables})
    span = periods[0] if len(periods) == 1 else f"{periods[0]} – {periods[-1]}"
    said = f" {_BY.in_language(language)} {by}" if by else ""
    return f"{', '.join(names)}{said}, {span}"


async def note(
    connection: Connection, dataset: Dataset, form: str, asker: Asker | None, at: datetime
) -> None:
    """One audit event for each export: which figures, in which form, how many, for whom."""
    await record_event(
        connection,
        kind=FIGURES_EXPORTED,
        asker=asker,
        details={
            "indicators": sorted({table.indicator for table in dataset.tables}),
            "breakdowns": sorted({table.breakdown for table in dataset.tables}),
            "periods": sorted({table.period for table in dataset.tables}),
            "form": form,
            "figures": count_rows(dataset),
            "audience": dataset.audience,
            "release": dataset.release_no,
        },
        at=at,
    )
