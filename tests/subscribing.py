"""Subscriptions in tests: asked for, matched and told when a test says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibr.clock import now, written
from ibr.ids import new_token
from ibr.interop.dci.notify import write_notifications
from ibr.subscriptions.feed.match import Matched, Matcher
from tests.door import Door, Json, Reply, System
from tests.later import Callback, Worker

SUBSCRIBE = "/registry/subscribe"
UNSUBSCRIBE = "/registry/unsubscribe"
STATUS_CHANGE = "enrollement_status_change"
ENROLLMENT = "enrollement"
END = "Deregister"
FAR = "2199-12-31T00:00:00+00:00"


def by_uin(uin: str) -> Json:
    return {"filter_type": "idtype-value", "filter": {"type": "UIN", "value": uin}}


def by_query(query: Json) -> Json:
    return {
        "filter_type": "expression",
        "filter": {"type": "x", "value": {"expression": {"query": query}}},
    }


def of_programme(code: str) -> Json:
    return by_query({"programme_identifier.programme_identifier": {"eq": code}})


def scheduled(cron: str, start: str = "2020-01-01T00:00:00+00:00", end: str = FAR) -> Json:
    return {"frequency": {"start_time": start, "end_time": end, "frequency": cron}}


def item_of(event: str, *parts: Json, reference_id: str = "ref-0", **changes: Any) -> Json:
    """One item of a subscription; what is given as None is left out."""
    criteria: Json = {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:IBR",
        "reg_event_type": event,
        "notify_record_type": "Beneficiary",
    }
    for part in (*parts, changes):
        criteria |= part
    return {
        "reference_id": reference_id,
        "timestamp": written(now()),
        "subscribe_criteria": {
            name: value for name, value in criteria.items() if value is not None
        },
        "locale": "eng",
    }


def subscribing(system: System, *items: Json, **changes: Any) -> bytes:
    message = {"transaction_id": new_token("txn-"), "subscribe_request": list(items)}
    return system.sealed(system.header("subscribe", len(items)) | changes, message)


def unsubscribing(system: System, *codes: Any, **members: Any) -> bytes:
    message = {
        "transaction_id": new_token("txn-"),
        "timestamp": written(now()),
        "subscription_codes": list(codes),
        **members,
    }
    return system.sealed(system.header("unsubscribe", len(codes)), message)


class Teller:
    """The worker's part: requests answered, the feed matched, news written out."""

    def __init__(self, door: Door, worker: Worker, *, block: int = 5_000) -> None:
        self.door = door
        self.worker = worker
        services = worker.services
        self.matcher = Matcher(
            services.database, services.book, services.sealer, services.blind_index, block=block
        )

    def subscribed(self, system: System, *items: Json, **changes: Any) -> Callback:
        """The on-subscribe to these items."""
        acknowledged(system.post(SUBSCRIBE, subscribing(system, *items, **changes)))
        return self.worker.answered(system)

    def code(self, system: System, *items: Json) -> str:
        """The code of a new subscription."""
        told = self.subscribed(system, *items)
        assert told.outcomes == ["succ"], told.message
        code: str = told.items[0]["subscriptions"][0]["code"]
        return code

    def unsubscribed(self, system: System, *codes: str) -> Json:
        """The on-unsubscribe to these codes."""
        acknowledged(system.post(UNSUBSCRIBE, unsubscribing(system, *codes)))
        return self.worker.answered(system).message

    def match(self) -> Matched:
        self.door.run(self.worker.services.book.refresh(0))
        return self.door.run(self.matcher.run())

    def write(self) -> int:
        self.door.run(self.worker.services.book.refresh(0))
        return self.door.run(write_notifications(self.worker.services))

    def tell(self) -> int:
        """Everything that was not told yet; how many messages."""
        self.match()
        return self.write()

    def news(self, system: System) -> list[Callback]:
        """Every notify that was promised to a partner, in order."""
        return [each for each in self.worker.callbacks(system) if each.kind == "notify"]

    def told(self, system: System) -> list[tuple[str, str, str]]:
        """Who was told, of what, in which status."""
        return [about(each) for each in self.news(system)]


def acknowledged(reply: Reply) -> None:
    assert reply.message["ack_status"] == "ACK", reply.body


def about(news: Callback) -> tuple[str, str, str]:
    """The identifier, the event and the status that a notify tells."""
    [event] = news.message["notify_event"]
    record = event["data"]["reg_records"]
    who = record.get("member", record.get("group"))
    identifiers: Sequence[Json] = who.get("member_identifier") or who["group_identifier"]
    return (
        identifiers[0]["identifier_value"],
        event["data"]["reg_event_type"],
        record["enrollment_status"],
    )
