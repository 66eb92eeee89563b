"""Pages and redirects as HTTP answers, each with the headers that protect it."""

from __future__ import annotations

from litestar import Response
from litestar.datastructures import Cookie

from ibr.access.staff.sign_in import cookie_name
from ibr.web.drawn import drawn
from ibr.web.languages import COOKIE as LANGUAGE_COOKIE
from ibr.web.visit import Visit

# Nothing but this server's own files; no inline script or style; no frame; forms go only here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Vary": "Cookie, Accept-Language, HX-Request",
}
_ONLY_ENCRYPTED = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def headers(visit: Visit) -> dict[str, str]:
    """The headers of every answer."""
    return HEADERS | (_ONLY_ENCRYPTED if visit.services.settings.production else {})


def page(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response[str]:
    """A page drawn from its template."""
    return Response(
        drawn(visit, template, values),
        status_code=status,
        media_type="text/html",
        headers=headers(visit) | {"Content-Language": visit.language.tag},
    )


def go_to(visit: Visit, address: str, cookies: list[Cookie] | None = None) -> Response[str]:
    """Sends the reader to another page of ours."""
    if visit.is_part:
        # htmx would put a redirect's target into the middle of the page.
        return Response(
            "", status_code=200, headers=headers(visit) | {"HX-Redirect": address}, cookies=cookies
        )
    return Response(
        "",
        status_code=303,
        media_type="text/plain",
        headers=headers(visit) | {"Location": address},
        cookies=cookies,
    )


def cookie(
    visit: Visit, key: str, value: str, *, seconds: int | None = None, strict: bool = False
) -> Cookie:
    """A cookie that scripts cannot read and other sites cannot send with a form.

    Every one but that of the language holds a secret; in production it has a name that only this
    host may set, and Visit.secret reads it. It comes along when a link elsewhere leads here, in a
    mail or at the ministry's sign-in; with `strict` not even then. Every change is a form with a
    token of its own besides.
    """
    production = visit.services.settings.production
    return Cookie(
        key=key if key == LANGUAGE_COOKIE else cookie_name(key, production=production),
        value=value,
        path="/",
        httponly=True,
        samesite="strict" if strict else "lax",
        secure=production,
        max_age=seconds,
    )


def own_address(text: str | None, otherwise: str = "/") -> str:
    """A path on this server as it was given; never an address of somebody else's."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return otherwise
    return text if text.isprintable() and len(text) < 500 else otherwise
