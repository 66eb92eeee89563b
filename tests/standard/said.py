"""One of everything that the registry writes, as it leaves: answers, callbacks, news, refusals."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.door import (
    ENROLLED,
    SEARCH,
    SEARCH_LATER,
    STATUS,
    STATUS_LATER,
    UPDATES,
    Door,
    Json,
    Reply,
    System,
)
from tests.encrypting import Encrypting
from tests.later import CALLBACKS, Worker, searching, status_of
from tests.people import a_household, a_member, a_number, deceased_on, enrolled, given, in_programme
from tests.subscribing import (
    ENROLLMENT,
    STATUS_CHANGE,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Teller,
    by_uin,
    of_programme,
    scheduled,
    subscribing,
    unsubscribing,
)
from tests.subscribing import item_of as wish

# Where the standard has each callback.
PLACES = {
    "on-search": "/registry/on-search",
    "on-subscribe": "/registry/on-subscribe",
    "on-unsubscribe": "/registry/on-unsubscribe",
    "txn-on-status": "/registry/txn/on-status",
    "notify": "/registry/notify",
}
MESSAGES = {
    ENROLLED: "EnrolledResponse",
    UPDATES: "EnrollmentUpdatesResponse",
    SEARCH: "SearchResponse",
    STATUS: "TxnStatusResponse",
    "on-search": "SearchResponse",
    "on-subscribe": "SubscribeResponse",
    "on-unsubscribe": "UnSubscribeResponse",
    "txn-on-status": "TxnStatusResponse",
    "notify": "NotifyEventRequest",
}


class Said(msgspec.Struct):
    """One message that the registry wrote: `place` is its path, or its action as a callback."""

    name: str
    place: str
    body: Json

    @property
    def schema(self) -> str:
        """Its message's name in the standard."""
        return MESSAGES[self.place]


def a_search(system: System, query_type: str, query: Any, **criteria: Any) -> bytes:
    item = {
        "reference_id": "r-1",
        "timestamp": "2026-01-15T09:30:00+00:00",
        "search_criteria": {"query_type": query_type, "query": query, **criteria},
        "locale": "eng",
    }
    message = {"transaction_id": f"t-{a_number()}", "search_request": [item]}
    return system.sealed(system.header("search", 1), message)


