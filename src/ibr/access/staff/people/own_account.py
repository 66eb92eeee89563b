"""What an officer changes of the own account: name, language, password."""

from __future__ import annotations

from datetime import datetime

from ibr.access.staff import store as staff_store
from ibr.access.staff.people import store
from ibr.access.staff.people.invite import check_name
from ibr.asker import Asker
from ibr.audit.events import OFFICER_CHANGED, OFFICER_PASSWORD
from ibr.audit.record import record_event
from ibr.db.pool import Connection


async def rename(connection: Connection, asker: Asker, name: str, at: datetime) -> None:
    """Changes the name that colleagues see."""
    called = check_name(name)
    await store.rename(connection, asker.id, called)
    await store.note(connection, asker.id, "name_changed", at, by=asker.id)
    details: dict[str, object] = {"officer": asker.id, "what": "name"}
    await record_event(connection, kind=OFFICER_CHANGED, asker=asker, details=details, at=at)


async def choose_language(connection: Connection, asker: Asker, code: str, at: datetime) -> None:
    """Remembers the language in which the officer is written to."""
    await store.set_language(connection, asker.id, code)
    details: dict[str, object] = {"officer": asker.id, "what": "language"}
    await record_event(connection, kind=OFFICER_CHANGED, asker=asker, details=details, at=at)


async def change_password(
    connection: Connection, asker: Asker, password_hash: str, at: datetime
) -> None:
    """Sets the own password, after the one used until now was shown to be known. Every session
    ends with it, this one too; second factors stay."""
    await staff_store.set_password(connection, asker.id, password_hash)
    await store.end_sessions(connection, asker.id, at)
    await store.note(connection, asker.id, "password_changed", at, by=asker.id)
    details: dict[str, object] = {"officer": asker.id, "how": "old_password"}
    await record_event(connection, kind=OFFICER_PASSWORD, asker=asker, details=details, at=at)
