"""What is due of releases: months to be built, and files that are missing.

Looked at every few hours, so nothing is read in here that builds or draws.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from ibr.db.pool import Database
from ibr.publish.releases.calendar.announce import due
from ibr.publish.releases.model import CalendarEntry
from ibr.publish.releases.read import releases

DIGESTS: Final = "SHA256SUMS"
"""The file that is written last: where it lies, the others do."""


def releases_folder(data_dir: Path) -> Path:
    """Where the files of releases lie; a release that is not signed is nobody else's to see."""
    folder = data_dir / "figures" / "releases"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def folder_of(data_dir: Path, release_no: int) -> Path:
    return releases_folder(data_dir) / str(release_no)


async def is_anything_to_prepare(database: Database, data_dir: Path, at: datetime) -> bool:
    """Whether a release is due to be built, or one lacks its files."""
    return bool(await to_build(database, at)) or bool(await without_files(database, data_dir))


async def to_build(database: Database, at: datetime) -> list[CalendarEntry]:
    """Entries whose day has come and of whose month no release waits to be signed."""
    async with database.transaction(()) as connection:
        entries = await due(connection, at.date())
        every = await releases(connection, published=False)
    waiting = {
        (each.audience, period)
        for each in every
        if each.state in ("built", "signed")
        for period in each.periods
    }
    return [each for each in entries if (each.audience, each.period) not in waiting]


async def without_files(database: Database, data_dir: Path) -> list[int]:
    """Releases that stand, or wait to, and have no folder of files."""
    async with database.transaction(()) as connection:
        every = await releases(connection, published=False)
    return sorted(
        each.release_no
        for each in every
        if each.state != "withdrawn"
        and not (folder_of(data_dir, each.release_no) / DIGESTS).is_file()
    )
