"""Enters a file of areas: all of it or nothing, the same file again without effect."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ibr.audit.events import AREAS_IMPORTED
from ibr.audit.record import record_event
from ibr.db.locks import hold_areas
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.registry.areas import store
from ibr.registry.areas.list_areas import every_area
from ibr.registry.areas.model import Area, AreaRow, Imported, ListRead, Terms
from ibr.registry.areas.plan import Planned, Planner
from ibr.registry.areas.rules import Frame, frame_of, rows_of

_COMMAND_LINE: Final = "command line"


async def import_areas(
    connection: Connection,
    read: ListRead,
    terms: Terms,
    at: datetime,
    *,
    file_name: str,
    content: bytes,
) -> Imported:
    """Enters the areas of a file as `read` understood it; the connection is the owner's."""
    if terms.version and terms.valid_from is None:
        raise NotUnderstood(
            "areas.version", "Say from which day the version of the list holds: --valid-from"
        )
    await hold_areas(connection)
    kept = await every_area(connection)
    planner = Planner(kept, terms)
    for told in read.areas:
        planner.add(told)
    notes = read.notes + list(dict.fromkeys(planner.notes))
    planned = list(planner.planned.values())
    old = {area.code: area for area in kept}
    frame = await _frame(connection, planned, old, terms)
    rows = _rows(planned, old, frame)
    ended = _missing(old, planned, terms, notes)
    done = _told(read, planned, rows, old, ended, notes, terms)
    no_change = not (done.new or done.changed or done.ended or terms.follows)
    if terms.dry_run or no_change:
        return done
    if frame:
        if terms.new_map:
            await store.undraw(connection)
        await store.set_frame(connection, frame)
    digest = hashlib.sha256(content).hexdigest()
    number = await _enter(connection, rows, done, planned, terms, (file_name, digest), at)
    await record_event(
        connection,
        kind=AREAS_IMPORTED,
        asker=None,
        details={"list": number, "level": terms.level, "new": len(done.new), "digest": digest},
        at=at,
    )
    return msgspec.structs.replace(done, list_no=number)


async def _frame(
    connection: Connection, planned: Sequence[Planned], old: dict[str, Area], terms: Terms
) -> Frame | None:
    """How the file's shapes are drawn: in the map that is there, or the first one."""
    shapes = [each.shape() for each in planned if each.rings]
    if not shapes:
        return None
    kept = await store.frame(connection)
    codes = {shape.code for shape in shapes}
    others = any(area.outline and area.code not in codes for area in old.values())
    if terms.new_map or (kept is None and not others):
        return frame_of(shapes)
    frame = Frame(*kept) if kept else None
    if frame is None or not frame.holds(shapes):
        raise NotUnderstood(
            "areas.map",
            "The outlines do not lie in the map that the registry draws. Import the whole country "
            "first; or lay the map out anew by this file with --new-map, and import the outlines "
            "of the other areas again.",
        )
    return frame


def _rows(planned: Sequence[Planned], old: dict[str, Area], frame: Frame | None) -> list[AreaRow]:
    """The areas as they will be kept; one that the file gives no shape keeps the one it has."""
    rows = rows_of([each.shape() for each in planned], frame)
    return [
        row
        if row.outline or row.code not in old
        else msgspec.structs.replace(row, outline=old[row.code].outline)
        for row in rows
    ]


def _missing(
    old: dict[str, Area], planned: Sequence[Planned], terms: Terms, notes: list[str]
) -> list[str]:
    """The areas that end with a new version of the list: those it does not name any more."""
    listed = {each.area.code for each in planned}
    tops = {_top(code, old) for code in listed if code in old}
    missing = [
        area
        for area in old.values()
        if area.level == terms.level
        and area.valid_to is None
        and area.code not in listed
        and _top(area.code, old) in tops
    ]
    if missing and not terms.version:
        notes.append(
            f"{len(missing)} areas of this level are not in the file; they stay as they are. Say "
            "--version and --valid-from where they have ended."
        )
        return []
    followed = {each.partition("=")[2] for each in terms.follows}
    notes += [
        f"{area.name} ({area.code}) ends without a successor; say --follows NEW={area.code}"
        for area in missing
        if area.code not in followed
    ]
    return [area.code for area in missing]


def _top(code: str, areas: dict[str, Area]) -> str:
    """The country of an area, or what else is above all: other countries' areas are not missing."""
    above = areas[code].parent
    while above is not None:
        code, above = above, areas[above].parent
    return code


def _told(
    read: ListRead,
    planned: Sequence[Planned],
    rows: Sequence[AreaRow],
    old: dict[str, Area],
    ended: list[str],
    notes: list[str],
    terms: Terms,
) -> Imported:
    by_code = {row.code: row for row in rows}
    changed = [
        each.area.code
        for each in planned
        if not each.new and _differs(each.area, old[each.area.code], by_code[each.area.code])
    ]
    return Imported(
        read=len(read.areas),
        new=[each.area.code for each in planned if each.new],
        changed=changed,
        ended=ended,
        drawn=sum(bool(each.rings) for each in planned),
        bytes_of_map=sum(len(row.outline or "") for row in rows),
        fields=read.fields,
        notes=notes,
        dry_run=terms.dry_run,
        codes={each.area.name: each.area.code for each in planned if each.listed},
    )


def _differs(area: Area, before: Area, row: AreaRow) -> bool:
    return (area.parent, area.names) != (
        before.parent,
        before.names,
    ) or row.outline != before.outline


async def _enter(
    connection: Connection,
    rows: Sequence[AreaRow],
    done: Imported,
    planned: Sequence[Planned],
    terms: Terms,
    file: tuple[str, str],
    at: datetime,
) -> int:
    listed = [each.area.code for each in planned if each.listed]
    first = not await store.lists(connection)
    await store.put(connection, rows)
    await store.go_on(connection, listed)
    since = terms.valid_from
    if since and not first:
        await store.begin(connection, done.new, since)
    if since and done.ended:
        await store.end(connection, done.ended, since - timedelta(days=1))
    number = await store.add_list(
        connection,
        terms.version or (str(since.year) if since else "1"),
        terms.level,
        since,
        file,
        len(listed),
        terms.licence,
        at,
        _COMMAND_LINE,
    )
    await store.keep_version(connection, number, listed)
    await _follow(connection, terms, since or at.date(), number)
    return number


async def _follow(connection: Connection, terms: Terms, since: date, list_no: int) -> None:
    known = {area.code for area in await every_area(connection)}
    for each in terms.follows:
        new, _, before = each.partition("=")
        if new not in known or before not in known or new == before:
            raise NotUnderstood(
                "areas.follows", "Write a succession as NEW=OLD, with the codes of two areas."
            )
        await store.follow(connection, before, new, since, list_no)


async def add_name(connection: Connection, code: str, name: str) -> None:
    """Keeps another spelling under which files name an area; NotFound where there is none."""
    if code not in {area.code for area in await every_area(connection)}:
        raise NotFound("area.unknown", "There is no area with this code. See: ibr areas list")
    await store.add_name(connection, code, " ".join(name.split()))


async def set_population(connection: Connection, people: Sequence[tuple[str, int]]) -> None:
    """The newest number of people of areas, which the map of the pages goes by."""
    await store.set_population(connection, people)
