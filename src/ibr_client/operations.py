"""What a programme's system asks of a registry, each as steps: report, ask, search, subscribe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET

from ibr_client.exchange import Asked, Exchange, read
from ibr_client.failures import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    ClientError,
    NotSetUp,
    Refused,
    StillPending,
)
from ibr_client.memory import Memory
from ibr_client.results import Outcome, Page, Report, Ticket, TicketKind
from ibr_client.sealing import Batch, Record, in_batches, moment_at, new_id, written
from ibr_client.search_pages import REGISTRY_TYPE, page_of
from ibr_client.steps import Clock, Steps, Wait
from ibr_client.wanted import Wanted
from ibr_messages.types import (
    EnrolledCriteria,
    EnrolledRequest,
    EnrolledResponse,
    EnrollmentUpdatesResponse,
    Frequency,
    MsgCallbackHeader,
    SearchCriteria,
    SearchRequest,
    SearchRequestItem,
    SearchResponse,
    SubscribeCriteria,
    SubscribeRequest,
    SubscribeRequestItem,
    TxnStatus,
    TxnStatusRequest,
    TxnStatusRequestItem,
    TxnStatusResponse,
    TxnStatusResult,
    UnSubscribeRequest,
)
from ibr_messages.types.words import AttributeType, EventType, ResponseEntity, TxnType

T = TypeVar("T")

# The registry's own limit for one question.
MOST_ASKED_AT_ONCE: Final = 1000
# One message of a report: large enough to be quick, small enough to be sent again.
MOST_RECORDS: Final = 5000
MOST_BYTES: Final = 8 * 1024 * 1024
_LONGEST_PAUSE: Final = 10.0


class Operations:
    """Every operation of the standard that a programme's system begins."""

    def __init__(
        self, exchange: Exchange, memory: Memory, clock: Clock, callbacks: str | None
    ) -> None:
        self._exchange = exchange
        self._memory = memory
        self._clock = clock
        self._callbacks = callbacks.rstrip("/") if callbacks else None

    # Reporting

    def report(
        self,
        records: Iterable[Record],
        *,
        cycle: str | None,
        sequence: int | None,
        as_of: datetime | None,
        transaction_id: str | None,
        most_records: int,
        most_bytes: int,
    ) -> Steps[Report]:
        report = Report(transaction_id or new_id())
        answers: set[str] = set()
        try:
            for number, batch in enumerate(in_batches(records, most_records, most_bytes)):
                meta: dict[str, Any] = {"cycle": cycle} if cycle else {}
                if sequence is not None:
                    meta["sequence"] = sequence + number
                header = self._report_header(len(batch.records), as_of, meta)
                yield from self._report_batch(report, batch, header, answers)
        except ClientError as stopped:
            stopped.done = report
            raise
        return report

    def _report_header(
        self, count: int, as_of: datetime | None, meta: dict[str, Any]
    ) -> MsgCallbackHeader:
        # The standard gives a report the header of a callback.
        request = self._exchange.header("notify", count)
        return MsgCallbackHeader(
            message_id=request.message_id,
            message_ts=as_of or request.message_ts,
            action=request.action,
            status="succ",
            total_count=count,
            completed_count=count,
            sender_id=request.sender_id,
            receiver_id=request.receiver_id,
            is_msg_encrypted=request.is_msg_encrypted,
            meta=request.meta | meta,
        )

    def _report_batch(
        self, report: Report, batch: Batch, header: MsgCallbackHeader, answers: set[str]
    ) -> Steps[None]:
        message = batch.message(report.transaction_id)
        asked = Asked("/registry/sync/enrollment/updates", header, message, report.transaction_id)
        answered = yield from self._exchange.answer(asked, "on-notify")
        if answered.header.message_id in answers:
            # The messages of a report share their transaction, so that it cannot tell them apart.
            raise AnswerNotTrusted("answer.other", "The answer belongs to an earlier message.")
        answers.add(answered.header.message_id)
        response = read(answered.message, EnrollmentUpdatesResponse)
        if len(response.enrolled_response) != len(batch.records):
            raise AnswerNotUnderstood(
                "answer.count",
                f"{len(batch.records)} records were reported and "
                f"{len(response.enrolled_response)} outcomes came back.",
            )
        first = len(report.outcomes)
        report.correlation_ids.append(response.correlation_id)
        report.outcomes.extend(
            Outcome(position, each.reference_id, each.status, each.status_reason_message or None)
            for position, each in enumerate(response.enrolled_response, first)
        )

    # Asking

    def is_enrolled(
        self, identifier_type: str, value: str, programme: str, entity: ResponseEntity
    ) -> Steps[bool]:
        query = {identifier_type: {"eq": value}}
        message_id, response = yield from self._enrolled(query, programme, entity)
        items = response.enrolled_response
        if len(items) != 1 or items[0].reference_id != message_id:
            raise AnswerNotTrusted("answer.other", "The answer belongs to another question.")
        return items[0].enrolled_status == "yes"

    def are_enrolled(
        self, identifier_type: str, values: Iterable[str], programme: str, entity: ResponseEntity
    ) -> Steps[dict[str, bool]]:
        asked = list(dict.fromkeys(values))
        found: dict[str, bool] = {}
        for start in range(0, len(asked), MOST_ASKED_AT_ONCE):
            part = asked[start : start + MOST_ASKED_AT_ONCE]
            query = {identifier_type: {"in": part}}
            _, response = yield from self._enrolled(query, programme, entity)
            told = {each.reference_id: each for each in response.enrolled_response}
            if told.keys() != set(part):
                raise AnswerNotUnderstood(
                    "answer.count", "The registry did not answer for exactly those asked about."
                )
            found |= {value: told[value].enrolled_status == "yes" for value in part}
        return found

    def _enrolled(
        self, who: dict[str, Any], programme: str, entity: ResponseEntity
    ) -> Steps[tuple[str, EnrolledResponse]]:
        transaction_id = new_id()
        header = self._exchange.header("search", 1)
        request = EnrolledRequest(
            transaction_id=transaction_id,
            enrolled_criteria=EnrolledCriteria(
                query_type="expression",
                response_entity=entity,
                query={**who, "programme_identifier.programme_identifier": {"eq": programme}},
            ),
        )
        asked = Asked("/registry/sync/enrolled", header, written(request), transaction_id)
        answered = yield from self._exchange.answer(asked, "on-search")
        return header.message_id, read(answered.message, EnrolledResponse)

    # Searching

    def search_page(self, criteria: SearchCriteria) -> Steps[Page]:
        header = self._exchange.header("search", 1)
        request = self._search_request(criteria)
        asked = Asked("/registry/sync/search", header, written(request), request.transaction_id)
        answered = yield from self._exchange.answer(asked, "on-search")
        response = read(answered.message, SearchResponse)
        return page_of(response.search_response, request.search_request[0].reference_id)

    def start_search(self, criteria: SearchCriteria) -> Steps[Ticket]:
        request = self._search_request(criteria)
        return self._ask_later(
            "search",
            "search",
            "/on-search",
            request,
            [each.reference_id for each in request.search_request],
        )

    def _search_request(self, criteria: SearchCriteria) -> SearchRequest:
        item = SearchRequestItem(
            reference_id=new_id(), timestamp=moment_at(self._clock()), search_criteria=criteria
        )
        return SearchRequest(transaction_id=new_id(), search_request=[item])

    # Subscribing

    def subscribe(
        self, wanted: Wanted, event: EventType, frequency: Frequency | None, record_type: str
    ) -> Steps[Ticket]:
        item = SubscribeRequestItem(
            reference_id=new_id(),
            timestamp=moment_at(self._clock()),
            subscribe_criteria=SubscribeCriteria(
                version="1.0.0",
                reg_type=REGISTRY_TYPE,
                reg_event_type=event,
                frequency=frequency or UNSET,
                filter_type=wanted.query_type,
                filter=wanted.query,
                notify_record_type=record_type,
            ),
        )
        request = SubscribeRequest(transaction_id=new_id(), subscribe_request=[item])
        return self._ask_later(
            "subscribe", "subscribe", "/on-subscribe", request, [item.reference_id]
        )

    def unsubscribe(self, codes: Sequence[str]) -> Steps[Ticket]:
        request = UnSubscribeRequest(
            transaction_id=new_id(),
            timestamp=moment_at(self._clock()),
            subscription_codes=list(codes),
        )
        return self._ask_later(
            "unsubscribe", "unsubscribe", "/on-unsubscribe", request, list(codes)
        )

    # What became of it

    def status(
        self, txn_type: TxnType, attribute: AttributeType, value: str | list[str]
    ) -> Steps[TxnStatusResult]:
        request = self._status_request(txn_type, attribute, value)
        asked = Asked(
            "/registry/sync/txn/status",
            self._exchange.header("txn-status", 1),
            written(request),
            request.transaction_id,
        )
        answered = yield from self._exchange.answer(asked, "txn-on-status")
        return read(answered.message, TxnStatusResponse).txnstatus_response

    def start_status(
        self, txn_type: TxnType, attribute: AttributeType, value: str | list[str]
    ) -> Steps[Ticket]:
        request = self._status_request(txn_type, attribute, value)
        reference_id = request.txnstatus_request.reference_id
        return self._ask_later(
            "txn-status", "txn/status", "/txn/on-status", request, [reference_id]
        )

    def _status_request(
        self, txn_type: TxnType, attribute: AttributeType, value: str | list[str]
    ) -> TxnStatusRequest:
        return TxnStatusRequest(
            transaction_id=new_id(),
            txnstatus_request=TxnStatusRequestItem(
                reference_id=new_id(),
                txn_type=txn_type,
                attribute_type=attribute,
                attribute_value=value,
            ),
        )

    def result(self, ticket: Ticket) -> Steps[TxnStatus]:
        if ticket.kind == "txn-status":
            raise NotSetUp("ticket.kind", "A question about a status has no status of its own.")
        txn_type: TxnType = "search" if ticket.kind == "search" else "subscribe"
        found = yield from self.status(txn_type, "transaction_id", ticket.transaction_id)
        told = found.txn_status
        told_of = (told.search_response, told.subscribe_response, told.unsubscribe_response)
        states = [each.status for items in told_of for each in items or []]
        if not states or "rcvd" in states or "pdng" in states:
            raise StillPending(
                "ticket.pending", "The registry has not answered yet; ask again in a moment."
            )
        remember_subscriptions(self._memory, told)
        return told

    def wait_for(self, ticket: Ticket, seconds: float, pause: float) -> Steps[TxnStatus]:
        until = self._clock() + seconds
        while True:
            try:
                return (yield from self.result(ticket))
            except StillPending:
                left = until - self._clock()
                if left <= 0:
                    raise
            yield Wait(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _ask_later(
        self,
        kind: TicketKind,
        path: str,
        callback: str,
        request: SearchRequest | SubscribeRequest | UnSubscribeRequest | TxnStatusRequest,
        references: list[str],
    ) -> Steps[Ticket]:
        further = {"sender_uri": f"{self._callbacks}{callback}"} if self._callbacks else {}
        header = self._exchange.header(kind, len(references), **further)
        ticket = Ticket(kind, request.transaction_id, header.message_id, references, self._clock())
        asked = Asked(f"/registry/{path}", header, written(request), request.transaction_id)
        # Kept before it is sent: the callback may be quicker than the acknowledgement.
        self._memory.remember(ticket)
        try:
            correlation_id = yield from self._exchange.acknowledged(asked)
        except Refused:
            self._memory.forget(request.transaction_id)
            raise
        ticket = msgspec.structs.replace(ticket, correlation_id=correlation_id)
        self._memory.remember(ticket)
        return ticket


def remember_subscriptions(memory: Memory, told: TxnStatus) -> None:
    """Keeps the codes of subscriptions that the registry gave."""
    for item in told.subscribe_response or []:
        for subscription in item.subscriptions or []:
            memory.subscribed(subscription.code)
