"""Files of figures and briefs for commands: exact, and readable by the user alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ibr.clock import now
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures.model import read_period
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.publish.asked.make_brief import make_brief
from ibr.publish.asked.make_file import MadeFile, make_file
from ibr.publish.asked.read_asked import read_asked
from ibr.publish.figures_from import FrozenFigures
from ibr.publish.files.labels import load_labels
from ibr.web.languages import ENGLISH, FRENCH, Language
from ibr.web.written import Written

_LANGUAGES = {each.code: each for each in (ENGLISH, FRENCH)}


async def figure_file(
    dsn: str, query: Mapping[str, str], form: str, language: str = "en"
) -> MadeFile:
    """The figures that a query asks for (indicator, breakdown, period, codes), in a form."""
    spoken = _language(language)
    asked = read_asked(query, BY_CODE)
    async with owner_transaction(dsn) as connection:
        return await make_file(
            connection,
            FrozenFigures(),
            asked,
            form,
            labels=await load_labels(connection, spoken.tag, Written(spoken).code),
            indicators=BY_CODE,
            asker=None,
            at=now(),
        )


async def brief_file(
    dsn: str, area: str = "", period: str = "", language: str = "en"
) -> tuple[str, bytes]:
    """The brief of an area and a period: its file name and the PDF."""
    spoken = _language(language)
    async with owner_transaction(dsn) as connection:
        name, write = await make_brief(
            connection,
            FrozenFigures(),
            area=area,
            period=str(read_period(period)) if period else "",
            labels=await load_labels(connection, spoken.tag, Written(spoken).code),
            indicators=BY_CODE,
            asker=None,
            at=now(),
        )
    return name, write()


def save(pieces: Iterator[bytes], name: str, to: Path | None) -> Path | None:
    """Writes a file that only its owner reads; to standard output where no place is named.

    A folder as the place gets the file under its own name.
    """
    if to is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return None
    place = to / name if to.is_dir() else to
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
    except OSError:
        raise NotUnderstood("file.unwritable", f"{place} cannot be written.") from None
    return place


def _language(code: str) -> Language:
    if code not in _LANGUAGES:
        raise NotUnderstood("language.unknown", "Names can be had in en or fr.")
    return _LANGUAGES[code]
