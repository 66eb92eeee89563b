"""How a try ended, in words: every code that is ever kept, beside HTTP statuses and err codes."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "ack": "Confirmed by the receiver",
    "nack": "Confirmed; the receiver will do nothing about it",
    "no_ack": "Answered with success, but without an Ack",
    "not_json": "Answered with success, but not by a system that speaks the standard",
    "dns": "The name of the host leads nowhere",
    "address": "The name of the host leads to a network that the registry does not contact",
    "connect": "No connection could be made",
    "tls": "The encrypted connection could not be trusted; see the receiver's certificate",
    "timeout": "No whole answer within 10 seconds",
    "closed": "The connection was broken off",
    "too_large": "The answer was larger than 64 kB",
    "protocol": "The answer was not proper HTTP",
    "address_not_registered": "The address is not registered for the partner any more",
    "partner_unknown": "There is no such partner any more",
    "unreadable": "The message could not be opened; the keyring is not whole",
    "no_encryption_key": "It must be encrypted, and the partner has no key to encrypt it to",
    "no_signature": "It could not be signed: the registry had no key to sign with",
    "withdrawn": "The partner lost the right to what it shows",
    "worker_died": "The process that sent it was killed each time",
    "error": "The registry failed; its log says where",
}
_STATUS: Final = "http_"
_CODE: Final = "err"
_TOKEN: Final = "token_"  # noqa: S105  # the beginning of a code, no secret


def status_in(outcome: str) -> int | None:
    """The HTTP status that an outcome is, None for any other."""
    text = outcome.removeprefix(_STATUS)
    return int(text) if outcome.startswith(_STATUS) and text.isdigit() else None


def is_refusal(outcome: str) -> bool:
    """Whether the receiver refused with a code of the standard, which is the outcome then."""
    return outcome == _CODE or outcome.startswith(f"{_CODE}.")


def is_token(outcome: str) -> bool:
    """Whether another registry's token address gave no token."""
    return outcome.startswith(_TOKEN)


def in_words(outcome: str | None) -> str:
    """An outcome as a sentence in English, without its full stop."""
    if outcome is None:
        return "Not tried yet"
    status = status_in(outcome)
    if status is not None and 300 <= status < 400:
        return f"Answered with HTTP {status}; redirects are not followed"
    if status is not None:
        return f"Answered with HTTP {status}"
    if is_refusal(outcome):
        return f"Refused with {outcome}"
    if is_token(outcome):
        return "The other registry gave no token"
    return WORDS.get(outcome, outcome)
