"""What a client and its callback receiver remember between messages: what was asked, what came.

In memory here, which is enough for a process that asks and waits. One that receives callbacks
for days keeps it in a file (store.py), so that a restart neither forgets what was asked nor takes
the same message twice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, Literal, Protocol

from ibr_client.results import Ticket

# The registry tries for three days to deliver a message; what is older is forgotten.
REMEMBERED_SECONDS: Final = 7 * 24 * 3600.0
# After this long, a message that was begun and never finished may be begun again: whoever had
# begun it is gone.
LONGEST_HANDLING: Final = 600.0
_MOST: Final = 100_000

Claim = Literal["new", "under way", "done", "other content"]


class Memory(Protocol):
    """What must be remembered; safe to use from several threads."""

    def remember(self, ticket: Ticket) -> None:
        """Keeps what was asked, or keeps it anew under the same transaction."""

    def forget(self, transaction_id: str) -> None:
        """It was not accepted, so no answer will come."""

    def ticket(self, transaction_id: str) -> Ticket | None:
        """What was asked under this transaction."""

    def claim(self, message_id: str, content: bytes, now: float) -> Claim:
        """Begins a received message, unless it was begun before; `content` is its digest."""

    def finish(self, message_id: str) -> None:
        """It is dealt with; the same message again is not dealt with twice."""

    def release(self, message_id: str) -> None:
        """It could not be dealt with; the same message again is new."""

    def subscribed(self, code: str) -> None:
        """The registry gave us this subscription."""

    def is_subscribed(self, code: str) -> bool:
        """Whether the registry ever gave us this subscription."""


class InMemory:
    """Remembers until the process ends, the newest hundred thousand of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()
        self._seen: OrderedDict[str, tuple[bytes, float, bool]] = OrderedDict()
        self._codes: OrderedDict[str, None] = OrderedDict()

    def remember(self, ticket: Ticket) -> None:
        with self._lock:
            self._tickets[ticket.transaction_id] = ticket
            while len(self._tickets) > _MOST:
                self._tickets.popitem(last=False)

    def forget(self, transaction_id: str) -> None:
        with self._lock:
            self._tickets.pop(transaction_id, None)

    def ticket(self, transaction_id: str) -> Ticket | None:
        with self._lock:
            return self._tickets.get(transaction_id)

    def claim(self, message_id: str, content: bytes, now: float) -> Claim:
        with self._lock:
            before = self._seen.get(message_id)
            if before is not None:
                earlier, begun, done = before
                if earlier != content:
                    return "other content"
                if done:
                    return "done"
                if now - begun < LONGEST_HANDLING:
                    return "under way"
            self._seen[message_id] = (content, now, False)
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            return "new"

    def finish(self, message_id: str) -> None:
        with self._lock:
            before = self._seen.get(message_id)
            if before is not None:
                self._seen[message_id] = (before[0], before[1], True)

    def release(self, message_id: str) -> None:
        with self._lock:
            self._seen.pop(message_id, None)

    def subscribed(self, code: str) -> None:
        with self._lock:
            self._codes[code] = None
            while len(self._codes) > _MOST:
                self._codes.popitem(last=False)

    def is_subscribed(self, code: str) -> bool:
        with self._lock:
            return code in self._codes
