"""What can go wrong, in seven kinds, each with a stable code and a sentence the reader can act on.

Nothing here knows HTTP or the DCI standard: `interop/dci/reasons.py` and `web/` turn these into
their own words.
"""

from __future__ import annotations

from typing import ClassVar


class RegistryError(Exception):
    """Something the registry refuses or cannot do.

    `code` is stable and documented in `docs/reference/errors.md`; `message` says what is wrong and
    what to do about it, and never holds personal data.
    """

    kind: ClassVar[str] = "internal"

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotUnderstood(RegistryError):
    """What arrived cannot be read or breaks a rule; sending it again unchanged will not help."""

    kind = "not_understood"


class NotProven(RegistryError):
    """Who asks could not be proven: no token, an expired one, a signature that does not hold."""

    kind = "not_proven"


class NotAllowed(RegistryError):
    """Who is asking is known and has no right to this."""

    kind = "not_allowed"


class NotFound(RegistryError):
    """What was asked for is not here, or is not the asker's to know."""

    kind = "not_found"


class TooMuch(RegistryError):
    """Too large or too often; `retry_after` is in seconds where waiting helps."""

    kind = "too_much"

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class Conflict(RegistryError):
    """It contradicts something already accepted."""

    kind = "conflict"


class Unavailable(RegistryError):
    """The registry cannot answer now; nothing was stored, and trying again later is right."""

    kind = "unavailable"

    def __init__(self, code: str, message: str, *, retry_after: int = 5) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
