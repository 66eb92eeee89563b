"""Open data: files of a release in four forms, and the same figures as JSON."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

import msgspec
from litestar import Response

from ibr.coverage.figures.model import read_period
from ibr.errors import NotFound, NotUnderstood
from ibr.publish.files.forms import FORMS, file_name, form_of, write
from ibr.publish.files.json_file import json_pieces
from ibr.publish.files.model import Dataset
from ibr.publish.releases import read, site
from ibr.publish.releases.model import ReleaseHead
from ibr.web.public.answers import answer, file
from ibr.web.public.pages import FORMS as OPEN_FORMS
from ibr.web.public.shelf import labels_of, shelf_of
from ibr.web.visit import Visit

_encoder: Final = msgspec.json.Encoder(order="deterministic")
_EVERYWHERE: Final = {"Access-Control-Allow-Origin": "*"}
# Whole files are made once in a while, and handed to whoever asks meanwhile.
_ALL: Final = "all"


async def one_file(visit: Visit) -> Response[bytes]:
    """One indicator of a release, or all of it, in one form: /public/files/3/N1.csv."""
    head = (await shelf_of(visit)).release(int(visit.path("number")))
    indicator, _, suffix = visit.path("name").partition(".")
    form = next((name for name in OPEN_FORMS if FORMS[name].suffix == suffix), None)
    if form is None:
        raise NotFound("figures.form", "Files can be had as csv, json, sdmx.csv and parquet.")
    body, name = await whole_file(visit, head, indicator, form)
    return file(visit, body, FORMS[form].media_type, name)


async def whole_file(
    visit: Visit, head: ReleaseHead, indicator: str, form: str
) -> tuple[bytes, str]:
    """The bytes of a file and its name; made once and kept for a minute."""

    async def make() -> tuple[bytes, str]:
        dataset = await _dataset(visit, head, indicator)
        body = await asyncio.to_thread(lambda: b"".join(write(dataset, form_of(form))))
        return body, file_name(dataset, FORMS[form])

    key = ("public file", head.release_no, indicator, form)
    return await visit.services.kept.of(key, make)


async def _dataset(visit: Visit, head: ReleaseHead, indicator: str) -> Dataset:
    async with visit.services.database.reading.transaction((), frozen=True) as connection:
        # Names are in English whoever asks, so that a file has one digest.
        return await site.dataset_of(
            connection,
            head,
            "en",
            lambda codes, code: codes.label(code),
            None if indicator == _ALL else indicator,
        )


async def digests(visit: Visit) -> Response[bytes]:
    """SHA-256 of the whole files of a release, as sha256sum reads them."""
    head = (await shelf_of(visit)).release(int(visit.path("number")))
    lines = []
    for form in OPEN_FORMS:
        body, _ = await whole_file(visit, head, _ALL, form)
        lines.append(f"{hashlib.sha256(body).hexdigest()}  {_ALL}.{FORMS[form].suffix}")
    return answer(visit, ("\n".join(lines) + "\n").encode(), "text/plain", seconds=86_400)


async def index(visit: Visit) -> Response[bytes]:
    """Where everything of the interface is."""
    return _json(
        visit,
        {
            "releases": "/public/api/releases",
            "indicators": "/public/api/indicators",
            "figures": "/public/api/figures?indicator=N1&breakdown=area1&period=2026-10",
            "calendar": "/public/api/calendar",
        },
    )


async def releases(visit: Visit) -> Response[bytes]:
    """Releases, the newest first, withdrawn ones with the reason."""
    return _json(visit, {"releases": [_head(each) for each in (await shelf_of(visit)).releases]})


def _head(head: ReleaseHead) -> dict[str, Any]:
    return {
        "release_no": head.release_no,
        "state": head.state,
        "periods": head.periods,
        "published_at": head.published_at,
        "withdrawn_at": head.withdrawn_at,
        "withdrawn_reason": head.withdrawn_reason,
        "licence": head.licence,
        "note": head.note,
        "minimum": head.minimum,
        "figures_shown": head.shown,
        "figures_hidden": head.hidden,
        "sha256": head.digest.hex(),
        "files": {
            form: f"/public/files/{head.release_no}/{_ALL}.{FORMS[form].suffix}"
            for form in OPEN_FORMS
        },
    }


async def indicators(visit: Visit) -> Response[bytes]:
    """What each published indicator means, and which breakdowns of which months stand."""
    shelf = await shelf_of(visit)
    found: dict[str, dict[str, list[str]]] = {}
    for each in shelf.standing:
        found.setdefault(each.indicator, {}).setdefault(each.breakdown, []).append(each.period)
    definitions = shelf.definitions
    return _json(
        visit,
        {
            "indicators": [
                {"code": code, "definition": definitions.get(code), "breakdowns": breakdowns}
                for code, breakdowns in sorted(found.items())
            ]
        },
    )


async def calendar(visit: Visit) -> Response[bytes]:
    """Releases that are announced."""
    shelf = await shelf_of(visit)
    return _json(
        visit,
        {
            "calendar": [
                {"period": each.period, "due_on": each.due_on, "note": each.note}
                for each in shelf.calendar
                if each.release_no is None
            ]
        },
    )


async def figures(visit: Visit) -> Response[bytes]:
    """One released table: indicator, breakdown and period are asked for."""
    query = visit.query
    unknown = set(query) - {"indicator", "breakdown", "period"}
    if unknown or not query.get("indicator") or not query.get("period"):
        raise NotUnderstood(
            "public.figures",
            "Ask with indicator and period, and breakdown where it is not the total. "
            "See /public/api/indicators",
        )
    read_period(query["period"])
    shelf = await shelf_of(visit)
    async with visit.services.database.reading.transaction((), frozen=True) as connection:
        number, table = await read.released_table(
            connection, site.PUBLIC, query["indicator"], query["period"], query.get("breakdown", "")
        )
    made = site.dataset(shelf.release(number), [table], await labels_of(visit))
    return answer(visit, b"".join(json_pieces(made)), "application/json", more=_EVERYWHERE)


def _json(visit: Visit, value: Any) -> Response[bytes]:
    return answer(visit, _encoder.encode(value), "application/json", more=_EVERYWHERE)
