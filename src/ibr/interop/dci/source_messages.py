"""Questions to other registries as the standard writes them, and their promise to the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ibr.access.model import Partner
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import Unavailable
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.services import Services
from ibr.sources.asked.model import Kind, Question, reference_id
from ibr.sources.model import Source

_PATHS: Final[dict[Kind, tuple[str, str]]] = {
    "search": ("/registry/search", "on-search"),
    "subscribe": ("/registry/subscribe", "on-subscribe"),
    "unsubscribe": ("/registry/unsubscribe", "on-unsubscribe"),
    "txn-status": ("/registry/txn/status", "txn/on-status"),
}
_SCHEMA: Final = "1.0.0"

Object = dict[str, Any]


def request_header(
    services: Services, partner: Partner, kind: Kind, items: int, at: datetime
) -> Object:
    """The header of a request: it has no status yet, and says where the answer goes."""
    if services.reached_at is None:
        raise Unavailable(
            "source.public_url",
            "Other registries cannot answer before IBR_PUBLIC_URL says where this one is reached.",
        )
    header = services.writer.header(
        kind, partner.sender_id, status="rcvd", total=items, completed=0, at=at
    )
    del header["status"], header["completed_count"]
    header["sender_uri"] = f"{services.reached_at}/callbacks/registry/{_PATHS[kind][1]}"
    return header


def item(asked: Question, number: int, criteria: Object) -> Object:
    """One item of a batch under a reference_id of its own."""
    return {
        "reference_id": reference_id(asked.transaction_id, number),
        "timestamp": written(asked.at),
        "locale": "eng",
        **criteria,
    }


def search_criteria(source: Source, value: str, at: datetime) -> Object:
    """One person by one identifier, the form that every registry of the standard reads.

    The standard has no member that says which attributes are wanted; `response_fields` is what an
    older version of it had, and whoever does not know it sends more, which is then dropped.
    """
    criteria: Object = {
        "version": _SCHEMA,
        "reg_type": source.reg_type,
        "reg_record_type": source.record_type,
        "query_type": "idtype-value",
        "query": {"type": source.identifier_type, "value": value},
        "authorize": _purpose(source, "Authorize", at),
        "response_fields": sorted(source.attributes),
    }
    if source.consent:
        criteria["consent"] = _purpose(source, "Consent", at)
    if source.kind == "social" and source.record_type in ("Group", "Member"):
        criteria["response_entity"] = source.record_type
    return criteria


def of_person(source: Source, value: str) -> Object:
    """The filter of a subscription about one person."""
    named = {"type": source.identifier_type, "value": value}
    return {"filter_type": "idtype-value", "filter": named}


def of_everybody(source: Source, at: datetime) -> Object:
    """The filter of a subscription to deaths from today on, about nobody by name."""
    query = {"death_date": {"$gte": at.date().isoformat()}}
    expression = {"collection": source.record_type, "query": query}
    return {
        "filter_type": "expression",
        "filter": {"type": "ns:org:QueryType:expression", "value": {"expression": expression}},
    }


def subscribe_criteria(source: Source, narrowed: Object, at: datetime, ends_at: datetime) -> Object:
    """What is subscribed to, for whom, how often and until when."""
    return {
        "version": _SCHEMA,
        "reg_type": source.reg_type,
        "reg_event_type": source.event_type,
        "notify_record_type": source.record_type,
        "frequency": {
            "start_time": written(at),
            "end_time": written(ends_at),
            "frequency": source.frequency,
        },
        "authorize": _purpose(source, "Authorize", at),
        "response_fields": sorted(source.attributes),
        **narrowed,
    }


def status_request(asked: Question, kind: Kind, transaction_id: str) -> Object:
    """Asks what became of an earlier question; the standard has no word for an unsubscribe."""
    return {
        "txnstatus_request": {
            "reference_id": reference_id(asked.transaction_id, 1),
            "txn_type": "search" if kind == "search" else "subscribe",
            "attribute_type": "transaction_id",
            "attribute_value": transaction_id,
            "locale": "eng",
        }
    }


def _purpose(source: Source, kind: str, at: datetime) -> Object:
    purpose = {"text": source.purpose_text, "code": source.purpose_code}
    if source.purpose_uri:
        purpose["ref_uri"] = source.purpose_uri
    return {"@type": kind, "ts": written(at), "purpose": purpose}


async def promise_question(
    services: Services,
    connection: Connection,
    source: Source,
    partner: Partner,
    asked: Question,
    header: Object,
    message: Object,
) -> None:
    """The message leaves, signed, once the caller's transaction has committed."""
    await promise(
        services,
        connection,
        [
            Outgoing(
                partner=partner,
                kind=asked.kind,
                address=source.address + _PATHS[asked.kind][0],
                header=header,
                message={"transaction_id": asked.transaction_id, **message},
                correlation_id=None,
                at=asked.at,
            )
        ],
    )
