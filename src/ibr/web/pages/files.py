"""Send a file: chosen, its columns looked at and corrected, tried out, sent, answered."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream

from ibr.deliveries.model import ControlTotals
from ibr.errors import NotUnderstood, RegistryError
from ibr.files import asked
from ibr.files.asked import FileRoom
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.targets import TARGETS
from ibr.files.mapping.words import CODE_LISTS
from ibr.files.model import FileSent, FileTerms
from ibr.files.sending.respond import MEDIA
from ibr.periods import month_of, read_month
from ibr.web.answers import go_to, headers, page
from ibr.web.mapping_form import mapping_in
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

# Rows in which a page looks again by itself whether work on a file is done.
_BUSY = ("trying", "taking")


def _room(visit: Visit) -> FileRoom:
    services = visit.services
    return FileRoom(services.database, services.sealer, services.settings.max_delivery_bytes)


def _programmes(visit: Visit) -> dict[int, Any]:
    """The programmes that the officer may send files for, by name."""
    known = visit.services.desk.book.programmes
    own = asked.programmes_of(visit.asker())
    return {
        number: each
        for number, each in sorted(known.items(), key=lambda pair: pair[1].code)
        if number in own
    }


async def show(visit: Visit) -> Response[str]:
    """The form to choose a file, and the files that were sent."""
    return await _list(visit, {}, "")


async def _list(visit: Visit, given: dict[str, str], problem: str) -> Response[str]:
    await visit.services.desk.book.refresh()
    number = number_in(visit.query.get("page"))
    found = await asked.several(_room(visit), visit.asker(), number)
    last = month_of(visit.at.date())
    return page(
        visit,
        "files.html",
        status=400 if problem else 200,
        files=found,
        programmes=_programmes(visit),
        months=[str(last.plus(-back)) for back in range(15)],
        given=given,
        problem=problem,
        number=number,
        more=len(found) == asked.PAGE,
    )


async def upload(visit: Visit) -> Response[str]:
    """Takes a chosen file in piece by piece, and has it looked at."""
    assert visit.upload is not None
    form, room, asker = visit.form, _room(visit), visit.asker()
    try:
        total = number_in(form.get("records"), -1)
        terms = FileTerms(
            cycle=str(read_month(form.get("cycle", ""))),
            sequence=number_in(form.get("sequence"), 0) or None,
            mode=_mode(form.get("mode", "delta")),
            totals=ControlTotals(records=total if total >= 0 else None),
        )
        if not visit.upload.name:
            raise NotUnderstood("form.no_file", "Choose a file first.")
        await visit.services.desk.book.refresh()
        programme = number_in(form.get("programme"), 0) or None
        file_no = await asked.announce(room, asker, programme, visit.upload.name, terms, visit.at)
        offset = 0
        async for piece in visit.upload.pieces():
            now = visit.services.now()
            offset = await asked.add_bytes(room, asker, file_no, offset, piece, now)
        if not offset:
            await asked.forget(room, asker, file_no, visit.services.now())
            raise NotUnderstood("file.empty", "The file is empty. Choose the one with the list.")
        await asked.complete(room, asker, file_no, visit.services.now())
    except RegistryError as wrong:
        return await _list(visit, dict(form), wrong.message)
    return go_to(visit, f"/files/{file_no}")


def _mode(text: str) -> Any:
    if text not in ("initial", "delta", "correction"):
        raise NotUnderstood("file.mode", "Choose what kind of file it is.")
    return text


async def show_one(visit: Visit) -> Response[str]:
    """One file: what its columns mean, what it would bring, or what came of it."""
    return await _one(visit, "")


async def _one(visit: Visit, problem: str) -> Response[str]:
    await visit.services.desk.book.refresh()
    file = await asked.one(_room(visit), visit.asker(), _number(visit))
    programme = visit.services.desk.book.programmes.get(file.programme_id)
    return page(
        visit,
        "file.html",
        status=400 if problem else 200,
        one=file,
        programme=programme,
        busy=file.state in _BUSY,
        share=_share(file),
        targets=TARGETS,
        columns=_columns(file),
        lists=CODE_LISTS,
        may_change=file.state in ("tried", "failed") and file.delivery_id is None and file.look,
        problem=problem,
    )


def _share(file: FileSent) -> float:
    """How far work on a file is, from 0 to 1."""
    rows = file.look.rows + file.look.heading if file.look else 0
    return min(1.0, file.last_row / rows) if rows else 0.0


def _columns(file: FileSent) -> list[dict[str, Any]]:
    """Each column with its meaning, how it is read, its first cells and words to be explained."""
    if file.look is None or file.mapping is None:
        return []
    by_title = {column.column: column for column in file.mapping.columns}
    columns = []
    for place, title in enumerate(file.look.titles):
        column = by_title.get(title)
        columns.append(
            {
                "title": title,
                "column": column,
                "cells": [
                    cells[place]
                    for _, cells in file.look.sample
                    if place < len(cells) and cells[place]
                ][:3],
                "words": file.look.words.get(title, []),
                "questions": [each for each in file.look.questions if each.column == title],
            }
        )
    return columns


async def change(visit: Visit) -> Response[str]:
    """Takes over what a person says of the columns, and has the file tried out again."""
    room, asker, number = _room(visit), visit.asker(), _number(visit)
    try:
        file = await asked.one(room, asker, number)
        mapping = None
        if visit.form.get("anew") != "yes":
            mapping = mapping_in(visit.form, file)
        await asked.change_mapping(room, asker, number, mapping, visit.at)
    except RegistryError as wrong:
        return await _one(visit, wrong.message)
    return go_to(visit, f"/files/{number}")


async def send(visit: Visit) -> Response[str]:
    """Sends a file on to be taken in."""
    try:
        await asked.send_on(_room(visit), visit.asker(), _number(visit), visit.at)
    except RegistryError as wrong:
        return await _one(visit, wrong.message)
    return go_to(visit, f"/files/{_number(visit)}")


async def forget(visit: Visit) -> Response[str]:
    """Forgets a file that was not sent on."""
    try:
        await asked.forget(_room(visit), visit.asker(), _number(visit), visit.at)
    except RegistryError as wrong:
        return await _one(visit, wrong.message)
    return go_to(visit, "/files")


async def response(visit: Visit) -> Response[Any]:
    """The response file, as often as it is asked for."""
    file, pieces = await asked.response(_room(visit), visit.asker(), _number(visit), visit.at)
    form = file.response_format or "csv"
    name = f"response-{file.file_no}.{form}"
    return _attached(visit, pieces, MEDIA[form], name)


async def mapping(visit: Visit) -> Response[Any]:
    """What the columns mean as a file, for the command line and for other offices."""
    file = await asked.one(_room(visit), visit.asker(), _number(visit))
    made = msgspec.json.format(msgspec.json.encode(file.mapping or Mapping([])))
    return _attached(visit, iter((made,)), "application/json", f"mapping-{file.file_no}.json")


def _attached(visit: Visit, pieces: Any, media_type: str, name: str) -> Response[Any]:
    held = headers(visit) | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(pieces, media_type=media_type, headers=held)


def _number(visit: Visit) -> int:
    return int(visit.path("number"))
