"""What is said when a message_id comes a second time (behaviour.md 27)."""

from __future__ import annotations

from ibr.errors import Conflict


def used_before() -> Conflict:
    """For a message_id that was used before, with another content."""
    return Conflict(
        "message.duplicate",
        "This message_id was used before with another content; give each message its own id.",
    )


def sent_elsewhere(path: str) -> Conflict:
    """For a message that came on another address before: it is answered there, once."""
    return Conflict(
        "message.duplicate",
        f"This very message came on {path} before and is answered there. Ask sync/txn/status what "
        "became of it, or send it here as a message with an id of its own.",
    )
