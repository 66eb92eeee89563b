"""A seal, what it closes, and the key that signs it, as plain records.

What is hashed and signed is written out here, byte for byte, because whoever checks a registry
without trusting it must be able to do the same with other tools (docs/explanation/audit.md).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from ibr.audit.model import LATE
from ibr.audit.seals.merkle import leaf_hash

# A batch is closed when so many events wait, or when the first of them waited so long
# (reliability F10: at the latest after 60 seconds or 1,000 rows).
MOST: Final = 1_000
EVERY: Final = timedelta(seconds=30)
# The seal before the first.
NOTHING: Final = bytes(32)
MARK_BYTES: Final = 8
# Why nothing is sealed, or nothing is written outside; the words are in web/audit_codes.py.
ROLLED_BACK: Final = "rolled_back"
CHANGED: Final = "changed"
OTHER_CHAIN: Final = "other_chain"
UNREACHABLE: Final = "unreachable"

Kind = Literal["event", "asked"]


class Member(msgspec.Struct, frozen=True):
    """What a seal closes: an event, or the rows of the ledger that one statement wrote."""

    number: int
    kind: Kind
    digest: bytes

    @property
    def leaf(self) -> bytes:
        """The hash of its leaf: its kind and number stand in it, so none can take another's
        place."""
        return leaf_hash(f"{self.kind} {self.number} ".encode() + self.digest)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the ledger that one statement wrote; `of_before`: all that were there before sealing
    began."""

    number: int
    at: datetime
    rows: int
    digest: bytes
    of_before: bool

    @property
    def sealed_digest(self) -> bytes:
        """SHA-256 over what is kept of the batch, each on its own line."""
        before = "before" if self.of_before else "written"
        text = f"{moment(self.at)}\n{self.rows}\n{self.digest.hex()}\n{before}"
        return hashlib.sha256(text.encode()).digest()

    @property
    def member(self) -> Member:
        return Member(self.number, "asked", self.sealed_digest)


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One seal.

    It closes the events numbered `first_id` to `last_id` but for the `gaps`, and those `late` ones
    that lay in gaps of earlier seals. `lost` are the first and last number of seals that a restored
    backup did not hold.
    """

    number: int
    chain: str
    at: datetime
    first_id: int
    last_id: int
    members: int
    root: bytes
    gaps: tuple[tuple[int, int], ...]
    late: tuple[int, ...]
    lost: tuple[int, ...]
    previous: bytes
    kid: str
    signature: bytes = b""
    marks: bytes = b""

    @property
    def statement(self) -> bytes:
        """What is signed: a line for each part, in this order."""
        gaps = " ".join(f"{first}-{last}" for first, last in self.gaps)
        lines = (
            "audit seal 1",
            f"chain {self.chain}",
            f"number {self.number}",
            f"at {moment(self.at)}",
            f"ids {self.first_id}-{self.last_id}",
            f"members {self.members}",
            f"root {self.root.hex()}",
            f"gaps {gaps}",
            f"late {' '.join(map(str, self.late))}",
            f"lost {'-'.join(map(str, self.lost))}",
            f"previous {self.previous.hex()}",
            f"key {self.kid}",
            "",
        )
        return "\n".join(lines).encode()

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement: what the next seal names, and what is anchored."""
        return hashlib.sha256(self.statement).digest()

    @property
    def code(self) -> str:
        """Sixteen letters and digits of the digest, for paper: nobody can make another seal that
        has them."""
        return code_of(self.digest)


class AuditKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a key that signs seals; `endorsement` is by the key before it."""

    kid: str
    public_key: bytes
    made_at: datetime
    ended_at: datetime | None = None
    endorsed_by: str | None = None
    endorsement: bytes | None = None

    @property
    def statement(self) -> bytes:
        """What the key before it signs."""
        return (
            f"audit key 1\nkey {self.kid}\npublic {self.public_key.hex()}\n"
            f"made {moment(self.made_at)}\nafter {self.endorsed_by or ''}\n"
        ).encode()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How far sealing is. `waits_since` is when the oldest event that is not sealed was written,
    None where there is none; `sealed_at` is the moment up to which everything is sealed."""

    begun: bool
    seals: int
    last_id: int
    sealed_at: datetime | None
    waits_since: datetime | None
    anchored: int
    anchored_at: datetime | None
    trouble: str | None
    last_seal_at: datetime | None = None
    code: str | None = None

    def lag(self, at: datetime) -> timedelta:
        """For how long something has waited to be sealed, as nothing was sealed meanwhile."""
        if not self.begun or self.waits_since is None or self.sealed_at is None:
            return timedelta(0)
        return max(timedelta(0), at - max(self.waits_since, self.sealed_at))

    def late(self, at: datetime) -> bool:
        """Whether nothing may be written any more."""
        return self.lag(at) > LATE


def moment(at: datetime) -> str:
    """A moment as it is hashed: in UTC, to the microsecond."""
    return at.isoformat(timespec="microseconds")


def key_id(public_key: bytes) -> str:
    """A key's id: `audit-` and the first twelve characters of its digest in base 32."""
    digest = base64.b32encode(hashlib.sha256(public_key).digest())
    return f"audit-{digest[:12].decode().lower()}"


def code_of(digest: bytes) -> str:
    """The first eighty bits of a digest as four groups of four."""
    text = base64.b32encode(digest[:10]).decode()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def marks_of(leaves: Sequence[bytes]) -> bytes:
    """The first bytes of each leaf, to name the row where a root does not hold."""
    return b"".join(leaf[:MARK_BYTES] for leaf in leaves)


def gaps_between(numbers: Sequence[int], first: int, last: int) -> tuple[tuple[int, int], ...]:
    """The numbers from `first` to `last` that are not among these ascending ones, as ranges."""
    gaps = []
    expected = first
    for number in numbers:
        if number > expected:
            gaps.append((expected, number - 1))
        expected = number + 1
    if expected <= last:
        gaps.append((expected, last))
    return tuple(gaps)
