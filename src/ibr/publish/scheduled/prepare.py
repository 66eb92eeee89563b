"""Builds the releases whose day has come, and the files of those that lack them.

Nothing is published by itself: a release that was built waits for two people to sign it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.db.pool import Database
from ibr.errors import RegistryError
from ibr.log import logger
from ibr.publish.releases.build import Wanted, build_release
from ibr.publish.scheduled.due import to_build, without_files
from ibr.publish.scheduled.release_files import Speak, write_release


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: releases built, releases whose files were written, and what did not work."""

    built: list[int]
    written: list[int]
    failed: dict[str, str]


class Preparing(msgspec.Struct, frozen=True, kw_only=True):
    """What preparing works with."""

    database: Database
    indicators: Mapping[str, Indicator]
    data_dir: Path
    facts: Path
    licence: str
    speak: Speak


async def prepare(work: Preparing, at: datetime) -> Prepared:
    """Does what is due; what fails is said with its code and does not stop the rest."""
    built: list[int] = []
    written: list[int] = []
    failed: dict[str, str] = {}
    for entry in await to_build(work.database, at):
        wanted = Wanted(
            audience=entry.audience,
            periods=(entry.period,),
            licence=work.licence,
            note=entry.note,
        )
        try:
            number = await build_release(work.database, wanted, work.indicators, work.facts, at)
            built.append(number)
        except RegistryError as refused:
            failed[f"{entry.audience} {entry.period}"] = refused.code
            logger().error("a release that was due was not built", code=refused.code)
    for number in await without_files(work.database, work.data_dir):
        await write_release(work.database, number, work.data_dir, work.indicators, work.speak)
        written.append(number)
    return Prepared(built=built, written=written, failed=failed)
