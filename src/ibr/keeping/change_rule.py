"""A rule of retention, changed by two people: proposed by one, approved by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ibr.access.approvals.decide import propose
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import RETENTION_RULE
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.keeping import store
from ibr.keeping.model import Rule, WantedRule

CHANGE: Final = "retention.rule"


async def ask_for(connection: Connection, asker: Asker, wanted: WantedRule, at: datetime) -> int:
    """Proposes a rule, which counts when somebody else approves; the proposal's number."""
    must_hold(asker, PRIVACY)
    payload: dict[str, Any] = {
        "class": wanted.data_class,
        "days": wanted.keep_days,
        "disposal": wanted.disposal,
        "legal_basis": wanted.legal_basis,
    }
    return await propose(connection, asker, CHANGE, payload, at, why=wanted.legal_basis)


async def set_rule(
    connection: Connection,
    wanted: WantedRule,
    *,
    asked_by: int | None,
    asker: Asker | None,
    at: datetime,
) -> int:
    """Enters a rule that counts from the next night on; its number."""
    number = await store.add_rule(connection, wanted, asked_by, asker.id if asker else None, at)
    await record_event(
        connection,
        kind=RETENTION_RULE,
        asker=asker,
        details={
            "rule": number,
            "class": wanted.data_class,
            "days": wanted.keep_days,
            "disposal": wanted.disposal,
        },
        at=at,
    )
    return number


async def rules_now(connection: Connection) -> dict[str, Rule]:
    """The rule that counts, by class."""
    return {row["data_class"]: Rule(**dict(row)) for row in await store.rules(connection)}


async def every_rule(connection: Connection) -> list[Rule]:
    """Every rule there ever was, by class, the newest first."""
    return [Rule(**dict(row)) for row in await store.rules(connection, all_of_them=True)]


async def _carry_out(
    connection: Connection, approver: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    wanted = _read(payload)
    await set_rule(connection, wanted, asked_by=approver.proposed_by, asker=approver.asker, at=at)
    return {}


async def _explain(connection: Connection, payload: Payload) -> list[Detail]:
    wanted, before = _read(payload), await rules_now(connection)
    now = before[wanted.data_class]
    return [
        Detail(what="data_class", after=wanted.data_class),
        Detail(what="keep_days", before=_days(now.keep_days), after=_days(wanted.keep_days)),
        Detail(what="disposal", before=now.disposal, after=wanted.disposal),
        Detail(what="law", before=now.legal_basis, after=wanted.legal_basis),
    ]


def _days(days: int | None) -> str:
    return "–" if days is None else str(days)


def _read(payload: Payload) -> WantedRule:
    return WantedRule(
        data_class=payload["class"],
        keep_days=payload["days"],
        disposal=payload["disposal"],
        legal_basis=payload["legal_basis"],
    )


RETENTION_ACTS: Final = (Act(name=CHANGE, propose=PRIVACY, carry_out=_carry_out, explain=_explain),)
