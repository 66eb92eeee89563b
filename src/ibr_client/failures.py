"""What can go wrong between a programme's system and a registry, each with a code and a sentence.

What the registry refused keeps the registry's own code and sentence.
"""

from __future__ import annotations

from ibr_client.results import Report


class ClientError(Exception):
    """Anything that kept a question or a report from being answered.

    `done` holds what became of the earlier messages of a report that was sent in several.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} [{code}]")
        self.code = code
        self.message = message
        self.done: Report | None = None


class NotSetUp(ClientError):
    """The client itself is set up wrongly: a key, an address, a file; nothing was sent."""


class NotReached(ClientError):
    """No connection, or no answer in time, on any try. Whether the last message was taken in is
    not known; reporting the same records again has no second effect."""


class KeysNotAvailable(ClientError):
    """The registry's public keys could not be fetched, so nothing it says can be proven now."""


class RegistryBusy(ClientError):
    """The registry could not answer now, on any try; later is right."""

    def __init__(self, code: str, message: str, retry_after: float | None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class Refused(ClientError):
    """The registry refused the message as a whole; sending it again unchanged will not help.

    `code` is the standard's communication code (err.…), `reason_code` the more exact one (rjct.…)
    where the registry gave one, `http_status` that of the answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        http_status: int = 200,
        reason_code: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(code, message)
        self.http_status = http_status
        self.reason_code = reason_code
        self.correlation_id = correlation_id


class NotPermitted(Refused):
    """The registry does not know these credentials, or they have no right to this."""


class QueryRefused(Refused):
    """This one question was refused; others of the same message may have been answered."""


class AnswerNotTrusted(ClientError):
    """An answer that is not proven to be the registry's answer to what was asked. Its content was
    not used."""


class AnswerNotUnderstood(ClientError):
    """An answer that is too large, no JSON, or not in the standard's shape."""


class StillPending(ClientError):
    """The answer is not there yet; ask again later or wait for the callback."""
