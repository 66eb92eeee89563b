"""SQL of the models of weights: added as candidates, one of them current, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ibr.db.pool import Connection


class KeptModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is kept; `content` is its JSON, `trained` says on what and how well."""

    model_no: int
    standard: int
    content: bytes
    trained: dict[str, Any]
    state: str
    made_at: datetime
    current_at: datetime | None


async def add(
    connection: Connection,
    *,
    standard: int,
    content: bytes,
    trained: dict[str, Any],
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into link_model (standard, content, trained, state, made_at)
        values ($1, $2::text::jsonb, $3::text::jsonb, 'candidate', $4) returning model_no
        """,
        standard,
        content.decode(),
        msgspec.json.encode(trained).decode(),
        at,
    )
    return number


async def make_current(connection: Connection, model_no: int, at: datetime) -> bool:
    """Whether it became the current one; the one before it is retired in the same moment."""
    await connection.execute(
        "update link_model set state = 'retired' where state = 'current' and model_no <> $1",
        model_no,
    )
    said: str = await connection.execute(
        """
        update link_model set state = 'current', current_at = $2
        where model_no = $1 and state <> 'current'
        """,
        model_no,
        at,
    )
    return said == "UPDATE 1"


async def number_in_use(connection: Connection) -> int | None:
    number: int | None = await connection.fetchval(
        "select model_no from link_model where state = 'current'"
    )
    return number


async def current(connection: Connection) -> KeptModel | None:
    row = await connection.fetchrow(
        """
        select model_no, standard, content::text, trained::text, state, made_at, current_at
        from link_model where state = 'current'
        """
    )
    return None if row is None else _read(row)


async def by_number(connection: Connection, model_no: int) -> KeptModel | None:
    row = await connection.fetchrow(
        """
        select model_no, standard, content::text, trained::text, state, made_at, current_at
        from link_model where model_no = $1
        """,
        model_no,
    )
    return None if row is None else _read(row)


async def every(connection: Connection) -> list[KeptModel]:
    rows = await connection.fetch(
        """
        select model_no, standard, content::text, trained::text, state, made_at, current_at
        from link_model order by model_no
        """
    )
    return [_read(row) for row in rows]


def _read(row: Any) -> KeptModel:
    fields = dict(row)
    fields["content"] = fields["content"].encode()
    fields["trained"] = msgspec.json.decode(fields["trained"])
    return KeptModel(**fields)
