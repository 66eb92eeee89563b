"""Every address of the public site, on one screen; all are for everybody, and only to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar import HttpMethod, Request, Response
from litestar.handlers import HTTPRouteHandler

from ibr.access.limits import AddressLimit
from ibr.errors import RegistryError, TooMuch, Unavailable
from ibr.log import logger
from ibr.web.public import files, pages
from ibr.web.public.answers import answer, refusal, to, visit_of
from ibr.web.refusals import STATUS
from ibr.web.services import WebServices
from ibr.web.visit import AnyRequest, Visit

Show = Callable[[Visit], Awaitable[Response[bytes]]]


class Address(msgspec.Struct, frozen=True):
    """An address and what answers; `machine` where refusals are JSON and not a page."""

    path: str
    show: Show
    machine: bool = False


async def begin(visit: Visit) -> Response[bytes]:
    """Leads to the site in the reader's language."""
    return to(visit, f"/public/{visit.language.code}")


ADDRESSES: Final = (
    Address("/public", begin),
    Address("/public/api", files.index, True),
    Address("/public/api/releases", files.releases, True),
    Address("/public/api/indicators", files.indicators, True),
    Address("/public/api/figures", files.figures, True),
    Address("/public/api/calendar", files.calendar, True),
    Address("/public/files/{number:int}/SHA256SUMS", files.digests, True),
    Address("/public/files/{number:int}/{name:str}", files.one_file, True),
    Address("/public/{language:str}", pages.start),
    Address("/public/{language:str}/releases", pages.releases),
    Address("/public/{language:str}/releases/{number:int}", pages.release),
    Address("/public/{language:str}/methods", pages.methods),
    Address("/public/{language:str}/data", pages.data),
    Address("/public/{language:str}/{topic:str}", pages.topic),
)


def public_routes(services: WebServices) -> list[HTTPRouteHandler]:
    """The public site, for the application to mount beside the pages."""
    limit = AddressLimit(services.settings.public_requests_per_minute)
    return [_handler(services, limit, each) for each in ADDRESSES]


def _handler(services: WebServices, limit: AddressLimit, address: Address) -> HTTPRouteHandler:
    async def answered(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await _answered(services, limit, address, request)

    return HTTPRouteHandler(
        address.path,
        http_method=HttpMethod.GET,
        status_code=200,
        include_in_schema=False,
        name=f"public {address.path}",
    )(answered)


async def _answered(
    services: WebServices, limit: AddressLimit, address: Address, request: AnyRequest
) -> Response[bytes]:
    visit = visit_of(services, request, None)
    try:
        limit.count_address(request.client.host if request.client else "")
        visit = visit_of(services, request, request.path_params.get("language"))
        return await address.show(visit)
    except RegistryError as refused:
        return _refused(visit, address, refused)
    except Exception:
        logger().exception("page.failed", path=address.path)
        return _refused(visit, address, None)


def _refused(visit: Visit, address: Address, error: RegistryError | None) -> Response[bytes]:
    if not address.machine:
        return refusal(visit, error)
    status = STATUS.get(error.kind, 500) if error else 500
    said = {
        "code": error.code if error else "service.unavailable",
        "message": error.message if error else "The registry failed to answer. Please try again.",
    }
    body = msgspec.json.encode({"errors": [said]})
    made = answer(visit, body, "application/json", status=status)
    if isinstance(error, (TooMuch, Unavailable)) and error.retry_after:
        made.headers["Retry-After"] = str(error.retry_after)
    return made
