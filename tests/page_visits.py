"""Every page that people see, and how it is reached: what the checks of all pages go through.

A new page is one line: its address as the routes write it, who opens it, and where the address has
parts of its own, the one to open, with names of tests/page_ground.py in braces:

    visit("/cases/{number:int}", OMAR, "/cases/{case}"),

A page that only comes of a form names what is done on the page that has the form:

    visit("/person", OMAR, step=sent(sees="article", purpose="complaint", value="{number}")),

An address that answers with no page stands in NOT_A_PAGE with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import msgspec
from playwright.sync_api import Page

from ibr.app import beside_the_standard
from ibr.operation.dependencies import Watched
from ibr.settings import Settings
from ibr.web.services import Desk, WebServices
from tests.axe import open_all
from tests.developers_web import DEVELOPERS as _DEVELOPERS
from tests.developers_web import FIRST
from tests.page_desks import HEDY
from tests.page_ground import ADA, OMAR, WATCHER, WITH_APP, WITHOUT, Names
from tests.people_web import PASSWORD
from tests.review_web import STELLA

ANA, OTTO, HALA = (f"{name}@example.org" for name in ("analyst", "auditor", "help"))
PAUL, DEVELOPER = "planner@example.org", _DEVELOPERS[FIRST]
NOBODY: Final = ""
"""Without signing in."""
HERSELF: Final = "herself"
"""A person who signed in to their own pages."""

Step = Callable[[Page, Names], None]


class Visit(msgspec.Struct, frozen=True):
    """One page as somebody sees it: `step` is done on it first, `status` is its answer before that.
    With `stale` it is an hour since the officer proved who they are."""

    address: str
    who: str
    at: str
    step: Step | None
    status: int
    stale: bool

    def __str__(self) -> str:
        done = f" then {self.step.__name__}" if self.step else ""
        return f"{self.who.partition('@')[0] or 'nobody'} {self.at}{done}"


def visit(
    address: str,
    who: str = NOBODY,
    at: str | None = None,
    *,
    step: Step | None = None,
    status: int = 200,
    stale: bool = False,
) -> Visit:
    """A line of the lists below."""
    return Visit(address, who, address if at is None else at, step, status, stale)


def sent(
    *, sees: str, button: str = "main form button[type=submit]", name: str = "sent", **fields: str
) -> Step:
    """Fills fields by name, clicks the button, and waits for what comes of it."""

    def step(page: Page, names: Names) -> None:
        for field, value in fields.items():
            _put(page, field, value.format_map(names))
        page.locator(button).first.click()
        page.locator(sees).first.wait_for()

    step.__name__ = name
    return step


def unfolded(step: Step) -> Step:
    """The step, once everything that is folded away has been opened."""

    def opened(page: Page, names: Names) -> None:
        open_all(page)
        step(page, names)

    opened.__name__ = step.__name__
    return opened


def _put(page: Page, field: str, value: str) -> None:
    found = page.locator(f'main [name="{field}"]')
    kind = found.first.evaluate("element => element.type")
    if kind in ("radio", "checkbox"):
        page.locator(f'main [name="{field}"][value="{value}"]').first.check()
    elif kind.startswith("select"):
        found.first.select_option(value)
    else:
        found.first.fill(value)


WRONG = "main [role=alert]"


def password_of(email: str, sees: str) -> Step:
    return sent(sees=sees, email=email, password=PASSWORD, name=f"password of {email}")


# What officers work with.
WORK: Final = (
    visit("/", OMAR),
    visit("/", ANA),
    visit("/", HALA),
    visit("/programmes/{code:str}", OMAR, "/programmes/CASH"),
    visit("/programmes/{code:str}", PAUL, "/programmes/MEAL"),
    visit("/coverage", ANA),
    visit("/coverage", ANA, "/coverage?area=R2&and_area=R3&and_period=2026-09"),
    visit("/coverage", ANA, "/coverage?indicator=N5&level=2"),
    visit("/indicators", ANA),
    visit("/indicators/{code:str}", ANA, "/indicators/C1"),
    visit("/overlaps", ANA, "/overlaps?programme=CASH"),
    visit("/money", ANA),
    visit("/gaps", ANA, "/gaps?area=R2"),
    visit("/quality", ANA),
    visit("/figures/file", ANA, "/figures/file?indicator=N1&breakdown=area1*sex", status=403),
    visit("/figures/brief", ANA, "/figures/brief?area=nowhere&period=2026-10", status=404),
    visit("/what-if", ANA),
    visit("/what-if", ANA, "/what-if?kind=close&run=yes&programme=PEN&programme=DIS"),
    visit("/person", OMAR),
    visit(
        "/person", OMAR,
        step=sent(sees="article", purpose="complaint", value="{number}", name="found"),
    ),
    visit("/person", OMAR, step=sent(sees=WRONG, value="UIN-1", name="not filled")),
    visit("/applicant", OMAR),
    visit(
        "/applicant", OMAR,
        step=sent(
            sees="#found article", given_name="አበበ", surname="በቀለ", birth_date="1956-03-01",
            name="found",
        ),
    ),
    visit("/files", OMAR),
    visit("/files/{number:int}", OMAR, "/files/{file}"),
    visit("/files/{number:int}", OMAR, "/files/{file_taken}"),
    visit("/files/{number:int}", OMAR, "/files/{file_bad}"),
    visit("/deliveries", OMAR),
    visit("/deliveries/{number:int}", OMAR, "/deliveries/{delivery}"),
    visit("/deliveries/{number:int}", OMAR, "/deliveries/{held}"),
    visit("/feeds", OMAR),
    visit("/feeds", ADA),
    visit("/feeds/{code:str}", ADA, "/feeds/OAP"),
    visit(
        "/feeds/{code:str}", ADA, "/feeds/CASH",
        step=sent(
            sees=WRONG, button="main form[action$='/contact'] button", email="nobody", name="wrong",
        ),
    ),
    visit("/visits", HEDY),
    visit("/visits", HEDY, step=sent(sees=WRONG, value="?", name="not filled")),
    visit("/visits/{number:int}", HALA, "/visits/{visit}"),
    visit("/requests", OMAR),
    visit("/requests", WATCHER),
    visit("/requests/{number:int}", OMAR, "/requests/{request}"),
    visit("/requests/{number:int}", WATCHER, "/requests/{request}"),
    visit("/extracts", ANA),
    visit("/extracts", ANA, step=sent(sees=WRONG, name="not filled")),
    visit("/findings", ADA),
    visit("/findings", ANA),
    visit("/findings/{number:int}", ADA, "/findings/{finding}"),
    visit("/findings/checks/{code:str}", ADA, "/findings/checks/{check}"),
    visit("/pairs", ADA),
    visit("/pairs", ADA, "/pairs?first=OAP&second=CASH"),
    visit("/cases", OMAR),
    visit("/cases/told", OMAR),
    visit("/cases/figures", OMAR),
    visit("/cases/{number:int}", OMAR, "/cases/{case}"),
    visit("/cases/{number:int}/letters/{letter:int}", OMAR, "/cases/{case}/letters/{letter}"),
    visit("/callbacks", ADA, "/callbacks?state=both"),
    visit("/review", STELLA),
    visit("/review/quality", STELLA),
    visit("/review/pairs/{name:str}", STELLA, "/review/pairs/{pair}"),
    visit("/review/persons/{number:int}", STELLA, "/review/persons/{person}"),
    visit("/releases", ANA),
    visit("/releases/{number:int}", ANA, "/releases/1"),
    visit("/releases/{number:int}", ANA, "/releases/3"),
)  # fmt: skip

# Who may do what, and who did; signing in; what everybody may read.
ROUND_IT: Final = (
    visit("/agreements", ADA),
    visit("/agreements/new", ADA),
    visit("/agreements/refused", ADA),
    visit("/agreements/{number:int}", ADA, "/agreements/{agreement}"),
    visit("/privacy", WATCHER),
    visit(
        "/privacy", WATCHER,
        step=sent(
            sees=WRONG, button="main form[action='/privacy/budgets'] button", who="nobody",
            purpose="complaint", an_hour="9", a_day="1", reason="x", name="wrong budget",
        ),
    ),
    visit("/privacy/alarms/{number:int}", WATCHER, "/privacy/alarms/{alarm}"),
    visit("/privacy/keeping", WATCHER),
    visit("/privacy/keeping", OTTO),
    visit(
        "/privacy/keeping", WATCHER,
        step=sent(
            sees=WRONG, button="main form[action$='/erasures'] button", value="NOBODY-1",
            name="nobody",
        ),
    ),
    visit("/privacy/record", WATCHER),
    visit("/privacy/record", OTTO),
    visit("/statements/check"),
    visit("/statements/check", step=sent(sees="main .notice", number="x", sums="1", name="sent")),
    visit("/protect", WATCHER),
    visit("/protect", OMAR, step=sent(sees=WRONG, kind="UIN", value="?", name="wrong")),
    visit("/audit", OTTO),
    visit("/developers", DEVELOPER),
    visit("/developers", ADA),
    visit("/developers/agreements", DEVELOPER),
    visit("/developers/samples", DEVELOPER),
    visit("/developers/messages", DEVELOPER),
    visit("/developers/messages/{number:str}", DEVELOPER, "/developers/messages/{trace}"),
    visit("/developers/callbacks", DEVELOPER),
    visit("/developers/callbacks/{message:str}", DEVELOPER, "/developers/callbacks/{message}"),
    visit("/officers", ADA),
    visit("/officers/invite", ADA),
    visit("/officers/invite", ADA, stale=True, status=401),
    visit("/officers/{number:int}", ADA, "/officers/{officer}"),
    visit(
        "/officers/{number:int}", ADA, "/officers/{invited}",
        step=sent(sees="main code", button="main form[action$='/link'] button", name="link"),
    ),
    visit("/partners", ADA),
    visit("/partners/add", ADA),
    visit("/partners/{sender:str}", ADA, "/partners/{partner}"),
    visit("/approvals", ADA),
    visit("/approvals/{number:int}", WATCHER, "/approvals/{approval}"),
    visit("/account", OMAR),
    visit("/security", WITH_APP),
    visit("/security", OTTO),
    visit("/security/app", OMAR),
    visit(
        "/security", WITH_APP,
        step=sent(
            sees="main .spelled-list", button="main form[action='/security/codes'] button",
            name="new codes",
        ),
    ),
    visit("/welcome/{secret:str}", at="/welcome/{welcome}"),
    visit("/welcome/{secret:str}", at="/welcome/ended", status=404),
    visit("/sign-in"),
    visit("/sign-in", step=sent(sees=WRONG, email="a@example.org", password="x", name="wrong")),
    visit("/sign-in/second", at="/sign-in", step=password_of(WITH_APP, "main [name=code]")),
    visit("/sign-in/set-up", at="/sign-in", step=password_of(WITHOUT, "main .spelled")),
    visit("/sign-in/ministry/back", status=401),
    visit("/me"),
    visit("/me", at="/me?done=out"),
    visit("/me", HERSELF),
    visit("/me/benefits", HERSELF),
    visit("/me/data", HERSELF),
    visit(
        "/me/data", HERSELF,
        step=unfolded(
            sent(
                sees=WRONG, button="main form[action='/me/requests'] button", value="",
                name="wrong",
            )
        ),
    ),
    visit("/me/asked", HERSELF),
    visit("/me/requests", HERSELF),
    visit("/me/back", status=401),
    visit("/officers", HALA, status=403),
    visit("/nothing-is-here", status=404),
    visit("/docs"),
    visit("/public/{language:str}", at="/public/{language}"),
    visit("/public/{language:str}/releases", at="/public/{language}/releases"),
    visit("/public/{language:str}/releases/{number:int}", at="/public/{language}/releases/1"),
    visit("/public/{language:str}/methods", at="/public/{language}/methods"),
    visit("/public/{language:str}/data", at="/public/{language}/data"),
    *(
        visit("/public/{language:str}/{topic:str}", at=f"/public/{{language}}/{topic}")
        for topic in ("coverage", "programmes", "money", "overlaps", "reporting", "cases")
    ),
    visit("/public/{language:str}/{topic:str}", at="/public/{language}/nothing", status=404),
)  # fmt: skip

# Addresses that answer with no page of their own, each with the reason.
NOT_A_PAGE: Final = {
    "/review/persons": "leads from a person's number to its page",
    "/files/{number:int}/response": "a file",
    "/files/{number:int}/mapping": "a file",
    "/privacy/record/file": "a file",
    "/sign-in/ministry": "leads to the ministry's own pages",
    "/sign-in/ministry/leave": "leads to the ministry's own pages",
    "/me/sign-in": "leads to the sign-in service's own pages",
    "/me/leave": "leads to the sign-in service's own pages",
    "/language/{code:str}": "leads back to the page in another language",
    "/public": "leads to the site in the reader's language",
    "/public/api": "JSON",
    "/public/api/releases": "JSON",
    "/public/api/indicators": "JSON",
    "/public/api/figures": "JSON",
    "/public/api/calendar": "JSON",
    "/public/files/{number:int}/SHA256SUMS": "a file",
    "/public/files/{number:int}/{name:str}": "a file",
    "/openapi.json": "JSON",
    "/docs/style.css": "a style sheet",
    "/static/{file_path:path}": "style sheets, scripts and pictures",
    "/health/live": "for those who watch the machine",
    "/health/ready": "for those who watch the machine",
    "/metrics": "for those who watch the machine",
}
# Visited so that the page for an address that leads nowhere is seen.
NO_ADDRESS: Final = frozenset({"/nothing-is-here"})


def addresses() -> set[str]:
    """What the registry answers when something is only read, as its routes write it. What is not
    here is for programs: the standard's addresses and the interface beneath /api/v1."""
    nothing = cast("object", None)
    web = WebServices(
        settings=Settings(),
        database=nothing,  # type: ignore[arg-type]  # nothing is asked, only listed
        sealer=nothing,  # type: ignore[arg-type]
        blind_index=nothing,  # type: ignore[arg-type]
        desk=cast(Desk, nothing),
    )
    app = beside_the_standard(web, Watched(web.database))
    return {route.path for route in app.routes if "GET" in (getattr(route, "methods", None) or ())}
