"""Messages and requests that are wrong in another way, and unusual ones that are right."""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.ids import new_token
from ibr.sandbox.calling import JSON
from ibr.sandbox.cases import (
    ACK,
    HEADER,
    SIGNATURE,
    Case,
    Json,
    Make,
    Sent,
    changed,
    changed_header,
    right,
    signature_changed,
    wrong,
)
from ibr.sandbox.model import Severity
from ibr.sandbox.played_registry import PlayedRegistry, without_zone
from ibr_messages.strict_json import canonical

_LARGE: Final = 10 * 1024 * 1024
_REFUSE: Final = "Answer 400, or 200 with ack_status ERR."


def _twice(registry: PlayedRegistry, action: str) -> Sent:
    """The signed message last, another one before it: readers disagree about which counts."""
    body = right(registry, action).body
    other = canonical(registry.content(action)["message"])
    return Sent(body[:-1].replace(b'"message":', b'"message":' + other + b',"message":', 1) + b"}")


def _large(registry: PlayedRegistry, action: str) -> Sent:
    return changed(
        registry, action, lambda content: content["header"]["meta"].update(fill="x" * _LARGE)
    )


def _text_items(content: Json) -> None:
    for name, value in content["message"].items():
        if isinstance(value, (list, dict)):
            content["message"][name] = "text"


def _with_more(content: Json) -> None:
    """Members that no schema names, at every depth: legal everywhere."""
    content["header"]["x_further"] = {"of": "the header"}
    content["message"]["x_further"] = ["of", "the message"]
    for value in list(content["message"].values()):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                item["x_further"] = 1


def _spaced(body: bytes) -> bytes:
    document = msgspec.json.decode(body)
    turned = dict(reversed(list(document.items())))
    return msgspec.json.format(msgspec.json.encode(turned), indent=2)


def _headed(name: str, title: str, sent: str, mend: str, **header: object) -> Case:
    """A message whose header says something else; a function makes its value as it is sent."""

    def make(registry: PlayedRegistry, action: str) -> Sent:
        said = {key: value() if callable(value) else value for key, value in header.items()}
        return changed_header(registry, action, **said)

    return wrong(name, title, sent, mend, make, severity="should", standard=HEADER)


def _bytes(
    name: str, title: str, sent: str, body: bytes, *, standard: str = ACK, mend: str = _REFUSE
) -> Case:
    """A body that is no message at all."""
    return wrong(name, title, sent, mend, lambda _r, _a: Sent(body), standard=standard)


def _tolerated(
    name: str,
    title: str,
    sent: str,
    mend: str,
    make: Make,
    *,
    severity: Severity = "should",
    standard: str = SIGNATURE,
) -> Case:
    """A message that is unusual and right."""
    return wrong(name, title, sent, mend, make, expect="ack", severity=severity, standard=standard)


