"""An extract is asked for by an analyst and approved by whoever watches over privacy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.approvals.decide import digest_of, propose
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import EXTRACT, PRIVACY, must_hold
from ibr.asker import Asker
from ibr.audit.events import EXTRACT_APPROVED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.publish.research import store
from ibr.publish.research.model import FEWEST_ALIKE, Extract, Wanted

NAME: Final = "research.extract"
_LISTED: Final = 100


async def ask_for(connection: Connection, asker: Asker, wanted: Wanted, at: datetime) -> int:
    """Proposes an extract; the proposal's number."""
    must_hold(asker, EXTRACT)
    known = await store.programmes(connection, wanted.programmes)
    if set(known) != set(wanted.programmes) or not asker.ask.issuperset(known.values()):
        raise NotUnderstood(
            "extract.programmes", "Choose programmes that you work for.", field="programmes"
        )
    payload: dict[str, Any] = msgspec.to_builtins(wanted)
    return await propose(connection, asker, NAME, payload, at, why=wanted.purpose)


async def programmes(connection: Connection, asker: Asker) -> list[str]:
    """Codes of the programmes that the asker may choose."""
    must_hold(asker, EXTRACT)
    known = await store.programmes(connection)
    return [code for code, number in known.items() if number in asker.ask]


async def extracts(connection: Connection, asker: Asker) -> list[Extract]:
    """Those that the asker asked for, the newest first."""
    must_hold(asker, EXTRACT)
    return [seen(row) for row in await store.listed(connection, asker.id, _LISTED)]


def seen(row: Any) -> Extract:
    """A row as an extract."""
    values = dict(row)
    return Extract(wanted=msgspec.json.decode(values.pop("wanted"), type=Wanted), **values)


async def _carry_out(
    connection: Connection, approver: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    wanted = msgspec.convert(payload, Wanted)
    number = await store.add(
        connection,
        msgspec.json.encode(wanted).decode(),
        wanted.form,
        asked_by=approver.proposed_by,
        approved_by=approver.asker.id,
        at=at,
        expires_at=at + timedelta(days=wanted.days),
    )
    await record_event(
        connection,
        kind=EXTRACT_APPROVED,
        asker=approver.asker,
        details={
            "extract": number,
            "columns": list(wanted.columns),
            "programmes": list(wanted.programmes),
            "months": f"{wanted.first_month:%Y-%m} {wanted.last_month:%Y-%m}",
            "days": wanted.days,
            "digest": digest_of(payload),
        },
        at=at,
    )
    return {}


async def _explain(_connection: Connection, payload: Payload) -> list[Detail]:
    wanted = msgspec.convert(payload, Wanted)
    written = {
        "purpose": wanted.purpose,
        "law": wanted.legal_basis,
        "programmes": ", ".join(wanted.programmes),
        "columns": ", ".join(wanted.columns),
        "months": f"{wanted.first_month:%Y-%m} – {wanted.last_month:%Y-%m}",
        "form": wanted.form,
        "expires": f"{wanted.days} d",
        "k": str(FEWEST_ALIKE),
    }
    return [Detail(what=what, after=after) for what, after in written.items()]


RESEARCH_ACTS: Final = (
    Act(name=NAME, propose=EXTRACT, approve=PRIVACY, carry_out=_carry_out, explain=_explain),
)
