"""How the client's work is written once for blocking and for awaiting callers.

An operation is a generator of steps: send this, wait so long, hold this lock. Whoever runs it
(drivers.py) carries each step out and hands the result back in. Nothing in here does input or
output, reads the time or throws dice: those come in from outside.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from ibr_client.failures import AnswerNotUnderstood, NotReached

T = TypeVar("T")
Clock: TypeAlias = Callable[[], float]
Chance: TypeAlias = Callable[[], float]

# What a gateway or the registry says when it could not answer now; the message may be sent again.
_LATER: Final = frozenset({429, 500, 502, 503, 504})


class Request(msgspec.Struct, frozen=True):
    """An HTTP request below the registry's address.

    What is `well_known` lies at the root of the host, whatever path the address has (RFC 8615).
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    well_known: bool = False


class Response(msgspec.Struct, frozen=True):
    """An HTTP answer; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(msgspec.Struct, frozen=True):
    """Send it; the result is a Response. Unreached or TooLarge is thrown in where there is none."""

    request: Request
    largest: int


class Wait(msgspec.Struct, frozen=True):
    """Wait so many seconds."""

    seconds: float


class Hold(msgspec.Struct, frozen=True):
    """Be the only one at this; let go by LetGo, or when the operation ends in any way."""

    name: str


class LetGo(msgspec.Struct, frozen=True):
    """Let others at it again."""

    name: str


class Call(msgspec.Struct, frozen=True):
    """Call this, and await what it returns where it can be awaited. Failed is thrown in where it
    raised."""

    function: Callable[[], Any]


Step: TypeAlias = Send | Wait | Hold | LetGo | Call
Steps: TypeAlias = Generator[Step, Any, T]


class Unreached(Exception):
    """There was no answer: no connection, a lost one, or a time-out."""


class TooLarge(Exception):
    """The answer was larger than allowed; the rest of it was not read."""


class Failed(Exception):
    """What was called raised; `error` is what."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Patience(msgspec.Struct, frozen=True):
    """How often and how long an unanswered message is sent again.

    `seconds` stays below the five minutes that a signature lives, because every try sends the
    very same bytes: what was taken in on a try whose answer was lost then counts once.
    """

    tries: int = 7
    first_wait: float = 0.5
    longest_wait: float = 30.0
    seconds: float = 240.0

    def wait(self, tried: int, chance: float) -> float:
        """Seconds after the `tried`th try: doubling, and spread so that senders do not march."""
        doubled = min(self.first_wait * 2.0 ** (tried - 1), self.longest_wait)
        return float(doubled * (0.5 + chance / 2))


class Post(msgspec.Struct, frozen=True):
    """What sending needs from outside."""

    clock: Clock
    chance: Chance
    patience: Patience
    largest_answer: int


def sent(post: Post, request: Request) -> Steps[Response]:
    """The answer to the request, whatever it says; tried again while there is none.

    NotReached when no try brought any answer. A last answer that says "later" is returned.
    """
    began = post.clock()
    tried = 0
    while True:
        response: Response | None = None
        asked = 0.0
        try:
            response = yield Send(request, post.largest_answer)
        except TooLarge:
            raise AnswerNotUnderstood(
                "answer.too_large",
                f"The answer is larger than {post.largest_answer} bytes; it was not read.",
            ) from None
        except Unreached as why:
            reason = str(why)
        if response is not None:
            if response.status not in _LATER:
                return response
            asked = retry_after(response, post.clock()) or 0.0
        tried += 1
        wait = max(asked, post.patience.wait(tried, post.chance()))
        spent = post.clock() - began
        if tried >= post.patience.tries or spent + wait > post.patience.seconds:
            if response is not None:
                return response
            raise NotReached(
                "registry.not_reached",
                f"The registry could not be reached in {tried} tries: {reason}. Try later; "
                "sending the same again has no second effect.",
            )
        yield Wait(wait)


def retry_after(response: Response, now: float) -> float | None:
    """Seconds that the answer asks to wait, given as seconds or as a date."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now)
