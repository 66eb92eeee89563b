"""What the pages need: handed in once, when the application is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ibr import clock
from ibr.access.budgets.model import Limit
from ibr.access.budgets.spend import Budgets
from ibr.access.limits import AddressLimit
from ibr.access.model import Partner
from ibr.access.partners import PartnerBook
from ibr.access.staff.ministry.provider import Connector
from ibr.access.staff.second.tickets import Tickets
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.outbox.model import Kind
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.developing import AddressSeen, Sample
from ibr.questions.kept import Kept
from ibr.settings import Settings


class Desk(Protocol):
    """What the developers' pages need of the standard (interop/dci/developers_desk.py)."""

    registry_id: str
    reached_at: str | None

    @property
    def kinds(self) -> tuple[Kind, ...]: ...
    @property
    def book(self) -> PartnerBook: ...
    def addresses(self) -> list[AddressSeen]: ...
    def samples(self, partner: Partner, at: datetime) -> list[Sample]: ...
    def vector(self) -> dict[str, str]: ...
    async def keys(self, at: datetime) -> list[dict[str, Any]]: ...
    async def send_test(
        self, asker: Asker, partner: Partner, kind: str, address: str, at: datetime
    ) -> str: ...


@dataclass(frozen=True, kw_only=True)
class WebServices:
    """`database` acts as the role ibr_app."""

    settings: Settings
    database: Database
    sealer: Sealer
    blind_index: BlindIndex
    desk: Desk
    now: Callable[[], datetime] = clock.now
    ministry: Connector | None = None
    """The ministry's own sign-in, where there is one."""
    kept: Kept = field(default_factory=Kept)
    applicants: Applicants = field(init=False)
    budgets: Budgets = field(init=False)
    tickets: Tickets = field(init=False)
    pages: AddressLimit = field(init=False)
    """How many of the pages one address may ask for in a minute."""

    def __post_init__(self) -> None:
        budgets = Budgets(Limit(*self.settings.partner_people))
        applicants = Applicants(self.database, self.sealer, self.blind_index, budgets=budgets)
        object.__setattr__(self, "budgets", budgets)
        object.__setattr__(self, "applicants", applicants)
        object.__setattr__(self, "tickets", Tickets(self.sealer))
        usual = 1_200 if self.settings.production else 1_000_000
        limit = AddressLimit(self.settings.page_requests_per_minute or usual)
        object.__setattr__(self, "pages", limit)