class Conversation:
    """A partner that asks for everything once, and what it is told."""

    def __init__(self, door: Door, worker: Worker) -> None:
        self.door = door
        self.worker = worker
        self.teller = Teller(door, worker)
        self.system = door.partner(callback_urls=[CALLBACKS])
        self.somebody = a_number()
        self.answers: list[Said] = []
        self.acknowledgements: list[tuple[str, Reply]] = []
        self.errors: list[tuple[str, Reply]] = []
        self._report()
        self._ask()
        self._ask_later()
        self._err()

    def _post(self, name: str, path: str, body: bytes) -> Reply:
        reply = self.system.post(path, body)
        assert reply.status == 200, reply.body
        self.answers.append(Said(name, path, reply.body))
        return reply

    def _report(self) -> None:
        household = a_household(a_number(), a_member(a_number()), head=a_member(a_number()))
        records = [
            {**enrolled(self.somebody, "DCI001"), **given("USD 50.00")},
            {**household, **in_programme("DCI002")},
            enrolled(a_number(), "NOT_THERE"),
        ]
        self.reported = self.system.updates(records)
        reply = self._post("outcomes", UPDATES, self.reported)
        assert reply.outcomes == ["succ", "succ", "rjct"]
        self._post("the same again", UPDATES, self.reported)
        self._post("a refused delivery", UPDATES, b"{}")

    def _ask(self) -> None:
        system, somebody = self.system, self.somebody
        self._post("yes", ENROLLED, system.question(somebody, "DCI001"))
        self._post("no", ENROLLED, system.question(a_number(), "DCI001"))
        self._post("several", ENROLLED, system.question({"in": [somebody, "1"]}, "DCI001"))
        self._post("a refused question", ENROLLED, b"{}")
        found = a_search(system, "idtype-value", {"type": "UIN", "value": somebody})
        asked = msgspec.json.decode(found)["message"]["transaction_id"]
        self._post("found", SEARCH, found)
        by_programme = {"programme_identifier": {"eq": "DCI002"}}
        expression = {"type": "x", "value": {"expression": {"query": by_programme}}}
        self._post("a household", SEARCH, a_search(system, "expression", expression))
        self._post(
            "nobody", SEARCH, a_search(system, "idtype-value", {"type": "UIN", "value": "1"})
        )
        self._post("a refused item", SEARCH, a_search(system, "expression", {}))
        self._post("a refused search", SEARCH, b"{}")
        reported = msgspec.json.decode(self.reported)["message"]["transaction_id"]
        self._post("of a search", STATUS, status_of(system, asked))
        self._post("of a report", STATUS, status_of(system, reported, of="receipt"))
        self._post("of something unknown", STATUS, status_of(system, "never"))
        self._post("of an unknown report", STATUS, status_of(system, "never", of="receipt"))
        self._post("of an unknown wish", STATUS, status_of(system, "never", of="subscribe"))
        self._post("a refused status", STATUS, b"{}")

    def _later(self, name: str, path: str, body: bytes) -> Json:
        """Acknowledges and answers one request; the callback's message."""
        reply = self.system.post(path, body)
        assert reply.message["ack_status"] == "ACK", reply.body
        self.acknowledgements.append((name, reply))
        told = self.worker.answered(self.system)
        writer = self.worker.services.writer
        body = writer.sealed(told.header, told.message)
        self.answers.append(Said(name, told.kind, msgspec.json.decode(body)))
        return told.message

    def _ask_later(self) -> None:
        system, somebody = self.system, self.somebody
        self._later("found", SEARCH_LATER, searching(system, somebody, "1"))
        unusable = searching(system, "1", query={"type": "UIN"})
        self._later("a refused item", SEARCH_LATER, unusable)
        wishes = [
            wish(STATUS_CHANGE, by_uin(somebody), reference_id="a"),
            wish(ENROLLMENT, of_programme("DCI003"), reference_id="b"),
            wish(STATUS_CHANGE, by_uin("2"), scheduled("0 0 6 * * ? *"), reference_id="c"),
            wish("LiveBirth", by_uin(somebody), reference_id="d"),
            wish(STATUS_CHANGE, by_uin(somebody), reference_id="e", filter_type="graphql"),
        ]
        told = self._later("wishes", SUBSCRIBE, subscribing(system, *wishes))
        codes = [each["subscriptions"][0]["code"] for each in told["subscribe_response"][:3]]
        again = subscribing(system, wish(STATUS_CHANGE, by_uin(somebody)))
        self._later("subscribed already", SUBSCRIBE, again)
        self._news()
        self._later(
            "of wishes", STATUS_LATER, status_of(system, told["transaction_id"], of="subscribe")
        )
        ended = self._later("the end", UNSUBSCRIBE, unsubscribing(system, *codes))
        self._later("ended before", UNSUBSCRIBE, unsubscribing(system, codes[0]))
        self._later("an unknown code", UNSUBSCRIBE, unsubscribing(system, "never"))
        of_end = status_of(system, ended["transaction_id"], of="subscribe")
        self._later("of the end", STATUS_LATER, of_end)
        self._later("of something unknown", STATUS_LATER, status_of(system, "never"))
        self.acknowledgements.append(("refused", system.post(SEARCH_LATER, b"{}")))

    def _news(self) -> None:
        """A change of status, and an enrolment of a household."""
        self.system.report({**enrolled(self.somebody, "DCI001"), **deceased_on("2026-02-01")})
        household = a_household(a_number(), a_member(a_number()))
        self.system.report({**household, **in_programme("DCI003")})
        assert self.teller.tell() >= 2
        for each in self.teller.news(self.system):
            body = self.worker.services.writer.sealed(each.header, each.message)
            self.answers.append(Said("news", each.kind, msgspec.json.decode(body)))

    def _err(self) -> None:
        system = self.system
        narrow = self.door.partner(scopes=["registry.enrolled"], ask=["DCI001"])
        for path in (ENROLLED, UPDATES, SEARCH, STATUS, SEARCH_LATER, SUBSCRIBE, STATUS_LATER):
            self.errors += [
                (path, system.post(path, b"{}", authorization=None)),
                (path, system.post(path, b"{}", content_type="text/plain")),
                (path, self.door.request("GET", path)),
            ]
            if path != ENROLLED:
                self.errors.append((path, narrow.post(path, b"{}")))
        self.errors.append((ENROLLED, narrow.post(ENROLLED, narrow.question("1", "DCI002"))))


def encrypted(door: Door) -> list[Said]:
    """The answers of the synchronous paths to a partner that encrypts."""
    partner = Encrypting(door)
    system, somebody = partner.system, a_number()
    bodies = {
        UPDATES: system.updates([enrolled(somebody, "DCI001")]),
        ENROLLED: system.question(somebody, "DCI001"),
        SEARCH: searching(system, somebody),
        STATUS: status_of(system, "never"),
    }
    return [
        Said("encrypted", path, system.post(path, partner.encrypted(body)).body)
        for path, body in bodies.items()
    ]
