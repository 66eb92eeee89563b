"""/registry/sync/enrollment/updates: a programme's system tells who was enrolled and what was paid.

A delivery of one block is one transaction: claim, bytes, records, answer. A larger one is
several: first claim and bytes, then block after block, then the answer; a crash in between loses
nothing, and whoever comes next (the sender again, or the worker) goes on at the next block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.access.scopes import UPDATES as REPORT
from ibr.clock import now, written
from ibr.db.pool import Connection
from ibr.deliveries import receive
from ibr.deliveries.model import DeliveryHead, Tally
from ibr.deliveries.terms import SaidTerms, read_terms
from ibr.errors import NotAllowed, NotUnderstood, Unavailable
from ibr.ids import new_token
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.check_delivery import (
    ANSWER_ACTION,
    answer_held,
    answer_of,
    must_wait,
    stored_answer,
)
from ibr.interop.dci.envelope import Caller, Opened, message_key
from ibr.interop.dci.file_form import check_action
from ibr.interop.dci.merge_delivery import finish, go_on, merge_all
from ibr.interop.dci.messages.again import used_before
from ibr.interop.dci.messages.header import read_transaction_id
from ibr.interop.dci.outcomes import Outcomes, digest_of
from ibr.interop.dci.read_updates import (
    LARGEST_ENCRYPTED,
    LISTS,
    Updates,
    read_decrypted_updates,
    read_updates,
)
from ibr.interop.dci.reading_delivery import Delivery, blocks_of
from ibr.interop.dci.services import Services
from ibr_messages.encryption import is_encrypted

ACTIONS: Final = frozenset({"notify", "register", "enrollment-updates"})
OPERATION: Final = Operation(
    "enrollment_updates",
    "notify",
    ANSWER_ACTION,
    {"transaction_id": "", "correlation_id": "", "enrolled_response": []},
)
KIND: Final = "enrollment_updates"


async def take_updates(
    services: Services, body: Iterable[bytes], caller: Caller, announced: str = ""
) -> Answer:
    """Takes one delivery in and answers with one outcome a record.

    `body` gives the bytes in pieces, and gives them again each time it is iterated. `announced`
    is the action that a form named beside the file, if there was one.
    """
    updates = await asyncio.to_thread(read_updates, body, services.spool_folder)
    try:
        if announced and isinstance(updates.header, dict):
            check_action(announced, updates.header.get("action"))
        opened = await services.envelopes.with_fresh_keys(
            caller, lambda known: _open(services, updates, body, known)
        )
        if is_encrypted(updates.message):
            updates = await decrypted_updates(services, updates, opened.at)
            opened = msgspec.structs.replace(opened, message=updates.message, encrypted=True)
        terms = read_terms(opened.header.meta)
        transaction_id = _check(updates, opened, terms)
        answer = await _take(services, updates, opened, body, terms, transaction_id)
        return services.writer.as_agreed(answer, opened.partner, now(), asked=opened.encrypted)
    finally:
        updates.close()


def _open(services: Services, updates: Updates, body: Iterable[bytes], caller: Caller) -> Opened:
    opened = services.envelopes.check(
        header=updates.header,
        message=updates.message,
        signature=updates.signature,
        digests=lambda profile: updates.digests(body, profile),
        body_digest=digest_of(body),
        caller=caller,
        actions=ACTIONS,
        at=now(),
    )
    # Refuses what is not as agreed; what is encrypted is opened by who called.
    services.envelopes.came_encrypted(opened)
    return opened


async def decrypted_updates(
    services: Services, outer: Updates, at: datetime, *, accepted_before: bool = False
) -> Updates:
    """The updates that an encrypted delivery holds, in the place of `outer`, which is closed.

    The signature covers the encrypted form, and was checked.
    """

    def read() -> Updates:
        plaintext = services.envelopes.decrypted(
            outer.message or {}, at, LARGEST_ENCRYPTED, accepted_before=accepted_before
        )
        return read_decrypted_updates(plaintext, outer, services.spool_folder)

    inner = await asyncio.to_thread(read)
    outer.close()
    return inner


def _check(updates: Updates, opened: Opened, terms: SaidTerms) -> str:
    """What must be right of the message as a whole; returns its transaction id."""
    if not opened.asker.report:
        raise NotAllowed(
            "programme.none",
            "You may not report for any programme; ask the registry for the right.",
        )
    if sum(name in opened.message for name in LISTS) + bool(updates.list_name) > 1:
        raise NotUnderstood(
            "message.schema", "The message holds two lists of beneficiaries; send one."
        )
    if not updates.has_list:
        raise NotUnderstood(
            "message.schema",
            "message.enrolled_updates.beneficiaries must be an array of beneficiaries.",
        )
    if terms.mode == "void" and updates.count:
        raise NotUnderstood(
            "delivery.terms",
            "A message of mode void withdraws an earlier one and holds no beneficiary itself. "
            "Nothing was stored.",
        )
    if terms.mode != "void" and updates.count == 0:
        raise NotUnderstood(
            "message.total_count", "The message holds no beneficiary; send at least one."
        )
    if opened.header.total_count != updates.count:
        raise NotUnderstood(
            "message.total_count",
            f"header.total_count says {opened.header.total_count}, but the message holds "
            f"{updates.count} beneficiaries. Nothing was stored.",
        )
    given = read_transaction_id(opened.message.get("transaction_id"))
    return given or opened.header.message_id[:99]


async def _take(
    services: Services,
    updates: Updates,
    opened: Opened,
    body: Iterable[bytes],
    terms: SaidTerms,
    transaction_id: str,
) -> Answer:
    whole = updates.block_count <= 1
    held = False
    reach = opened.asker.report
    async with services.database.transaction(reach, asker=opened.asker, right=REPORT) as connection:
        correlation_id = new_token()
        earlier = await store.claim_message(
            connection,
            key=opened.message_key,
            partner_id=opened.partner.partner_id,
            kind=KIND,
            body_digest=opened.body_digest,
            transaction_id=transaction_id,
            correlation_id=correlation_id,
            at=opened.at,
        )
        if earlier is None:
            delivery = await _new(
                services,
                updates,
                opened,
                connection,
                terms,
                transaction_id=transaction_id,
                correlation_id=correlation_id,
            )
            await receive.open_delivery(connection, delivery.head, body, services.sealer)
            if whole:
                blocks = list(blocks_of(services, delivery))
                held = await must_wait(delivery, blocks, connection)
            if whole and not held:
                await merge_all(services, delivery, blocks, connection)
                kept = await finish(services, delivery, connection)
    if earlier is not None:
        return await _again(services, updates, opened, earlier, transaction_id)
    if held:
        return await answer_held(services, delivery)
    if whole:
        return answer_of(kept)
    return await go_on(services, delivery)


async def _new(
    services: Services,
    updates: Updates,
    opened: Opened,
    connection: Connection,
    terms: SaidTerms,
    *,
    transaction_id: str,
    correlation_id: str,
) -> Delivery:
    head = DeliveryHead(
        delivery_id=await receive.new_delivery_id(connection),
        partner_id=opened.partner.partner_id,
        message_key=opened.message_key,
        door="message",
        cycle=terms.cycle,
        sequence=terms.sequence,
        mode=terms.mode,
        as_of=opened.header.sent_at,
        body_digest=opened.body_digest,
        body_bytes=updates.body_bytes,
        key_kid=opened.key_kid,
        control_total=opened.header.total_count,
        received_at=opened.at,
        programme_id=_programme(services, opened, terms.programme),
        totals=terms.totals,
        replaces=await _replaced(opened, terms.replaces, connection),
    )
    return Delivery(
        opened.asker,
        opened.partner.sender_id,
        updates,
        head,
        transaction_id,
        correlation_id,
        Outcomes(services.spool_folder, written(opened.at)),
        Tally(),
    )


def _programme(services: Services, opened: Opened, code: str | None) -> int | None:
    """The number of the programme that the sender says all of the delivery is about."""
    if code is None:
        return None
    programme = services.book.programmes_by_code.get(code.casefold())
    if programme is None or programme.programme_id not in opened.asker.report:
        raise NotAllowed(
            "delivery.programme",
            "header.meta.programme names no programme that you may report for. Nothing was stored.",
        )
    return programme.programme_id


async def _replaced(opened: Opened, message_id: str | None, connection: Connection) -> int | None:
    """The number of the sender's own earlier delivery that this one replaces or withdraws."""
    if message_id is None:
        return None
    earlier = await receive.delivery_of(
        connection, message_key(opened.partner.sender_id, message_id)
    )
    if earlier is None or earlier.head.partner_id != opened.partner.partner_id:
        raise NotUnderstood(
            "delivery.replaces",
            "header.meta.replaces names no delivery of yours; give its message_id. "
            "Nothing was stored.",
            field="header.meta.replaces",
        )
    if not opened.asker.report.issuperset(earlier.tally.programme_ids):
        raise NotAllowed(
            "delivery.programme",
            "The delivery that header.meta.replaces names speaks of a programme that you may not "
            "report for any more. Nothing was stored.",
        )
    return earlier.head.delivery_id


async def _again(
    services: Services,
    updates: Updates,
    opened: Opened,
    earlier: Any,
    transaction_id: str,
) -> Answer:
    """The same message once more: the stored answer, or the rest of the work."""
    if earlier["body_digest"] != opened.body_digest or earlier["kind"] != KIND:
        raise used_before()
    if earlier["answer"] is not None:
        return stored_answer(services, opened.message_key, earlier["answer"])
    # Looked for in every programme: the sender may have lost the right to one of them meanwhile.
    async with services.database.transaction(services.book.programmes) as connection:
        row = await receive.delivery_of(connection, opened.message_key)
    if row is None:
        raise Unavailable("delivery.busy", "This message is being taken in; ask again shortly.")
    delivery = Delivery(
        opened.asker,
        opened.partner.sender_id,
        updates,
        row.head,
        transaction_id,
        earlier["correlation_id"],
        Outcomes(services.spool_folder, written(row.head.received_at)),
        row.tally,
        row.next_item,
    )
    return await go_on(services, delivery)
