"""Whether an answer to a callback is as the standard wants it, and in which words it is not."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.sandbox.model import Ack, Came, Judged

_LONGEST_ID = 99
_SHOWN = 160


class NoAck(Exception):
    """An answer that holds no readable Ack, with what is wrong with it."""


def told(came: Came) -> str:
    """What came back, in one line."""
    if came.failure is not None:
        return f"{came.failure} ({came.seconds:.1f} s)"
    parts = [f"HTTP {came.status}", came.content_type or "no Content-Type"]
    try:
        ack = read_ack(came)
    except NoAck:
        parts.append(_beginning(came.body))
    else:
        parts.append(ack.status)
        if ack.code or ack.sentence:
            parts.append(f"{ack.code or 'no code'}: {(ack.sentence or '')[:_SHOWN]}")
    return ", ".join([*parts, f"{came.seconds * 1000:.0f} ms"])


def _beginning(body: bytes) -> str:
    if not body:
        return "an empty body"
    text = body[:_SHOWN].decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{len(body)} bytes: {shown}"


def read_ack(came: Came) -> Ack:
    """The Ack in an answer; NoAck says what keeps it from being one."""
    kind = came.content_type.split(";")[0].strip().lower()
    if kind != "application/json":
        raise NoAck(f"The answer is {kind or 'of no type'}; an Ack is application/json.")
    try:
        body = msgspec.json.decode(came.body)
        message = body["message"]
        status, correlation = message["ack_status"], message["correlation_id"]
        timestamp = message["timestamp"]
        error = message.get("error") or {}
        code, sentence = error.get("code"), error.get("message")
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoAck("The answer is not JSON.") from None
    except (KeyError, TypeError, AttributeError):
        raise NoAck(
            "The answer is no Ack: it needs message.ack_status, message.timestamp and "
            "message.correlation_id."
        ) from None
    if status not in ("ACK", "NACK", "ERR"):
        raise NoAck("message.ack_status is ACK, NACK or ERR.")
    if not isinstance(correlation, str) or not 0 < len(correlation) <= _LONGEST_ID:
        raise NoAck("message.correlation_id is a text of 1 to 99 characters.")
    if not _is_moment(timestamp):
        raise NoAck("message.timestamp is a date-time with its offset, such as Z.")
    return Ack(status, correlation, _text(code), _text(sentence))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def acknowledged(came: Came) -> Judged:
    """For a right message: 200 with a readable ACK."""
    wrong = _no_answer(came)
    if wrong is not None:
        return wrong
    if came.status != 200:
        return Judged("mend", f"A right message was answered with HTTP {came.status}, not 200.")
    try:
        ack = read_ack(came)
    except NoAck as none:
        return Judged("mend", str(none))
    if ack.status != "ACK":
        return Judged("mend", f"A right message was answered with {ack.status}.")
    return Judged("well", "Acknowledged.")


def refused(came: Came) -> Judged:
    """For a message that must not be accepted: an HTTP 4xx, or 200 with ERR or NACK."""
    wrong = _no_answer(came)
    if wrong is not None:
        return wrong
    assert came.status is not None
    if 400 <= came.status < 500:
        return Judged("well", "Refused.")
    try:
        ack = read_ack(came)
    except NoAck as none:
        return Judged("mend", f"It was neither refused nor acknowledged readably. {none}")
    if ack.status == "ACK":
        return Judged("mend", "It was accepted.")
    return Judged("well", "Refused.")


def answered(came: Came) -> Judged:
    """For a message that may be accepted or refused, so long as it is answered readably."""
    wrong = _no_answer(came)
    if wrong is not None:
        return wrong
    assert came.status is not None
    if 400 <= came.status < 500:
        return Judged("well", "Refused.")
    try:
        ack = read_ack(came)
    except NoAck as none:
        return Judged("mend", str(none))
    return Judged("well", f"Answered with {ack.status}.")


def cut_off(came: Came) -> Judged:
    """For a message that is too large: refused, or the connection closed while it was sent."""
    if came.status is None and came.failure is not None and "closed" in came.failure:
        return Judged("well", "The connection was closed while it was sent.")
    return refused(came)


def _no_answer(came: Came) -> Judged | None:
    """What is wrong with every answer of its kind, whatever was sent."""
    if came.failure is not None:
        return Judged("mend", f"No answer that could be used: {came.failure}.")
    assert came.status is not None
    if 300 <= came.status < 400:
        return Judged(
            "mend", f"HTTP {came.status} is a redirect; a registry follows none. Answer here."
        )
    if came.status >= 500:
        return Judged(
            "mend",
            f"HTTP {came.status}: an error of your own. A registry sends the message again for "
            "three days.",
        )
    return None
