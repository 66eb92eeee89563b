"""What the standard's operations work with, handed to each of them."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ibr.access.budgets.spend import Budgets
from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.audit.seals.anchor import Anchor
from ibr.calls.caller import Caller
from ibr.calls.mail import MailServer
from ibr.db.pool import Connection, Database
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.envelope import Envelopes
from ibr.interop.dci.partner_keys import PartnerKeys
from ibr.overlaps.cases.model import Terms
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.trace.recorder import Recorder


class Enqueue(Protocol):
    """Takes a job of a kind in, in the caller's transaction (Jobs.enqueue in jobs/queue.py)."""

    def __call__(
        self, connection: Connection, kind: str, arguments: dict[str, Any], *, key: str | None
    ) -> Awaitable[None]: ...


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that the operations share.

    `questions` is a second pool for the yes/no questions alone: a large delivery can never take
    the connection that an answer needs. `calls` is the one way out to other servers.
    `reached_at` is the address that others reach this registry at, None where nobody has said.
    `anchors` are where seals of the audit trail are written outside the database. `mail` is where
    reminders are handed in, None where they are not sent.
    """

    database: Database
    questions: Database
    book: PartnerBook
    envelopes: Envelopes
    partner_keys: PartnerKeys
    tokens: Tokens
    writer: Writer
    sealer: Sealer
    blind_index: BlindIndex
    spool_folder: Path
    recorder: Recorder
    calls: Caller
    reached_at: str | None = None
    anchors: tuple[Anchor, ...] = ()
    terms: Terms = Terms()
    officer_unseen_days: int = 90
    registry_id: str = ""
    mail: MailServer | None = None
    enqueue: Enqueue
    budgets: Budgets = msgspec.field(default_factory=Budgets)
