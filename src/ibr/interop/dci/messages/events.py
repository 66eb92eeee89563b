"""The standard's words for what subscribers can hear of (digest.md 4.3), read and written."""

from __future__ import annotations

import re
from typing import Final

from ibr.subscriptions.model import Event

# The first two are misspelled in the standard's own list and are written so (behaviour.md 23).
EVENT_WORDS: Final[dict[Event, str]] = {
    "enrolled": "enrollement",
    "status_changed": "enrollement_status_change",
    "ended": "Deregister",
}
_ENROLMENT: Final = re.compile(r"enroll?e?ment")
_READ: Final[dict[str, Event]] = {
    "enrolment": "enrolled",
    "1": "enrolled",
    "enrolmentstatuschange": "status_changed",
    "2": "status_changed",
    "deregister": "ended",
    "3": "ended",
}


def read_event(given: object) -> Event | None:
    """The event that a word stands for, with a prefix or without, in any spelling of enrolment."""
    if not isinstance(given, str):
        return None
    plain = given.strip().rsplit(":", 1)[-1].lower().replace("_", "").replace("-", "")
    return _READ.get(_ENROLMENT.sub("enrolment", plain))
