"""The addresses under /api/v1, answered before any framework; everything else is handed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from ibr.access.agreements.rules import NotAgreedError
from ibr.access.scopes import CASES, POSSIBLE_DUPLICATES, REQUESTS, UPDATES
from ibr.access.staff.sign_in import SessionEnds
from ibr.audit.events import QUESTION_REFUSED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.errors import NotFound, NotUnderstood, RegistryError, TooMuch
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.interop.dci.envelope import Caller
from ibr.interop.dci.over_http import (
    Application,
    Receive,
    Scope,
    Send,
    check_media_type,
    headers_of,
    read_body,
    text_of,
)
from ibr.interop.dci.services import Services
from ibr.interop.own.asked_duplicates import answer_to, read_question
from ibr.interop.own.own_figures import (
    CATALOGUE,
    RUNS,
    FiguresDesk,
    etag_of,
    is_about_figures,
)
from ibr.interop.own.own_files import FILES, Answered, FilesDesk, is_about_files
from ibr.log import logger
from ibr.overlaps.cases.desk.by_partner import AskedList, AskedStep, listed, reported
from ibr.questions.own_deliveries import AskedDeliveries, own_deliveries
from ibr.subject.requests import by_partner

PREFIX: Final = "/api/"
LARGEST: Final = 16_384
_STATUS: Final = {
    "not_understood": 400,
    "not_proven": 401,
    "not_allowed": 403,
    "not_found": 404,
    "conflict": 409,
    "too_much": 429,
    "unavailable": 503,
}
_ENDS: Final = SessionEnds()
_OF_DELIVERIES: Final = NotUnderstood(
    "delivery.json",
    "Send one JSON object with state, cycle and page, each of which may be left out.",
)
_OF_REQUESTS: Final = NotUnderstood(
    "person_request.json",
    "Send one JSON object with the fields that docs/howto/answer-requests.md shows, and no others.",
)
_encoder = msgspec.json.Encoder(order="deterministic")
Ask = Callable[[Caller, bytes], Awaitable[Any]]
Read = TypeVar("Read")


class OwnDoor:
    """The registry's own addresses in front of the rest of the application."""

    def __init__(
        self,
        services: Services,
        rest: Application,
        ends: SessionEnds = _ENDS,
        largest: int = 2 * 1024**3,
    ) -> None:
        """`ends`: when an officer's session counts no more; `largest`: the most bytes of a file."""
        self._services = services
        self._figures = FiguresDesk(services, ends)
        self._files = FilesDesk(services, largest)
        self._rest = rest
        self._applicants = Applicants(
            services.database, services.sealer, services.blind_index, budgets=services.budgets
        )
        self._asks: dict[str, tuple[str, Ask]] = {
            "/api/v1/possible-duplicates": (POSSIBLE_DUPLICATES, self._possible_duplicates),
            "/api/v1/cases": (CASES, self._cases),
            "/api/v1/cases/steps": (CASES, self._case_steps),
            "/api/v1/deliveries": (UPDATES, self._deliveries),
            "/api/v1/requests": (REQUESTS, self._requests),
            "/api/v1/requests/answers": (REQUESTS, self._request_answers),
        }

    @property
    def addresses(self) -> list[str]:
        """Every whole address that is answered here."""
        return [*self._asks, CATALOGUE, RUNS, FILES]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        headers: list[tuple[bytes, bytes]] = []
        try:
            if is_about_files(scope["path"]):
                await _send_files(send, await self._files.answer(scope, receive))
                return
            if is_about_figures(scope["path"]):
                await self._read(scope, send)
                return
            status, said = 200, await self._answered(scope, receive)
        except RegistryError as refused:
            status, said = _status(refused), _refusal(refused)
            if isinstance(refused, TooMuch) and refused.retry_after is not None:
                headers.append((b"retry-after", str(refused.retry_after).encode()))
            if refused.kind == "not_proven":
                headers.append((b"www-authenticate", b"Bearer"))
        except Exception:
            logger().exception("the registry failed to answer", path=scope["path"])
            status, said = 500, _failed()
        await _send(send, status, _encoder.encode(said), headers)

    async def _read(self, scope: Scope, send: Send) -> None:
        """Answers with figures; who has the same answer already is told so and sent nothing."""
        if scope["method"] != "GET":
            raise NotFound("path.get_only", "This address is for GET.")
        headers = headers_of(scope)
        body = _encoder.encode(await self._figures.answer(scope, headers))
        mark = etag_of(body)
        kept = [
            (b"etag", mark),
            (b"cache-control", b"private, no-cache"),
            (b"vary", b"Authorization, Cookie"),
        ]
        known = [each.strip() for each in headers.get(b"if-none-match", b"").split(b",")]
        if mark in known:
            await _send(send, 304, b"", kept)
        else:
            await _send(send, 200, body, kept)

    async def _answered(self, scope: Scope, receive: Receive) -> Any:
        asked = self._asks.get(scope["path"])
        if asked is None:
            raise NotFound("path.unknown", "There is nothing at this address.")
        if scope["method"] != "POST":
            raise NotFound("path.post_only", "This address is for POST.")
        right, ask = asked
        headers = headers_of(scope)
        caller = await self._services.envelopes.prove(text_of(headers, b"authorization"), right)
        body = await read_body(headers, receive, LARGEST)
        check_media_type(headers, body)
        try:
            return await ask(caller, body)
        except RegistryError as refused:
            await self._note(caller, scope["path"].removeprefix("/api/v1/"), refused)
            raise

    async def _possible_duplicates(self, caller: Caller, body: bytes) -> Any:
        question = read_question(body)
        asker = caller.partner.asker(caller.scopes)
        return answer_to(await self._applicants.possible_duplicates(asker, question, now()))

    async def _cases(self, caller: Caller, body: bytes) -> Any:
        asked = _read(body, AskedList)
        asker, services = caller.partner.asker(caller.scopes), self._services
        return await listed(services.database, services.sealer, asker, asked, now(), services.terms)

    async def _deliveries(self, caller: Caller, body: bytes) -> Any:
        asked = _read(body, AskedDeliveries, _OF_DELIVERIES)
        asker = caller.partner.asker(caller.scopes)
        return await own_deliveries(self._services.database, asker, asked)

    async def _case_steps(self, caller: Caller, body: bytes) -> Any:
        asked = _read(body, AskedStep)
        asker, services = caller.partner.asker(caller.scopes), self._services
        return await reported(
            services.database, services.sealer, asker, asked, now(), services.terms
        )

    async def _requests(self, caller: Caller, body: bytes) -> Any:
        asked = _read(body, by_partner.AskedRequests, _OF_REQUESTS)
        asker, services = caller.partner.asker(caller.scopes), self._services
        return await by_partner.listed(
            services.database, services.sealer, asker, asked, budgets=services.budgets, at=now()
        )

    async def _request_answers(self, caller: Caller, body: bytes) -> Any:
        asked = _read(body, by_partner.AnsweredRequest, _OF_REQUESTS)
        asker = caller.partner.asker(caller.scopes)
        return await by_partner.answered(self._services.database, asker, asked, now())

    async def _note(self, caller: Caller, asked: str, refused: RegistryError) -> None:
        because = refused.because if isinstance(refused, NotAgreedError) else {}
        async with self._services.database.transaction(()) as connection:
            await record_event(
                connection,
                kind=QUESTION_REFUSED,
                asker=caller.partner.asker(caller.scopes),
                details=because | {"question": asked.replace("-", "_"), "code": refused.code},
                at=now(),
            )


