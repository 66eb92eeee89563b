"""Spans by OpenTelemetry, sent to a collector of the operator's by OTLP over HTTP.

Loaded where IBR_TRACES_URL is set, and nowhere else: the library takes memory and a part of a
second. Traces begin here: what a partner says in a `traceparent` is not continued, since anybody
could join the traces of others with it, or have all of theirs kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from ibr.spans import Mark, Name, Value, listed

_SECONDS: Final = 5
_KINDS: Final = {"request": SpanKind.SERVER, "callback": SpanKind.CLIENT}


class _Open:
    def __init__(self, span: Span) -> None:
        self._span = span

    def set(self, **values: Value) -> None:
        for key, value in listed(values).items():
            self._span.set_attribute(f"ibr.{key}", value)


class OpenTelemetry:
    """A tracer that keeps `share` of all traces, of 0 to 1, each of them whole."""

    def __init__(self, exporter: SpanExporter, part: str, share: float) -> None:
        resource = Resource.create(
            {"service.name": "ibr", "service.version": version("ibr"), "ibr.part": part}
        )
        self._provider = TracerProvider(
            resource=resource, sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ibr")

    @contextmanager
    def open(self, name: Name, values: dict[str, Value]) -> Iterator[Mark]:
        with self._tracer.start_as_current_span(
            name,
            # A request or a job is nobody's step, whatever was open where its task was made.
            context=Context() if name in ("request", "job") else None,
            kind=_KINDS.get(name, SpanKind.INTERNAL),
            attributes={f"ibr.{key}": value for key, value in values.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            try:
                yield _Open(opened)
            except BaseException as wrong:
                opened.set_status(Status(StatusCode.ERROR, type(wrong).__name__))
                raise

    def end(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()


def to_collector(url: str, part: str, share: float) -> OpenTelemetry:
    """A tracer that sends to `url`, the whole address that takes traces.

    Further headers, such as a token of the collector's, are taken from
    OTEL_EXPORTER_OTLP_TRACES_HEADERS, as the library reads them.
    """
    return OpenTelemetry(OTLPSpanExporter(endpoint=url, timeout=_SECONDS), part, share)
