"""Answers of the public site: the same strict headers, no cookie, and kept by whoever likes."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

from litestar import Response

from ibr.errors import NotFound, RegistryError, TooMuch, Unavailable
from ibr.web.answers import headers
from ibr.web.drawn import drawn
from ibr.web.languages import choose, languages
from ibr.web.refusals import STATUS
from ibr.web.services import WebServices
from ibr.web.visit import AnyRequest, Visit

MINUTES_KEPT = 5


def visit_of(services: WebServices, request: AnyRequest, code: str | None) -> Visit:
    """A visit in the language that the address names; NotFound where it is none of ours."""
    offered = languages(services.settings.production)
    accepted = request.headers.get("accept-language", "")
    language = choose(offered, code, accepted, services.settings.locale)
    visit = Visit(services=services, request=request, at=services.now(), language=language)
    if code is not None and code not in {each.code for each in offered}:
        raise NotFound("language.unknown", "The pages are not offered in that language.")
    return visit


def public_headers(visit: Visit, tag: str, *, seconds: int | None = None) -> dict[str, str]:
    """Headers that let caches keep an answer; there is nothing of the reader in it."""
    kept = int(timedelta(minutes=MINUTES_KEPT).total_seconds()) if seconds is None else seconds
    return headers(visit) | {
        "Cache-Control": f"public, max-age={kept}",
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def tag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(request: AnyRequest, tag: str) -> bool:
    """Whether the asker has this very answer already."""
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known


def page(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response[bytes]:
    """A page drawn from its template."""
    body = drawn(visit, f"public/{template}", values).encode()
    more = {"Content-Language": visit.language.tag}
    return answer(visit, body, "text/html", status=status, more=more)


def answer(
    visit: Visit,
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    more: dict[str, str] | None = None,
    seconds: int | None = None,
) -> Response[bytes]:
    """Bytes with their tag, or nothing where the asker has them."""
    tag = tag_of(body)
    said = public_headers(visit, tag, seconds=seconds) | (more or {})
    if status == 200 and is_known(visit.request, tag):
        return Response(b"", status_code=304, headers=said, media_type=media_type)
    if status != 200:
        said["Cache-Control"] = "no-store"
    return Response(body, status_code=status, headers=said, media_type=media_type)


def file(visit: Visit, body: bytes, media_type: str, name: str) -> Response[bytes]:
    """A file with its name and digest; a release never changes, so it may be kept for a day."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    more = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
        "Access-Control-Allow-Origin": "*",
    }
    return answer(visit, body, media_type, more=more, seconds=86_400)


def to(visit: Visit, address: str) -> Response[bytes]:
    """Sends a reader to the site in their language."""
    said = headers(visit) | {
        "Location": address,
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Language",
    }
    return Response(b"", status_code=303, headers=said, media_type="text/plain")


def refusal(visit: Visit, error: RegistryError | None) -> Response[bytes]:
    """A refusal as a page of the site; None stands for what nobody foresaw."""
    status = 500 if error is None else STATUS.get(error.kind, 500)
    made = page(visit, "refusal.html", status=status, kind=error.kind if error else "internal")
    if isinstance(error, (TooMuch, Unavailable)) and error.retry_after:
        made.headers["Retry-After"] = str(error.retry_after)
    return made
