"""What can go wrong, in seven kinds; the same ones that programme systems meet (ibr_messages)."""

from ibr_messages.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    NotProven,
    NotUnderstood,
    RegistryError,
    TooMuch,
    Unavailable,
)

__all__ = [
    "Conflict",
    "NotAllowed",
    "NotFound",
    "NotProven",
    "NotUnderstood",
    "RegistryError",
    "TooMuch",
    "Unavailable",
]
