"""SQL of runs: begun, ended, and what each has to read from the feed of changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Appearance
from ibr.identity.persons.kept_run import Kind, Run, State

_READER: Final = "linkage"
# Changes that say something of who somebody is, or that nobody says it any more.
_OF_WHO: Final = frozenset({"enrolled", "details_changed", "withdrawn"})
_COLUMNS: Final = """
    run_no, kind, model_no, state, through_transaction::text, through_change, through_decision,
    counts::text, quality::text, reason, started_at, finished_at
"""


class Place(msgspec.Struct, frozen=True):
    """A place in the feed: it is ordered by transaction, then by change."""

    transaction_no: int
    change_id: int


class Marks(msgspec.Struct, frozen=True):
    """Up to where earlier runs have followed: features read, and decisions of people."""

    read: datetime | None
    decision: int


async def begin(connection: Connection, kind: Kind, model_no: int, at: datetime) -> int:
    """A new run; its moment is later than that of every run before.

    What a run reads bears its moment, so a clock that was set back must not hide it.
    """
    number: int = await connection.fetchval(
        """
        insert into link_run (kind, model_no, state, started_at)
        select $1, $2, 'running',
               greatest($3, max(started_at) + interval '1 microsecond') from link_run
        returning run_no
        """,
        kind,
        model_no,
        at,
    )
    return number


async def end(
    connection: Connection,
    run_no: int,
    state: State,
    at: datetime,
    *,
    reason: str | None = None,
    counts: dict[str, Any] | None = None,
    quality: dict[str, Any] | None = None,
    through_decision: int = 0,
) -> None:
    await connection.execute(
        """
        update link_run r set
            state = $2, finished_at = $3, reason = $4, counts = $5::text::jsonb,
            quality = $6::text::jsonb, through_decision = $7,
            through_transaction = f.transaction_no, through_change = f.change_id
        from feed_cursor f
        where r.run_no = $1 and f.reader = $8
        """,
        run_no,
        state,
        at,
        reason,
        msgspec.json.encode(counts or {}).decode(),
        msgspec.json.encode(quality or {}).decode(),
        through_decision,
        _READER,
    )


async def end_interrupted(connection: Connection, at: datetime) -> int:
    """Ends runs whose process died; called by who holds the lock, so no other runs now."""
    said: str = await connection.execute(
        """
        update link_run set state = 'failed', finished_at = $1, reason = 'interrupted'
        where state = 'running'
        """,
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def take_up(connection: Connection, run_no: int) -> bool:
    """Makes a proposed run a running one; False where it is not proposed."""
    said: str = await connection.execute(
        "update link_run set state = 'running' where run_no = $1 and state = 'proposed'", run_no
    )
    return said == "UPDATE 1"


async def drop(connection: Connection, run_no: int, at: datetime, reason: str) -> bool:
    said: str = await connection.execute(
        """
        update link_run set state = 'dropped', finished_at = $2, reason = $3
        where run_no = $1 and state = 'proposed'
        """,
        run_no,
        at,
        reason,
    )
    return said == "UPDATE 1"


async def proposed(connection: Connection) -> list[int]:
    rows = await connection.fetch(
        "select run_no from link_run where state = 'proposed' order by run_no"
    )
    return [row["run_no"] for row in rows]


async def by_number(connection: Connection, run_no: int) -> Run | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from link_run where run_no = $1", run_no)
    return None if row is None else _read(row)


async def newest(connection: Connection, most: int) -> list[Run]:
    rows = await connection.fetch(
        f"select {_COLUMNS} from link_run order by run_no desc limit $1", most
    )
    return [_read(row) for row in rows]


async def newest_decision(connection: Connection) -> int:
    number: int = await connection.fetchval(
        "select coalesce(max(decision_no), 0) from link_decision"
    )
    return number


async def marks(connection: Connection) -> Marks:
    """A run that follows decisions only has read nothing, so it moves the other mark alone."""
    row = await connection.fetchrow(
        """
        select max(started_at) filter (where kind <> 'decisions') as read,
               coalesce(max(through_decision), 0) as decision
        from link_run where state = 'applied'
        """
    )
    assert row is not None
    return Marks(row["read"], row["decision"])


async def last_full_model(connection: Connection) -> int | None:
    """The model by which everybody was weighed last."""
    number: int | None = await connection.fetchval(
        """
        select model_no from link_run where state = 'applied' and kind = 'full'
        order by run_no desc limit 1
        """
    )
    return number


def _read(row: Any) -> Run:
    fields = dict(row)
    for name in ("counts", "quality"):
        fields[name] = msgspec.json.decode(fields[name])
    return Run(**fields)


async def see_programmes(connection: Connection) -> list[int]:
    rows = await connection.fetch("select programme_id from programme order by programme_id")
    return [row["programme_id"] for row in rows]


async def take_time(connection: Connection) -> None:
    """Everybody at once takes minutes; nobody waits for it."""
    await connection.execute(
        """
        set local statement_timeout = '30min';
        set local idle_in_transaction_session_timeout = '30min';
        set local work_mem = '128MB'
        """
    )


async def horizon(connection: Connection) -> int:
    """The oldest transaction still open: of every older one all changes are there."""
    return int(await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text"))


async def cursor(connection: Connection) -> Place:
    row = await connection.fetchrow(
        "select transaction_no::text, change_id from feed_cursor where reader = $1", _READER
    )
    assert row is not None
    return Place(int(row["transaction_no"]), row["change_id"])


async def move_cursor(connection: Connection, to: Place, caught_up_at: datetime | None) -> None:
    """Moves the cursor on; it never goes back."""
    await connection.execute(
        """
        update feed_cursor set
            transaction_no = $2::text::xid8, change_id = $3,
            caught_up_at = coalesce($4, caught_up_at)
        where reader = $1 and (transaction_no, change_id) <= ($2::text::xid8, $3::bigint)
        """,
        _READER,
        str(to.transaction_no),
        to.change_id,
        caught_up_at,
    )


async def changed_records(
    connection: Connection, after: Place, below: int, most: int
) -> tuple[list[int], Place | None]:
    """The next changed records of the feed, and the place of the last change; None at its end.

    A benefit or a status says nothing of who somebody is.
    """
    rows = await connection.fetch(
        """
        select record_id, kind, transaction_no::text, change_id from change
        where (transaction_no, change_id) > ($1::text::xid8, $2::bigint)
          and transaction_no < $3::text::xid8
        order by transaction_no, change_id
        limit $4
        """,
        str(after.transaction_no),
        after.change_id,
        str(below),
        most,
    )
    if not rows:
        return [], None
    last = Place(int(rows[-1]["transaction_no"]), rows[-1]["change_id"])
    told = {row["record_id"] for row in rows if row["kind"] in _OF_WHO}
    return sorted(told), last


async def skip_to_news(connection: Connection, below: int) -> bool:
    """Whether the feed holds news that may say something of who somebody is; the cursor is moved
    to just before them, past benefits and statuses, so that these are looked through once."""
    row = await connection.fetchrow(
        """
        select c.transaction_no::text, c.change_id
        from feed_cursor f
        join change c on (c.transaction_no, c.change_id) > (f.transaction_no, f.change_id)
        where f.reader = $1 and c.kind in ('enrolled', 'details_changed', 'withdrawn')
          and c.transaction_no < $2::text::xid8
        order by c.transaction_no, c.change_id limit 1
        """,
        _READER,
        str(below),
    )
    if row is None:
        await move_cursor(connection, Place(below, 0), None)
        return False
    await move_cursor(connection, Place(int(row["transaction_no"]), row["change_id"] - 1), None)
    return True


async def old_standard(connection: Connection, standard: int) -> bool:
    """Whether some features were read by another standardisation."""
    found: bool = await connection.fetchval(
        "select exists (select from appearance where standard <> $1)", standard
    )
    return found


async def is_read_after(connection: Connection, mark: datetime | None) -> bool:
    """Whether features wait that a run read and did not come to follow."""
    found: bool = await connection.fetchval(
        "select exists (select from appearance where $1::timestamptz is null or read_at > $1)",
        mark,
    )
    return found


async def still_running(connection: Connection, run_no: int) -> bool:
    """Whether nobody ended this run meanwhile; nobody does until the transaction ends."""
    found = await connection.fetchval(
        "select run_no from link_run where run_no = $1 and state = 'running' for update", run_no
    )
    return found is not None


async def read_after(connection: Connection, mark: datetime | None) -> list[Appearance]:
    """Appearances whose features were read, or that went, since the mark."""
    rows = await connection.fetch(
        """
        select record_id, appearance_no from appearance
        where $1::timestamptz is null or read_at > $1
        order by record_id, appearance_no
        """,
        mark,
    )
    return [Appearance(row["record_id"], row["appearance_no"]) for row in rows]


async def record_ids(connection: Connection, after: int, most: int) -> Sequence[int]:
    """The next records by their key."""
    rows = await connection.fetch(
        """
        select record_id from beneficiary_record where record_id > $1 order by record_id limit $2
        """,
        after,
        most,
    )
    return [row["record_id"] for row in rows]
