"""Requests as a programme's own system answers them: those of the programmes it reports for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.scopes import REQUESTS as ON_REQUESTS
from ibr.access.staff.rights import REQUEST_ANSWER, REQUESTS
from ibr.asker import Asker, Purpose
from ibr.db.pool import Database
from ibr.errors import NotUnderstood
from ibr.protection.seal import Sealer
from ibr.subject.requests import store
from ibr.subject.requests.look import PURPOSE, answer, requests, whose_of
from ibr.subject.requests.model import VIEWS, PersonRequest, View, Whose


class AskedRequests(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests a system asks for."""

    view: str = "open"
    page: int = 1


class AnsweredRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A system's answer to one request."""

    request: int
    answer: str
    reason: str


def as_programme(asker: Asker) -> Asker:
    """The partner as it may answer requests: of programmes that it reports for, no others. Only the
    scope for requests gives the rights of an officer who answers them."""
    gained = {REQUESTS, REQUEST_ANSWER} if ON_REQUESTS in asker.scopes else set()
    return msgspec.structs.replace(
        asker,
        ask=asker.report,
        scopes=asker.scopes | gained,
        purpose=Purpose(PURPOSE),
    )


async def listed(
    database: Database,
    sealer: Sealer,
    asker: Asker,
    asked: AskedRequests,
    *,
    budgets: Budgets,
    at: datetime,
) -> dict[str, Any]:
    """A page of the requests of the partner's programmes, with whom each is of by the numbers that
    it reported; the look is in the ledger and counts against its budget."""
    own = as_programme(asker)
    view: View | None = next((each for each in VIEWS if each == asked.view), None)
    if view is None or not 1 <= asked.page <= 1000:
        raise NotUnderstood(
            "person_request.filter",
            f"view is one of {', '.join(VIEWS)}; page counts from 1.",
            field="view",
        )
    found = await requests(database, own, view, asked.page, at)
    transaction = database.transaction(own.reach, asker=own, right=REQUEST_ANSWER)
    shown: dict[int, Whose | None] = {}
    async with budgets.noting(database, own, transaction) as connection:
        seen = []
        for each in found.requests:
            shown[each.request_no] = whose = await whose_of(
                connection, sealer, own, each.request_no, at
            )
            subject = await store.subject_of(connection, each.request_no)
            seen.append(Seen(subject, whose is not None))
        await budgets.spend(connection, [Spending(own, seen, at)])
    return {
        "requests": [plain(each, shown[each.request_no], at) for each in found.requests],
        "page": found.page,
        "pages": found.pages,
        "total": found.total,
    }


async def answered(
    database: Database, asker: Asker, asked: AnsweredRequest, at: datetime
) -> dict[str, Any]:
    """Takes a system's answer."""
    said = await answer(
        database, as_programme(asker), asked.request, asked.answer, asked.reason, at
    )
    return {"request": said.request_no, "state": said.state(at)}


def plain(request: PersonRequest, whose: Whose | None, at: datetime) -> dict[str, Any]:
    """A request as JSON says it; `person` is null where the record is hidden to protect somebody,
    or is there no longer."""
    person = None
    if whose is not None:
        person = {
            "identifier": [
                {"identifier_type": kind, "identifier_value": value}
                for kind, value in whose.numbers
            ],
            "stands": whose.stands or None,
            "wished": whose.wished or None,
        }
    return {
        "request": request.request_no,
        "programme": request.programme,
        "kind": request.kind,
        "what": request.about,
        "state": request.state(at),
        "opened": request.opened_at,
        "due": request.due_at,
        "asked_through": "own_sign_in" if request.by_self else "help_desk",
        "reason": request.reason_code,
        "person": person,
    }
