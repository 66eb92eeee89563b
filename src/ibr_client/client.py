"""The client for systems that wait for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from ibr_client.callbacks import LARGEST_CALLBACK, Handlers
from ibr_client.credentials import Credentials
from ibr_client.drivers import BlockingDriver
from ibr_client.operations import MOST_BYTES, MOST_RECORDS
from ibr_client.receiver import CallbackReceiver
from ibr_client.results import Page, Report, Ticket
from ibr_client.sealing import Record
from ibr_client.search_pages import criteria_of, next_page
from ibr_client.set_up import Options, SetUp
from ibr_client.wanted import Wanted
from ibr_messages.types import Authorize, Consent, Frequency, Sort, TxnStatus, TxnStatusResult
from ibr_messages.types.words import AttributeType, EventType, ResponseEntity, TxnType


class RegistryClient:
    """Talks to one registry in the name of one partner. Several threads may share it.

    Every method raises a ClientError (failures.py) that says what went wrong and what to do.
    """

    def __init__(
        self,
        address: str,
        registry_id: str,
        credentials: Credentials,
        options: Options | None = None,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`registry_id` is the registry's own sender_id. An `http` client handed in keeps its
        own time-outs and certificates, and is not closed."""
        self._parts = SetUp(address, registry_id, credentials, options or Options())
        self._closes = http is None
        self._http = http or httpx.Client(timeout=self._parts.options.timeout)
        self._driver = BlockingDriver(self._parts.address, self._http, sleep)
        self._operations = self._parts.operations

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        if self._closes:
            self._http.close()

    def report(
        self,
        records: Iterable[Record],
        *,
        cycle: str | None = None,
        sequence: int | None = None,
        as_of: datetime | None = None,
        transaction_id: str | None = None,
        most_records: int = MOST_RECORDS,
        most_bytes: int = MOST_BYTES,
    ) -> Report:
        """Reports records of beneficiaries; one outcome for each, in their order.

        Many records are sent in several messages; with `sequence` they are numbered within the
        `cycle` (2026-10) from there on. `as_of` is when the records were true; now where nothing
        is said. One that was reported before changes nothing. Where a message fails, the error's
        `done` holds the outcomes of those before it.
        """
        return self._driver.run(
            self._operations.report(
                records,
                cycle=cycle,
                sequence=sequence,
                as_of=as_of,
                transaction_id=transaction_id,
                most_records=most_records,
                most_bytes=most_bytes,
            )
        )

    def is_enrolled(
        self,
        identifier_type: str,
        value: str,
        programme: str,
        *,
        entity: ResponseEntity = "Member",
    ) -> bool:
        """Whether whoever has this identifier is enrolled in the programme now.

        Somebody unknown is not enrolled. With entity Group the household of the person is meant.
        """
        return self._driver.run(
            self._operations.is_enrolled(identifier_type, value, programme, entity)
        )

    def are_enrolled(
        self,
        identifier_type: str,
        values: Iterable[str],
        programme: str,
        *,
        entity: ResponseEntity = "Member",
    ) -> dict[str, bool]:
        """The same for many, a thousand in one message."""
        return self._driver.run(
            self._operations.are_enrolled(identifier_type, values, programme, entity)
        )

    def search(
        self,
        wanted: Wanted,
        *,
        page_size: int = 100,
        first_page: int = 1,
        sort: Sequence[Sort] = (),
        record_type: str = "Beneficiary",
        consent: Consent | None = None,
        authorize: Authorize | None = None,
    ) -> Iterator[Page]:
        """The pages of records that fit, each fetched when it is wanted; at least one."""
        criteria = criteria_of(
            wanted,
            page_size=page_size,
            page_number=first_page,
            sort=sort,
            record_type=record_type,
            consent=consent,
            authorize=authorize,
        )
        while True:
            page = self._driver.run(self._operations.search_page(criteria))
            yield page
            if page.is_last:
                return
            criteria = next_page(criteria, page)

    def start_search(
        self,
        wanted: Wanted,
        *,
        page_size: int = 100,
        first_page: int = 1,
        sort: Sequence[Sort] = (),
        record_type: str = "Beneficiary",
        consent: Consent | None = None,
        authorize: Authorize | None = None,
    ) -> Ticket:
        """Asks for one page and does not wait: it comes by callback, or by `result`."""
        criteria = criteria_of(
            wanted,
            page_size=page_size,
            page_number=first_page,
            sort=sort,
            record_type=record_type,
            consent=consent,
            authorize=authorize,
        )
        return self._driver.run(self._operations.start_search(criteria))

    def subscribe(
        self,
        wanted: Wanted,
        event: EventType,
        *,
        frequency: Frequency | None = None,
        record_type: str = "Beneficiary",
    ) -> Ticket:
        """Asks to be told of this event for whoever fits; its code comes as `result` does."""
        return self._driver.run(self._operations.subscribe(wanted, event, frequency, record_type))

    def unsubscribe(self, *codes: str) -> Ticket:
        """Ends subscriptions."""
        return self._driver.run(self._operations.unsubscribe(codes))

    def status(
        self, txn_type: TxnType, attribute: AttributeType, value: str | list[str]
    ) -> TxnStatusResult:
        """What became of an earlier message of this partner: search, subscribe or receipt."""
        return self._driver.run(self._operations.status(txn_type, attribute, value))

    def start_status(
        self, txn_type: TxnType, attribute: AttributeType, value: str | list[str]
    ) -> Ticket:
        """The same without waiting; the answer comes by callback only."""
        return self._driver.run(self._operations.start_status(txn_type, attribute, value))

    def result(self, ticket: Ticket) -> TxnStatus:
        """The answer to a ticket; StillPending while there is none."""
        return self._driver.run(self._operations.result(ticket))

    def wait_for(self, ticket: Ticket, *, seconds: float = 60, pause: float = 0.5) -> TxnStatus:
        """The same, asked for again and again; StillPending when it takes longer than that."""
        return self._driver.run(self._operations.wait_for(ticket, seconds, pause))

    def receiver(
        self,
        handlers: Handlers,
        *,
        on_failure: Callable[[Exception], object] | None = None,
        largest: int = LARGEST_CALLBACK,
    ) -> CallbackReceiver:
        """Receives what the registry sends to this partner; `on_failure` hears of a handler that
        raised, which is written to the log otherwise. No more than `largest` bytes are read."""
        return CallbackReceiver(self._driver, self._parts.callbacks(handlers, on_failure, largest))
