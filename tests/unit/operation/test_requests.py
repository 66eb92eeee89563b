"""Requests are counted by address and class of asker; nobody can make a line of their own."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ibr.access.limits import Doorkeeper
from ibr.operation.requests import OTHER, CountedRequests, Draining, client_of

ADDRESSES = [
    "/registry/sync/enrolled",
    "/oauth2/client/token",
    "/api/v1/cases",
    "/api/v1/indicators",
    "/cases/{number:int}",
    "/people",
    "/public/{language:str}",
    "/health/ready",
    "/",
]


async def _answers(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _fails(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("ZZ-CANARY")


def counted(inner: Any = _answers, draining: Draining | None = None) -> CountedRequests:
    made = CountedRequests(inner, draining or Draining())
    made.know(ADDRESSES)
    return made


def visit(application: CountedRequests, path: str, headers: Any = ()) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": list(headers)}
    asyncio.run(application(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/registry/sync/enrolled", "/registry/sync/enrolled"),
        ("/country/v1.0.0/registry/sync/enrolled", "/registry/sync/enrolled"),
        ("/cases/4711", "/cases"),
        ("/people", "/people"),
        ("/people/ZZ-CANARY", "/people"),
        ("/", "/"),
        ("/public/fr", "/public"),
        ("/api/v1/indicators/C01/figures", "/api/v1/indicators"),
        ("/health/ready", "/health"),
        ("/registry/sync/9451937701", OTHER),
        ("/api/v1/9451937701", OTHER),
        ("/9451937701", OTHER),
        ("//people", "/people"),
        ("/wp-admin/x/registry/9451937701", OTHER),
    ],
)
def test_a_path_is_counted_in_a_known_line(path: str, route: str) -> None:
    assert counted().route_of(path) == route


@pytest.mark.parametrize(
    ("path", "headers", "client"),
    [
        ("/registry/search", [], "partner"),
        ("/country/v1.0.0/registry/search", [], "partner"),
        ("/oauth2/client/token", [], "partner"),
        ("/api/v1/cases", [(b"authorization", b"Bearer x")], "partner"),
        ("/api/v1/indicators", [(b"cookie", b"session=x")], "officer"),
        ("/cases", [], "officer"),
        ("/public/en", [], "public"),
        ("/metrics", [], "operator"),
    ],
)
def test_who_asks_is_a_class_and_nobody(path: str, headers: Any, client: str) -> None:
    assert client_of({"path": path, "headers": headers}) == client


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_answer_is_counted_and_timed() -> None:
    labels = {"client": "officer", "route": "/people"}
    before = value("ibr_requests_total", **labels, status="2xx")
    timed = value("ibr_request_seconds_count", **labels)
    visit(counted(), "/people")
    assert value("ibr_requests_total", **labels, status="2xx") == before + 1
    assert value("ibr_request_seconds_count", **labels) == timed + 1


def test_a_failure_is_counted_as_one_and_goes_on() -> None:
    labels = {"client": "officer", "route": "/people", "status": "5xx"}
    before = value("ibr_requests_total", **labels)
    with pytest.raises(RuntimeError):
        visit(counted(_fails), "/people")
    assert value("ibr_requests_total", **labels) == before + 1


def lines() -> int:
    families = text_string_to_metric_families(generate_latest().decode())
    return sum(len(family.samples) for family in families)


def test_however_many_paths_there_are_the_lines_stay_few() -> None:
    application = counted()
    visit(application, "/somewhere")
    before = lines()
    for _ in range(500):
        visit(application, f"/{uuid.uuid4().hex}")
    assert lines() == before
    assert before < 2000


def test_no_label_holds_a_number_of_anybody() -> None:
    visit(counted(), "/people/9451937701")
    told = re.sub(r"# .*", "", generate_latest().decode())
    labels = re.findall(r'="([^"]*)"', told)
    assert [each for each in labels if re.search(r"\d{5}|CANARY", each)] == []


def test_control_a_path_as_a_label_would_be_seen() -> None:
    application = counted()
    application.routes = frozenset({"/9451937701"})
    assert application.route_of("/9451937701/x") == "/9451937701"


def test_while_ending_every_answer_closes_its_connection() -> None:
    draining = Draining()
    application = counted(draining=draining)
    assert (b"connection", b"close") not in visit(application, "/people")[0]["headers"]
    draining.begun = True
    start = visit(application, "/people")[0]
    assert start["headers"][0] == (b"x", b"y")
    assert start["headers"][-1] == (b"connection", b"close")


async def _unproven(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 401, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(application: CountedRequests, path: str, address: str = "192.0.2.1") -> tuple[int, Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [], "client": (address, 1)}
    asyncio.run(application(scope, _never, send))
    return sent[0]["status"], sent


async def _never() -> Any:
    raise AssertionError


@pytest.mark.parametrize("path", ["/registry/sync/enrolled", "/api/v1/indicators"])
def test_an_address_that_asks_too_much_is_told_when_to_come_back(path: str) -> None:
    limited = value("ibr_requests_limited_total", client="partner")
    made = CountedRequests(_answers, Draining(), Doorkeeper(3, 100))
    assert [ask(made, path)[0] for _ in range(4)] == [200, 200, 200, 429]
    status, sent = ask(made, path)
    headers = dict(sent[0]["headers"])
    assert status == 429
    assert int(headers[b"retry-after"]) >= 1
    said = msgspec.json.decode(sent[1]["body"])
    assert said["message"]["error"] == said["errors"][0]
    assert "192.0.2.1" not in str(said)
    assert ask(made, path, "198.51.100.7")[0] == 200
    assert value("ibr_requests_limited_total", client="partner") == limited + 2


def test_who_tries_tokens_is_stopped_at_the_smaller_limit() -> None:
    made = CountedRequests(_unproven, Draining(), Doorkeeper(1_000, 3))
    assert [ask(made, "/registry/search")[0] for _ in range(5)] == [401, 401, 401, 429, 429]


def test_control_proven_requests_do_not_count_as_tries() -> None:
    made = CountedRequests(_answers, Draining(), Doorkeeper(1_000, 3))
    assert {ask(made, "/registry/search")[0] for _ in range(50)} == {200}


def test_pages_and_those_who_watch_the_machine_are_not_counted_with_programmes() -> None:
    made = CountedRequests(_answers, Draining(), Doorkeeper(1, 1))
    for path in ("/people", "/health/ready", "/metrics", "/public/en"):
        assert [ask(made, path)[0] for _ in range(3)] == [200, 200, 200]


def test_no_answer_lacks_the_headers_that_hold_browsers_back() -> None:
    production = CountedRequests(_answers, Draining(), encrypted=True)
    headers = dict(ask(production, "/registry/search")[1][0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"
    trying = dict(ask(counted(), "/registry/search")[1][0]["headers"])
    assert b"strict-transport-security" not in trying


async def _a_page(scope: Any, receive: Any, send: Any) -> None:
    own = [(b"content-security-policy", b"own"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": b""})


def test_what_a_page_says_of_itself_is_not_said_over() -> None:
    names = [name for name, _ in ask(counted(_a_page), "/people")[1][0]["headers"]]
    assert sorted(names) == sorted(set(names))
    headers = dict(ask(counted(_a_page), "/people")[1][0]["headers"])
    assert headers[b"content-security-policy"] == b"own"
