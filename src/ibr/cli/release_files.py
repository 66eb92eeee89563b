"""`ibr publish prepare`: releases whose day has come, and the files of those that lack them."""

from __future__ import annotations

from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.facts.write import facts_folder
from ibr.db.pool import open_database
from ibr.publish.files.labels import CodeName
from ibr.publish.scheduled.due import releases_folder
from ibr.publish.scheduled.prepare import Prepared, Preparing
from ibr.publish.scheduled.prepare import prepare as prepare_releases
from ibr.settings import Settings
from ibr.web.languages import ENGLISH, FRENCH
from ibr.web.written import Written


@command
def prepare(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Build what the calendar has for today or before, and write files that are missing."""
    settings, location = settings_and_database()
    done = wait_for(_prepare(settings, location.dsn))
    if json:
        data(done)
    else:
        for number in done.built:
            said(f"Release {number} was built. It waits for two signatures.")
        for number in done.written:
            said(f"The files of release {number} lie in {releases_folder(settings.data_dir)}.")
        for what, code in done.failed.items():
            said(f"{what}: {code}. Build it by hand to see why: ibr publish build")
        if not (done.built or done.written or done.failed):
            said("Nothing is due.")
    if done.failed:
        raise typer.Exit(1)


async def _prepare(settings: Settings, dsn: str) -> Prepared:
    database = await open_database(dsn, "ibr_worker", size=2, name="ibr publish")
    try:
        work = Preparing(
            database=database,
            indicators=BY_CODE,
            data_dir=settings.data_dir,
            facts=facts_folder(settings.data_dir),
            licence=settings.release_licence,
            speak=names_in,
        )
        return await prepare_releases(work, now())
    finally:
        await database.close()


def names_in(language: str) -> CodeName:
    """Labels of codes as the pages have them in a language."""
    return Written(FRENCH if language == FRENCH.code else ENGLISH).code
