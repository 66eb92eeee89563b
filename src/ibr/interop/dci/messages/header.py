"""The header of a message, read tolerantly where samples are loose (digest.md 2.1, 10.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood

LONGEST_ID: Final = 99
_VERSION = re.compile(r"1\.\d{1,4}\.\d{1,4}", re.ASCII)
_LOCALE = re.compile(r"[a-z]{3}", re.ASCII)
_FUTURE = timedelta(minutes=15)
# No system of this standard has sent anything earlier; a clock that says so is not set.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a header says; `sent_at` is its message_ts. Only answers and news carry a status."""

    version: str
    message_id: str
    sent_at: datetime
    action: str
    sender_id: str
    sender_uri: str | None
    receiver_id: str | None
    total_count: int
    meta: dict[str, Any]
    status: str | None = None
    reason_code: str | None = None
    encrypted: bool = False


def _bad(field: str, reason: str, code: str = "message.header") -> NotUnderstood:
    return NotUnderstood(code, reason, field=f"header.{field}")


def _text(header: dict[str, Any], name: str, *, longest: int, required: bool) -> str | None:
    value = header.get(name)
    if value in (None, ""):
        if required:
            raise _bad(name, f"header.{name} is missing; every message needs it.")
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise _bad(name, f"header.{name} must be a string of at most {longest} characters.")
    return value


def read_moment_with_zone(text: object, field: str, code: str = "message.header") -> datetime:
    """An envelope's date-time: RFC 3339 with its offset, as the standard's schema asks."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) and "T" in text else None
        moment = moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise NotUnderstood(
            code,
            f"{field} must be a date-time with its offset, for example 2026-01-15T09:30:00+00:00.",
            field=field,
        )
    return moment


def read_count(value: object) -> int | None:
    """A count as an integer, or as digits in a string as the samples send it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        return int(value) if len(value) < 12 else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _flag(value: object) -> bool:
    """Whether the message is said to be encrypted; loosely written too, as samples have it."""
    if isinstance(value, str):
        value = {"": False, "false": False, "true": True}.get(value.strip().lower(), value)
    if value is None or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise _bad("is_msg_encrypted", "header.is_msg_encrypted is true or false.")


def read_locale(value: object) -> str:
    """Three lower-case letters; `eng` where nothing is given (behaviour.md 20)."""
    if value in (None, ""):
        return "eng"
    if not isinstance(value, str) or not _LOCALE.fullmatch(value):
        raise NotUnderstood(
            "message.locale", "locale must be three lower-case letters, for example eng or fra."
        )
    return value


def read_transaction_id(value: object) -> str | None:
    """A transaction id of at most 99 characters; None where none is given."""
    if value in (None, ""):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        raise NotUnderstood(
            "message.transaction_id",
            f"transaction_id must be a string of at most {LONGEST_ID} characters.",
        )
    return value


def read_reference(given: dict[str, Any]) -> str:
    """The reference_id of an item; numbers are read as text."""
    value = given.get("reference_id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > LONGEST_ID:
        raise NotUnderstood(
            "message.schema",
            f"reference_id is missing, or longer than {LONGEST_ID} characters.",
        )
    return value


def check_version(header: dict[str, Any]) -> str:
    """The protocol version; every 1.x.y is read, absent means 1.0.0 (behaviour.md 4)."""
    version = header.get("version")
    if version in (None, ""):
        return "1.0.0"
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise NotUnderstood(
            "message.version", "header.version is not served here; send 1.0.0.", field="version"
        )
    return version


def read_header(header: dict[str, Any], now: datetime, *, told: bool = False) -> Header:
    """The header in order; NotUnderstood names the first member at fault.

    With `told` it is the header of an answer or of news: the standard has two forms for those,
    and only one of them must count its items (digest.md 2.2).
    The version is checked apart from this, because behaviour.md puts it after the schema.
    """
    message_id = _text(header, "message_id", longest=200, required=True)
    sender_id = _text(header, "sender_id", longest=200, required=True)
    sent_at = read_moment_with_zone(
        header.get("message_ts"), "header.message_ts", "message.message_ts"
    )
    if sent_at > now + _FUTURE:
        raise _bad(
            "message_ts",
            "header.message_ts lies in the future; check your clock.",
            "message.message_ts",
        )
    if sent_at < _EARLIEST:
        raise _bad(
            "message_ts",
            "header.message_ts lies before the year 2000; check your clock.",
            "message.message_ts",
        )
    count = read_count(header.get("total_count"))
    if count is None and told and header.get("total_count") in (None, ""):
        count = 0
    if count is None or count < 0:
        raise _bad(
            "total_count", "header.total_count must be the number of items.", "message.total_count"
        )
    meta = header.get("meta")
    assert message_id is not None
    assert sender_id is not None
    return Header(
        version=str(header.get("version") or "1.0.0"),
        message_id=message_id,
        sent_at=sent_at,
        action=str(header.get("action")),
        sender_id=sender_id,
        sender_uri=_text(header, "sender_uri", longest=2000, required=False),
        receiver_id=_text(header, "receiver_id", longest=200, required=False),
        total_count=count,
        meta=meta if isinstance(meta, dict) else {},
        encrypted=_flag(header.get("is_msg_encrypted")),
        status=_text(header, "status", longest=20, required=False) if told else None,
        reason_code=(
            _text(header, "status_reason_code", longest=60, required=False) if told else None
        ),
    )
