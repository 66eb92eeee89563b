"""Holds a delivery against those before it, and keeps what was found with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from ibr.db.pool import Connection
from ibr.deliveries.checks import store
from ibr.deliveries.checks.model import Anomaly, Before, CheckTerms, Found, Told
from ibr.deliveries.checks.rules import (
    is_held,
    of_a_programme,
    of_the_sequence,
    of_the_whole,
)
from ibr.deliveries.model import DeliveryHead
from ibr.errors import NotUnderstood, Unavailable


class Counted(msgspec.Struct, frozen=True):
    """A delivery read through once: its sums by programme, and the digest of its records."""

    found: Sequence[Found]
    items: int
    refused: int
    content_digest: bytes


async def check_delivery(
    connection: Connection, head: DeliveryHead, counted: Counted, at: datetime
) -> list[Anomaly]:
    """What is out of the ordinary about a delivery that nothing was merged of yet.

    Kept with it, in the caller's transaction; the delivery then is held, or may be merged.
    Unavailable when somebody else has checked it meanwhile.
    """
    programmes = [each.programme_id for each in counted.found]
    same_as = await _same_as(connection, head, counted)
    told = Told(
        mode=head.mode,
        cycle=head.cycle,
        sequence=head.sequence,
        programme_id=head.programme_id,
        totals=head.totals,
        sequences=await _sequences(connection, head, programmes),
        same_content=same_as is not None,
        replaces=head.replaces is not None,
    )
    anomalies = await _judged(connection, head, counted, told)
    if not programmes and head.replaces is not None:
        # What withdraws a delivery holds no record of its own, and is about the same programmes.
        programmes = await store.programmes_of(connection, head.replaces)
    held = is_held(anomalies)
    await store.keep_found(connection, head.delivery_id, counted.found)
    kept = await store.passed(
        connection,
        head.delivery_id,
        state="held" if held else "received",
        checked_at=None if held else at,
        anomalies=msgspec.json.encode(anomalies).decode(),
        programme_ids=sorted(programmes),
        content_digest=counted.content_digest,
        same_as=same_as,
    )
    if not kept:
        raise Unavailable(
            "delivery.busy", "This delivery is being checked; ask again shortly.", retry_after=10
        )
    return anomalies


async def _judged(
    connection: Connection, head: DeliveryHead, counted: Counted, told: Told
) -> list[Anomaly]:
    every = await terms_of(connection, [each.programme_id for each in counted.found])
    anomalies = of_the_whole(told, counted.found, items=counted.items, refused=counted.refused)
    anomalies += of_the_sequence(told, _strictest(every.values()))
    for found in counted.found:
        terms = every[found.programme_id]
        small = found.records + found.refused < terms.smallest
        # Of a small delivery that names no cycle nothing is compared, so nothing is looked up.
        looked_up = not small or head.cycle is not None
        before = await _before(connection, head, found) if looked_up else Before()
        anomalies += of_a_programme(told, found, before, terms)
    return anomalies


async def _same_as(connection: Connection, head: DeliveryHead, counted: Counted) -> int | None:
    """The earlier delivery with the very same content; none for what replaces another, or holds
    nothing."""
    if not counted.items or head.replaces is not None:
        return None
    return await store.same_content(
        connection, head.partner_id, counted.content_digest, head.cycle, head.delivery_id
    )


async def found_in(connection: Connection, delivery_id: int) -> list[Found]:
    """What a delivery added up to when it came, by programme."""
    return await store.found_of(connection, delivery_id)


async def anomalies_of(connection: Connection, delivery_id: int) -> list[Anomaly]:
    """What was out of the ordinary about a delivery when it came."""
    return msgspec.json.decode(await store.anomalies(connection, delivery_id), type=list[Anomaly])


async def terms_of(connection: Connection, programme_ids: Sequence[int]) -> dict[int, CheckTerms]:
    """The limits of these programmes, the usual ones where a programme has none of its own."""
    own = {
        row["programme_id"]: msgspec.json.decode(row["terms"], type=CheckTerms)
        for row in await store.terms_of(connection, programme_ids)
    }
    return {each: own.get(each, CheckTerms()) for each in programme_ids}


async def set_terms(
    connection: Connection,
    programme_id: int,
    changes: Mapping[str, object],
    by_name: str,
    at: datetime,
) -> CheckTerms:
    """Changes some limits of a programme; NotUnderstood for a limit that there is not."""
    own = await terms_of(connection, [programme_id])
    try:
        terms = msgspec.convert(
            msgspec.structs.asdict(own[programme_id]) | dict(changes), CheckTerms
        )
    except msgspec.ValidationError:
        raise NotUnderstood(
            "delivery.limit",
            "A limit is a share from 0 to 1, a number of records, or hold, note or off; see "
            "docs/howto/held-deliveries.md.",
        ) from None
    usual = CheckTerms()
    differing = {
        name: getattr(terms, name)
        for name in CheckTerms.__struct_fields__
        if getattr(terms, name) != getattr(usual, name)
    }
    await store.set_terms(connection, programme_id, differing, by_name, at)
    return terms


def _strictest(several: Iterable[CheckTerms]) -> CheckTerms:
    """The limits of the sequence for a delivery about several programmes: hold before note."""
    every = list(several)
    if not every:
        return CheckTerms()
    order = ("hold", "note", "off")
    return CheckTerms(
        gap=min((each.gap for each in every), key=order.index),
        again=min((each.again for each in every), key=order.index),
        void=min((each.void for each in every), key=order.index),
    )


async def _sequences(
    connection: Connection, head: DeliveryHead, programmes: Sequence[int]
) -> frozenset[int]:
    if head.cycle is None or head.sequence is None or not programmes:
        return frozenset()
    return await store.sequences(
        connection, head.partner_id, programmes, head.cycle, head.delivery_id
    )


async def _before(connection: Connection, head: DeliveryHead, found: Found) -> Before:
    codes = await store.codes_before(connection, found.programme_id, head.delivery_id)
    if head.cycle is None:
        return Before(codes=codes)
    cycle = await store.last_cycle(connection, found.programme_id, head.cycle)
    if cycle is None:
        return Before(codes=codes)
    last = await store.of_cycle(connection, found.programme_id, cycle, head.delivery_id)
    so_far = await store.of_cycle(connection, found.programme_id, head.cycle, head.delivery_id)
    return Before(
        cycle=cycle,
        records=sum(each.records for _, _, each in last),
        money=_money(each for _, _, each in last),
        like=_like(head, last, first=not so_far),
        so_far_records=sum(each.records for _, _, each in so_far),
        so_far_money=_money(each for _, _, each in so_far),
        codes=codes,
    )


def _like(
    head: DeliveryHead, last: Sequence[tuple[str, int | None, Found]], *, first: bool
) -> Found | None:
    """The delivery of the last cycle that this one corresponds to.

    The one of the same sequence and mode; where sequences are not given, the only one there was.
    """
    same = [each for mode, sequence, each in last if (mode, sequence) == (head.mode, head.sequence)]
    if head.sequence is not None:
        return same[0] if len(same) == 1 else None
    return same[0] if first and len(last) == 1 and same else None


def _money(several: Iterable[Found]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for each in several:
        for currency, value in each.money.items():
            totals[currency] = totals.get(currency, 0) + value
    return totals
