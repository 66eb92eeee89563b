"""What a receiver said to a message of ours: delivered, to be tried again, or refused.

A message counts as delivered when the receiver's own system has said so. A page of some proxy in
front of it has not, whatever its status: taking that for delivery would lose the message, while
sending it again does no harm, because its message_id and content are the same.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from ibr.calls.model import Reply
from ibr.outbox.model import Try

_SUCCESS: Final = range(200, 300)
# Statuses below 500 that ask for another try (reliability B3).
_LATER: Final = frozenset({408, 425, 429})
# The same, said in an Ack instead of a status (digest.md 2.5).
_LATER_CODES: Final = frozenset(
    {"err.service.unavailable", "err.request.too_many_requests", "err.request.timeout"}
)
_CODE = re.compile(r"err(\.[a-z_]{1,40}){1,4}")


def ack_of(reply: Reply, at: datetime) -> Try:
    """What became of a message with this answer."""
    if reply.status not in _SUCCESS:
        again = reply.status >= 500 or reply.status in _LATER
        return Try(outcome=f"http_{reply.status}", again=again, after=_wish(reply, at))
    if not reply.body.strip():
        return Try(outcome="no_ack", delivered=True)
    try:
        said = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Try(outcome="not_json", again=True)
    message = _members(_members(said).get("message")) or _members(said)
    status = message.get("ack_status")
    if status == "ACK":
        return Try(outcome="ack", delivered=True)
    if status == "NACK":
        return Try(outcome="nack", delivered=True)
    if status == "ERR":
        code = _code(_members(message.get("error")).get("code"))
        return Try(outcome=code, again=code in _LATER_CODES, after=_wish(reply, at))
    return Try(outcome="no_ack", delivered=True)


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _code(code: object) -> str:
    """The receiver's code as the standard writes codes; its own words are not kept."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "err"


def _wish(reply: Reply, at: datetime) -> timedelta:
    """How long the receiver asks to be left alone: Retry-After in seconds, or a date."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 1_000_000))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    return max(timedelta(0), moment.replace(tzinfo=moment.tzinfo or UTC) - at)
