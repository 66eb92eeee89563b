"""One request for a page: who visits, in which language, with which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request

from ibr.access.staff.model import Session
from ibr.access.staff.sign_in import cookie_name
from ibr.asker import Asker, Purpose
from ibr.errors import NotProven
from ibr.subject.own.model import OwnSession
from ibr.web.languages import Language
from ibr.web.services import WebServices
from ibr.web.uploading import Upload
from ibr.web.written import Written

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What every page is given."""

    services: WebServices
    request: AnyRequest
    at: datetime
    language: Language
    session: Session | None = None
    own: OwnSession | None = None
    """The session of a person on their own pages; never beside an officer's."""
    form: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None

    @property
    def written(self) -> Written:
        return Written(self.language)

    @property
    def query(self) -> Mapping[str, str]:
        return dict(self.request.query_params)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks for a part of the page to replace."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def place(self) -> str:
        """The network address that the request comes from."""
        return self.request.client.host if self.request.client else ""

    def secret(self, key: str) -> str:
        """The secret that the browser keeps in a cookie of ours; empty when it has none."""
        name = cookie_name(key, production=self.services.settings.production)
        return self.request.cookies.get(name, "")

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def asker(self, purpose: Purpose | None = None) -> Asker:
        """The officer as the gate sees them; reading figures is part of their work."""
        if self.session is None:
            raise NotProven("session.none", "Please sign in.")
        return self.session.officer.asker(purpose or Purpose("official_duty"))

    def say(self, message: str) -> str:
        return self.written.say(message)
