"""Spans: whole traces, listed values only, no text of an error, and nothing where it is off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ibr.operation.production import unsafe
from ibr.operation.requests import CountedRequests, Draining
from ibr.operation.traces import OpenTelemetry, to_collector
from ibr.settings import Settings
from ibr.spans import span, trace_with

NUMBER = "1987-4432-0915"


class Kept:
    """A tracer that keeps what it makes."""

    def __init__(self, share: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self._tracer = OpenTelemetry(self._exporter, "api", share)
        trace_with(self._tracer)

    def ended(self) -> tuple[ReadableSpan, ...]:
        trace_with(None)
        self._tracer.end()
        return self._exporter.get_finished_spans()


@pytest.fixture(autouse=True)
def off_again() -> Iterator[None]:
    yield
    trace_with(None)


async def _one(_scope: Any, _receive: Any, send: Any) -> None:
    with span("database", right="enrolled"):
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def _asked(application: Any, path: str = "/registry/sync/enrolled") -> None:
    counted = CountedRequests(application, Draining())
    counted.know(["/registry/sync/enrolled"])

    async def send(_message: Any) -> None: ...

    await counted({"type": "http", "path": path, "headers": []}, _never, send)


async def _never() -> None:
    raise AssertionError


async def test_a_request_and_its_steps_are_one_trace() -> None:
    kept = Kept()
    await _asked(_one)
    step, request = kept.ended()
    assert (request.name, step.name) == ("request", "database")
    assert request.attributes == {
        "ibr.route": "/registry/sync/enrolled",
        "ibr.client": "partner",
        "ibr.status": 200,
    }
    assert step.attributes == {"ibr.right": "enrolled"}
    assert step.parent is not None
    assert step.parent.span_id == request.context.span_id
    assert request.parent is None


async def test_a_job_begun_in_a_request_is_a_trace_of_its_own() -> None:
    kept = Kept()

    async def begins(_scope: Any, _receive: Any, _send: Any) -> None:
        async def job() -> None:
            with span("job", job="indicators"):
                await asyncio.sleep(0)

        await asyncio.create_task(job())

    await _asked(begins)
    job, request = kept.ended()
    assert job.parent is None
    assert job.context.trace_id != request.context.trace_id


async def test_no_span_carries_what_is_not_listed_or_the_text_of_an_error() -> None:
    kept = Kept()

    async def fails(_scope: Any, _receive: Any, _send: Any) -> None:
        with span("database", identifier=NUMBER, right="enrolled") as mark:
            mark.set(name=NUMBER)
            raise ValueError(f"duplicate key: {NUMBER}")

    with pytest.raises(ValueError, match="duplicate"):
        await _asked(fails, f"/person/{NUMBER}")
    found = kept.ended()
    assert [each.status.description for each in found] == ["ValueError", "ValueError"]
    assert NUMBER not in "".join(each.to_json() for each in found)


async def test_control_the_library_itself_would_tell() -> None:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetry(exporter, "api", 1.0)

    def fail() -> None:
        with tracer._tracer.start_as_current_span("database", attributes={"number": NUMBER}):
            raise ValueError(NUMBER)

    with pytest.raises(ValueError, match=NUMBER):
        fail()
    tracer.end()
    assert NUMBER in "".join(each.to_json() for each in exporter.get_finished_spans())


async def test_a_share_is_kept_and_each_trace_whole() -> None:
    kept = Kept(share=0.25)
    for _ in range(400):
        await _asked(_one)
    found = kept.ended()
    requests = {each.context.trace_id for each in found if each.name == "request"}
    steps = {each.context.trace_id for each in found if each.name == "database"}
    assert requests == steps
    # Four hundred with one in four: outside these bounds less than once in a hundred million.
    assert 50 <= len(requests) <= 150


async def test_where_nothing_is_traced_nothing_is_made() -> None:
    with span("request") as first, span("database") as second:
        assert first is second


class Collector:
    """A collector on this machine that keeps what it is sent."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        taken = self.taken

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


async def test_a_collector_gets_them() -> None:
    collector = Collector()
    tracer = to_collector(collector.url, "api", 1.0)
    trace_with(tracer)
    try:
        await _asked(_one)
        await asyncio.to_thread(tracer.end)
    finally:
        collector.end()
    said = [ExportTraceServiceRequest.FromString(each) for each in collector.taken]
    resource = said[0].resource_spans[0]
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert (about["service.name"], about["ibr.part"]) == ("ibr", "api")
    assert {each.name for each in resource.scope_spans[0].spans} == {"request", "database"}


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        (None, False),
        ("http://127.0.0.1:4318/v1/traces", False),
        ("https://traces.example.org/v1/traces", False),
        ("http://traces.example.org/v1/traces", True),
    ],
)
def test_production_sends_them_over_no_open_network(url: str | None, refused: bool) -> None:
    found = unsafe(Settings(profile="production", traces_url=url), [])
    assert ("IBR_TRACES_URL" in {each.setting for each in found}) is refused
