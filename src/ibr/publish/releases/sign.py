"""What people do with a release: look at it, stand for it, publish it, withdraw it."""

from __future__ import annotations

from datetime import datetime

from ibr.access.staff.rights import RELEASE, must_hold
from ibr.asker import Asker
from ibr.audit.events import (
    RELEASE_LOOKED_AT,
    RELEASE_PUBLISHED,
    RELEASE_SIGNED,
    RELEASE_WITHDRAWN,
)
from ibr.audit.record import record_event
from ibr.db.locks import hold_releases
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.publish.releases import store
from ibr.publish.releases.build import digest_of
from ibr.publish.releases.gather import published
from ibr.publish.releases.model import ReleaseHead

_UNKNOWN = "There is no release with this number. See: ibr publish list"


async def one(connection: Connection, release_no: int) -> ReleaseHead:
    """A release by its number; NotFound where there is none."""
    found = await store.heads(connection, numbers=[release_no])
    if not found:
        raise NotFound("release.unknown", _UNKNOWN)
    return found[0]


async def sign(connection: Connection, asker: Asker, release_no: int, at: datetime) -> None:
    """Stands for a release. Each person signs once; two different ones are needed."""
    must_hold(asker, RELEASE)
    head = await one(connection, release_no)
    _must_be_drafted(head)
    if not await store.sign(connection, release_no, asker.id, asker.name, at):
        raise Conflict(
            "release.signed_already",
            "You have signed this release. Somebody else must sign it as well.",
        )
    details: dict[str, object] = {"release": release_no, "digest": head.digest.hex()}
    await record_event(connection, kind=RELEASE_SIGNED, asker=asker, details=details, at=at)


async def look_at_known(
    connection: Connection, asker: Asker, release_no: int, at: datetime
) -> None:
    """Notes that somebody looked at what cannot be hidden any more, and found it bearable."""
    must_hold(asker, RELEASE)
    head = await one(connection, release_no)
    _must_be_drafted(head)
    await store.look(connection, release_no, asker.name, at)
    details: dict[str, object] = {"release": release_no, "known": len(head.known_before)}
    await record_event(connection, kind=RELEASE_LOOKED_AT, asker=asker, details=details, at=at)


async def publish(connection: Connection, asker: Asker, release_no: int, at: datetime) -> None:
    """Lets everybody outside see a release; Conflict where something is missing."""
    must_hold(asker, RELEASE)
    await hold_releases(connection)
    head = await one(connection, release_no)
    _must_be_drafted(head)
    if head.known_before and head.looked_by is None:
        raise Conflict(
            "release.look",
            "Some figures of this release cannot be hidden any more. Look at them first.",
        )
    await _must_be_current(connection, head)
    if not await store.publish(connection, release_no, asker.name, at):
        raise Conflict(
            "release.signatures", "Two different people must sign a release before it is published."
        )
    details: dict[str, object] = {"release": release_no, "digest": head.digest.hex()}
    await record_event(connection, kind=RELEASE_PUBLISHED, asker=asker, details=details, at=at)


async def withdraw(
    connection: Connection, asker: Asker, release_no: int, reason: str, at: datetime
) -> None:
    """Takes a release back; it stays readable, marked as withdrawn with the reason."""
    must_hold(asker, RELEASE)
    await one(connection, release_no)
    if not 10 <= len(reason.strip()) <= 1000:
        raise NotUnderstood(
            "release.reason", "Say why in 10 to 1,000 characters; readers will see it."
        )
    if not await store.withdraw(connection, release_no, asker.name, reason.strip(), at):
        raise Conflict("release.withdrawn", "This release was withdrawn already.")
    details: dict[str, object] = {"release": release_no}
    await record_event(connection, kind=RELEASE_WITHDRAWN, asker=asker, details=details, at=at)


def _must_be_drafted(head: ReleaseHead) -> None:
    if head.state not in ("built", "signed"):
        raise Conflict(
            "release.done", "This release was published or withdrawn; nothing can be changed of it."
        )


async def _must_be_current(connection: Connection, head: ReleaseHead) -> None:
    """It was protected together with what readers had then; they must have no more by now."""
    there: set[int] = set()
    for period in head.periods:
        for heads in (await published(connection, head.audience, period)).values():
            there |= {each.release_no for each in heads}
    if tuple(sorted(there)) != head.after:
        raise Conflict(
            "release.overtaken",
            "Another release of these months was published meanwhile. Build this one again.",
        )
    if digest_of(await store.tables(connection, head.release_no)) != head.digest:
        raise Conflict(
            "release.changed", "The tables of this release are not those that were signed."
        )