def _status(refused: RegistryError) -> int:
    return 413 if refused.code == "too_large" else _STATUS.get(refused.kind, 500)


def _read(body: bytes, kind: type[Read], wrong: NotUnderstood | None = None) -> Read:
    """The body as this; NotUnderstood, without a value, where it is something else."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        if wrong is not None:
            raise wrong from None
        raise NotUnderstood(
            "case.json",
            "Send one JSON object with the fields that docs/howto/cases-of-a-programme.md shows, "
            "and no others.",
        ) from None


def _refusal(refused: RegistryError) -> Any:
    error = {"code": refused.code, "message": refused.message}
    return {"errors": [error | ({"field": refused.field} if refused.field else {})]}


def _failed() -> Any:
    message = "The registry failed to answer. Please try again."
    return {"errors": [{"code": "service.unavailable", "message": message}]}


async def _send_files(send: Send, answer: Answered) -> None:
    """An answer about files, whole or piece by piece."""
    if answer.pieces is None:
        body = b"" if answer.body is None else _encoder.encode(answer.body)
        await _send(send, answer.status, body, answer.headers)
        return
    headers = [*answer.headers, (b"x-content-type-options", b"nosniff")]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    async for piece in answer.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, status: int, body: bytes, further: list[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", str(len(body)).encode()),
        *further,
    ]
    if all(name != b"cache-control" for name, _ in further):
        headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
