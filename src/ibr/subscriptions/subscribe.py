"""Makes and cancels subscriptions, in the caller's transaction.

An identifier is kept as a blind index. As it was asked it is only in the sealed criteria, which
are opened to tell the subscriber what it subscribed to, and to look the identifier up again when
a new kind of identifier is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from ibr.access.agreements.rules import agreed, purposes_refused, told_by_itself
from ibr.asker import Asker
from ibr.audit.events import SUBSCRIBED, UNSUBSCRIBED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood, Unavailable
from ibr.ids import new_token
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.registry.search.blind import Blinder, identifiers_in
from ibr.registry.search.model import Filter
from ibr.registry.search.normal import from_json, normal, to_json
from ibr.registry.search.within import asked_by, programmes_within
from ibr.subscriptions import store
from ibr.subscriptions.model import Frequency, Made, Wish

Outcome = Literal["cancelled", "over", "unknown"]
# No identifier type and value look like this, so no subscription ever meets an identifier.
_DIGEST_OF: Final = "SUBSCRIPTION"
# Every one of them is looked at again and again; many people are asked for by `in`.
MOST_ACTIVE: Final = 10_000


class _Sealed(msgspec.Struct, frozen=True):
    """What is sealed with a subscription; `filter` only where it has to be looked up again."""

    criteria: dict[str, Any]
    filter: dict[str, Any] | None = None


def check_agreed(asker: Asker, wanted: Filter, named: frozenset[int] | None) -> None:
    """NotUnderstood where no agreement lets these changes be told for the asker's purpose, or where
    the filter would tell more of a record than may come back of it.

    `named` are the programmes that the filter is about, None where it names none.
    """
    allowed = agreed(asker, "changes")
    if not allowed and any("changes" in term.acts for term in asker.terms or ()):
        raise NotUnderstood("subscription.details", purposes_refused(asker, "changes"))
    allowed |= told_by_itself(asker)
    about = allowed.keys() if named is None else allowed.keys() & named
    if about - programmes_within(allowed, asked_by(wanted)):
        raise NotUnderstood(
            "subscription.details",
            "The filter asks about more than your agreement lets come back of these programmes; "
            "leave that out, or name the programmes that it may be asked of.",
        )


class Subscriber:
    """One partner's subscriptions, made and cancelled in one transaction."""

    def __init__(
        self,
        connection: Connection,
        sealer: Sealer,
        blind_index: BlindIndex,
        asker: Asker,
        at: datetime,
    ) -> None:
        self._connection = connection
        self._sealer = sealer
        self._blind_index = blind_index
        self._blinder = Blinder(connection, blind_index)
        self._asker = asker
        self._at = at
        self._active: int | None = None

    async def subscribe(self, wish: Wish) -> Made:
        """The subscription that was made, or the equal one that stood already.

        NotUnderstood for a filter that names something that is no kind of identifier, and for one
        subscription too many.
        """
        await self._check_room()
        wanted = normal(wish.filter)
        newest = await store.newest_kind(self._connection)
        blind = normal(await self._blinder.blinded(wanted))
        same_as = self._same_as(wish, wanted)
        partner_id = self._asker.id
        await store.end_passed(self._connection, partner_id, same_as, self._at)
        again = any(named.kind is None for named in identifiers_in(wanted))
        code = new_token("sub-")
        sealed = _Sealed(wish.criteria, to_json(wanted) if again else None)
        frequency = wish.frequency
        number = await store.make(
            self._connection,
            {
                "code": code,
                "partner_id": partner_id,
                "event": wish.event,
                "filter": msgspec.json.encode(to_json(blind)).decode(),
                "kinds_through": newest if again else None,
                "same_as": same_as,
                "criteria": self._sealer.seal(msgspec.json.encode(sealed), _place(code)),
                "reg_type": wish.reg_type,
                "purpose_code": wish.purpose.code,
                "purpose_text": wish.purpose.text,
                "notify_address": wish.notify_address,
                "start_at": frequency.start_at,
                "end_at": frequency.end_at,
                "frequency": frequency.text,
                "utc_offset": frequency.offset,
                "made_at": self._at,
            },
        )
        if number is None:
            return await self._standing(same_as)
        await self._record(number, wish)
        return Made(code=code, made_at=self._at, criteria=wish.criteria, fresh=True)

    async def _record(self, number: int, wish: Wish) -> None:
        await record_event(
            self._connection,
            kind=SUBSCRIBED,
            asker=self._asker,
            details={
                "subscription": number,
                "event": wish.event,
                "purpose": wish.purpose.code,
                "scheduled": wish.frequency.text is not None,
            },
            at=self._at,
        )

    async def _check_room(self) -> None:
        if self._active is None:
            self._active = await store.count_active(self._connection, self._asker.id)
        if self._active >= MOST_ACTIVE:
            raise NotUnderstood(
                "subscription.details",
                f"You have {MOST_ACTIVE} subscriptions already. Give some up, or ask for several "
                "people or places in one by the operator in.",
            )
        self._active += 1

    async def _standing(self, same_as: bytes) -> Made:
        row = await store.equal(self._connection, self._asker.id, same_as)
        if row is None:
            # It was cancelled between the two statements; asked again, a new one is made.
            raise Unavailable("subscription.busy", "This subscription is being changed; try again.")
        kept = _open(self._sealer, row["code"], row["criteria"])
        return Made(code=row["code"], made_at=row["made_at"], criteria=kept.criteria, fresh=False)

    def _same_as(self, wish: Wish, wanted: Filter) -> bytes:
        """Equal for equal subscriptions; with the index key, for identifiers can be guessed."""
        frequency: Frequency = wish.frequency
        told = msgspec.json.encode(
            [
                wish.event,
                to_json(wanted),
                frequency.schedule,
                frequency.start_at,
                frequency.end_at,
                # Without a schedule the clock says nothing.
                frequency.offset.total_seconds() if frequency.schedule else 0,
            ]
        )
        return self._blind_index.of(_DIGEST_OF, told.decode())

    async def cancel(self, codes: Sequence[str]) -> dict[str, Outcome]:
        """What became of each code; another partner's code looks like one that never was."""
        states = await store.states(self._connection, self._asker.id, codes)
        cancelled = [code for code in codes if states.get(code) == "active"]
        if cancelled:
            await store.cancel(self._connection, cancelled, self._at)
            await record_event(
                self._connection,
                kind=UNSUBSCRIBED,
                asker=self._asker,
                details={"subscriptions": len(cancelled)},
                at=self._at,
            )
        return {
            code: "cancelled" if code in cancelled else "over" if code in states else "unknown"
            for code in codes
        }


async def look_up_again(connection: Connection, sealer: Sealer, blind_index: BlindIndex) -> None:
    """Looks identifiers without a kind up for the kinds that were reported since."""
    newest = await store.newest_kind(connection)
    rows = await store.behind(connection, newest)
    blinder = Blinder(connection, blind_index)
    for row in rows:
        kept = _open(sealer, row["code"], row["criteria"])
        assert kept.filter is not None
        blind = normal(await blinder.blinded(from_json(kept.filter)))
        await store.look_up_again(
            connection,
            row["subscription_no"],
            msgspec.json.encode(to_json(blind)).decode(),
            newest,
        )


def _place(code: str) -> bytes:
    return place_of("subscription", "criteria", code.encode())


def _open(sealer: Sealer, code: str, sealed: bytes) -> _Sealed:
    return msgspec.json.decode(sealer.open(sealed, _place(code)), type=_Sealed)
