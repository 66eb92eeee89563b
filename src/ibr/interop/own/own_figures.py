"""Figures over the interface: partners read what was released for them, officers exact figures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from ibr.access.agreements.rules import must_have
from ibr.access.scopes import FIGURES
from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.access.staff.sign_in import SessionEnds, session_of
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.coverage.catalogue.all import BY_CODE, INDICATORS
from ibr.coverage.figures import read
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotProven, NotUnderstood
from ibr.interop.dci.over_http import Headers, Scope, text_of
from ibr.interop.dci.services import Services
from ibr.publish.asked.find import find
from ibr.publish.asked.interface import figures_answer, indicator_list, run_list
from ibr.publish.asked.make_file import dataset_of, note
from ibr.publish.asked.read_asked import read_asked, read_paging
from ibr.publish.asked.released import ReleasedFigures
from ibr.publish.figures_from import FrozenFigures, Source
from ibr.publish.files.labels import load_labels

CATALOGUE: Final = "/api/v1/indicators"
RUNS: Final = "/api/v1/runs"
FIGURES_OF: Final = "/api/v1/indicators/{code}/figures"
_FIGURES: Final = re.compile(FIGURES_OF.replace("{code}", "([^/]{1,40})"))
_LONGEST_QUERY: Final = 4096
_MOST_RUNS: Final = 200
_LANGUAGES: Final = ("en", "fr")


class Reader(msgspec.Struct, frozen=True):
    """Who reads figures, and from where they are read for them."""

    asker: Asker
    source: Source

    @property
    def exact(self) -> bool:
        return self.source.audience == "internal"


def is_about_figures(path: str) -> bool:
    """Whether an address is one of these."""
    return path in (CATALOGUE, RUNS) or _FIGURES.fullmatch(path) is not None


class FiguresDesk:
    """Answers the addresses of figures."""

    def __init__(self, services: Services, ends: SessionEnds) -> None:
        """`ends`: when an officer's session counts no more, and which cookie holds it."""
        self._services = services
        self._ends = ends

    async def answer(self, scope: Scope, headers: Headers) -> Any:
        """What is read, as an object that becomes JSON; RegistryError says why not."""
        reader = await self._reader(headers)
        query = query_of(scope)
        path = scope["path"]
        if path == CATALOGUE:
            return indicator_list(INDICATORS)
        async with self._services.database.transaction(()) as connection:
            if path == RUNS:
                return run_list(await read.runs(connection, _MOST_RUNS), whole=reader.exact)
            return await self._figures(connection, reader, path, query)

    async def _figures(
        self, connection: Connection, reader: Reader, path: str, query: Mapping[str, str]
    ) -> Any:
        named = _FIGURES.fullmatch(path)
        if named is None:
            raise NotFound("path.unknown", "There is nothing at this address.")
        asked = read_asked(query, BY_CODE, named[1])
        paging = read_paging(query)
        language = query.get("language", "en")
        if language not in _LANGUAGES:
            raise NotUnderstood("figures.language", "Names can be had in en or fr.")
        found = await find(connection, reader.source, asked)
        labels = await load_labels(connection, language)
        dataset = dataset_of(found, reader.source.audience, labels, BY_CODE)
        await note(connection, dataset, "interface", reader.asker, now())
        return figures_answer(dataset, paging)

    async def _reader(self, headers: Headers) -> Reader:
        """A partner by its token, an officer by the session of the pages; NotProven otherwise."""
        authorization = text_of(headers, b"authorization")
        secret = _session_in(text_of(headers, b"cookie"), self._ends.cookie)
        if authorization or not secret:
            caller = await self._services.envelopes.prove(authorization, FIGURES)
            partner = caller.partner.asker(caller.scopes)
            must_have(partner, "figures")
            return Reader(partner, ReleasedFigures("partners"))
        async with self._services.database.transaction(()) as connection:
            session = await session_of(
                connection, secret, now(), self._ends.idle, self._ends.longest
            )
        if session is None:
            raise NotProven("session.none", "Your session has ended. Please sign in again.")
        asker = session.officer.asker(Purpose("official_duty"))
        must_hold(asker, COUNTRY)
        return Reader(asker, FrozenFigures())


def query_of(scope: Scope) -> dict[str, str]:
    """The query of an address; NotUnderstood where a name stands twice or it is too long."""
    raw = scope.get("query_string", b"")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        pairs = [("", "")] * 2
    found = dict(pairs)
    if len(raw) > _LONGEST_QUERY or len(found) != len(pairs):
        raise NotUnderstood(
            "query.unreadable", "Write the query in ASCII, each name once, values with commas."
        )
    return found


def _session_in(cookies: str, name: str) -> str:
    try:
        found = SimpleCookie(cookies).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def etag_of(body: bytes) -> bytes:
    """A mark of what was answered: the same body, the same mark."""
    return b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
