"""Files and briefs of a release, written once into a folder of its own, with their digests.

A release never changes, so neither do its files: the same release always gives the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import Connection, Database
from ibr.publish.brief.gather import gather
from ibr.publish.brief.model import BriefData
from ibr.publish.brief.write_brief import brief_name, write_brief
from ibr.publish.figures_from import Found
from ibr.publish.files.forms import FORMS
from ibr.publish.files.labels import CodeName, load_labels
from ibr.publish.files.model import Audience, Dataset
from ibr.publish.releases.model import ReleasedTable, ReleaseHead
from ibr.publish.releases.read import one_release, tables_of
from ibr.publish.scheduled.due import DIGESTS, folder_of

LANGUAGES: Final = ("en", "fr")
Speak = Callable[[str], CodeName]
"""Names of codes in a language."""


class OneRelease:
    """A source that holds the tables of one release and nothing else."""

    def __init__(self, head: ReleaseHead, tables: Sequence[ReleasedTable]) -> None:
        self.audience: Audience = head.audience
        self._head = head
        self._tables = tables

    async def periods(self, connection: Connection, indicator: str) -> Sequence[str]:  # noqa: ARG002 - as every source is asked
        return sorted({e.table.period for e in self._tables if e.table.indicator == indicator})

    async def tables(
        self,
        connection: Connection,  # noqa: ARG002 - as every source is asked
        indicators: Sequence[str],
        breakdowns: Sequence[str],
        periods: Sequence[str],
    ) -> Found:
        chosen = [
            each
            for each in self._tables
            if each.table.indicator in indicators
            and each.table.breakdown in breakdowns
            and each.table.period in periods
        ]
        return self.found(chosen)

    def found(self, chosen: Sequence[ReleasedTable]) -> Found:
        """These tables with what is withheld in them."""
        return Found(
            tables=tuple(each.table for each in chosen),
            hidden={_name(each.table): each.hidden_keys for each in chosen if each.hidden},
            release_no=self._head.release_no,
            licence=self._head.licence,
        )


def _name(table: FigureTable) -> tuple[str, str, str]:
    return table.indicator, table.breakdown, table.period


async def write_release(
    database: Database,
    release_no: int,
    data_dir: Path,
    indicators: Mapping[str, Indicator],
    speak: Speak,
) -> Path:
    """The folder of a release's files; written where it is not there yet, whole or not at all."""
    place = folder_of(data_dir, release_no)
    if (place / DIGESTS).is_file():
        return place
    async with database.transaction((), frozen=True) as connection:
        head = await one_release(connection, release_no)
        tables = await tables_of(connection, release_no)
        # As the definitions were when it was built, whatever the catalogue says today.
        known = {**indicators, **{each.code: each for each in head.definitions}}
        labels = {code: await load_labels(connection, code, speak(code)) for code in LANGUAGES}
        source = OneRelease(head, tables)
        briefs = [
            await gather(
                connection,
                source,
                area="",
                period=period,
                labels=labels[code],
                indicators=known,
            )
            for period in head.periods
            if ("N1", "", period) in {_name(each.table) for each in tables}
            for code in LANGUAGES
        ]
    found = source.found(tables)
    dataset = Dataset(
        title=f"Release {release_no}",
        audience=head.audience,
        tables=found.tables,
        indicators=known,
        labels=labels["en"],
        hidden=found.hidden,
        licence=head.licence,
        release_no=release_no,
    )
    await asyncio.to_thread(_write, place, dataset, briefs)
    return place


def _write(place: Path, dataset: Dataset, briefs: Sequence[BriefData]) -> None:
    """Writes beside the place and moves there, so that nobody finds half of it."""
    beside = place.with_name(f".{place.name}.making")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    for form in FORMS.values():
        with (beside / f"release-{dataset.release_no}.{form.suffix}").open("wb") as file:
            file.writelines(form.write(dataset))
    for brief in briefs:
        name = brief_name(brief).replace(".pdf", f"-{brief.language}.pdf")
        (beside / name).write_bytes(write_brief(brief))
    (beside / DIGESTS).write_text(
        "".join(f"{digest}  {name}\n" for name, digest in digests_in(beside).items())
    )
    shutil.rmtree(place, ignore_errors=True)
    beside.rename(place)


def digests_in(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a release by its name."""
    return {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(folder.iterdir())
        if each.name != DIGESTS
    }