MESSAGES: Final = (
    _headed(
        "MSG-01",
        "Meant for somebody else",
        "header.receiver_id stranger.example",
        "Refuse a message whose receiver_id is not you: it was signed for somebody else.",
        receiver_id="stranger.example",
    ),
    wrong(
        "MSG-02",
        "Action of another path",
        'header.action "search"',
        "header.action must be the action of the path it is sent to.",
        lambda r, a: changed(r, a, lambda c: c["header"].update(action="search")),
        standard=HEADER,
    ),
    _headed(
        "MSG-03",
        "Timestamp without offset",
        "header.message_ts such as 2026-01-15T09:30:00",
        "message_ts is a date-time with its offset; refuse one without.",
        message_ts=without_zone,
    ),
    _headed(
        "MSG-04",
        "Timestamp that is none",
        'header.message_ts "yesterday"',
        "Refuse a message_ts that is no date-time; do not fail on it.",
        message_ts="yesterday",
    ),
    _headed(
        "MSG-05",
        "Unknown version",
        'header.version "9.0.0"',
        "Refuse versions other than 1.x.y with err.version.not_supported.",
        version="9.0.0",
    ),
    wrong(
        "MSG-06",
        "Id of 100 characters",
        "a transaction_id of 100 characters",
        "transaction_id has 99 characters at most.",
        lambda r, a: changed(r, a, lambda c: c["message"].update(transaction_id="t" * 100)),
        severity="should",
        standard="OpenAPI: transaction_id maxLength 99",
    ),
    wrong(
        "MSG-07",
        "No message",
        "header alone",
        "Refuse a body without message; do not fail on it.",
        lambda r, a: changed(r, a, lambda c: c.update(message=None)),
        standard="OpenAPI: message",
    ),
    wrong(
        "MSG-08",
        "Text instead of a list",
        "the items of the message are a text",
        "Check the shape of a message before you use it; do not fail on it.",
        lambda r, a: changed(r, a, _text_items),
        standard="OpenAPI: message schemas",
    ),
    wrong(
        "MSG-09",
        "Transaction that you never began",
        "a transaction_id and correlation_id made up just now",
        "Answer readably, with ACK or with ERR; never with an error of your own.",
        lambda r, a: right(
            msgspec.structs.replace(r, open={a: (new_token("unknown-"), new_token("unknown-"))}),
            a,
        ),
        expect="answered",
        standard=ACK,
        action="on-search",
    ),
)
HTTP: Final = (
    _bytes(
        "HTTP-01",
        "Malformed JSON",
        '{"header": {',
        b'{"header": {',
    ),
    _bytes(
        "HTTP-02",
        "Empty body",
        "nothing",
        b"",
    ),
    _bytes(
        "HTTP-03",
        "Not an object",
        "a JSON list",
        b"[1, 2, 3]",
    ),
    wrong(
        "HTTP-04",
        "Member given twice",
        "two members called message",
        "Refuse JSON that gives a member twice: what you verify may not be what you use.",
        _twice,
        severity="should",
        standard="RFC 8259, 4: names should be unique",
    ),
    _bytes(
        "HTTP-05",
        "Not UTF-8",
        "bytes that are no UTF-8",
        b'{"header": "\xff\xfe"}',
        standard="RFC 8259, 8.1",
    ),
    wrong(
        "HTTP-06",
        "Wrong content type",
        "the right message as text/plain",
        "Answer 415 for anything but application/json (and multipart/form-data).",
        lambda r, a: Sent(right(r, a).body, {**JSON, "content-type": "text/plain"}),
        severity="should",
        standard="OpenAPI: requestBody content",
    ),
    wrong(
        "HTTP-07",
        "Too large",
        "a message of 10 MB",
        "Bound what you read, and answer 413.",
        _large,
        expect="cut_off",
        severity="should",
        standard="HTTP 413",
    ),
    wrong(
        "HTTP-08",
        "GET instead of POST",
        "GET on the path",
        "Answer 405.",
        lambda _r, _a: Sent(b"", {"accept": "application/json"}, "GET"),
        severity="should",
        standard="OpenAPI: POST only",
    ),
    _bytes(
        "HTTP-09",
        "Nested too deeply",
        "50,000 lists inside each other",
        b"[" * 50_000 + b"]" * 50_000,
        standard="RFC 8259, 9",
        mend="Bound how deep JSON may be nested; do not fail on it.",
    ),
)


TOLERATED: Final = (
    _tolerated(
        "OK-02",
        "Unknown members",
        "further members in header, message and items",
        "Pass over members that you do not know; registries of later versions send some.",
        lambda r, a: changed(r, a, _with_more),
        severity="must",
        standard="OpenAPI: no additionalProperties: false",
    ),
    _tolerated(
        "OK-03",
        "Compatible version",
        'header.version "1.0.1"',
        "Read every 1.x.y.",
        lambda r, a: changed_header(r, a, version="1.0.1"),
        standard=HEADER,
    ),
    _tolerated(
        "OK-04",
        "Signature with its prefix and label",
        'the signature with "Signature: " before it',
        "Read the signature with or without the prefix `Signature:`, "
        "as the standard's own example has it.",
        lambda r, a: signature_changed(r, a, lambda text: f"Signature: {text}"),
    ),
    _tolerated(
        "OK-05",
        "JSON written otherwise",
        "the same message with white space and members in another order",
        "Make the canonical JSON yourself before you verify; a gateway may have written the "
        "message anew.",
        lambda r, a: Sent(_spaced(right(r, a).body)),
    ),
    _tolerated(
        "OK-06",
        "Content type with charset",
        "application/json; charset=utf-8",
        "Pass over parameters of the content type.",
        lambda r, a: Sent(
            right(r, a).body, {**JSON, "content-type": "application/json; charset=utf-8"}
        ),
        severity="must",
        standard="RFC 9110, 8.3.1",
    ),
)
