"""Runs the SQL file that stands beside a migration."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_sql_beside(migration: str) -> None:
    """Runs `0001_ground.sql` for `0001_ground.py`, as one script in the migration's transaction."""
    script = Path(migration).with_suffix(".sql").read_text(encoding="utf-8")
    # The first statement through SQLAlchemy opens the transaction; the script itself goes to
    # asyncpg directly, because only its simple protocol takes several statements at once.
    op.execute("set local lock_timeout = '4s'")
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    driver.run_async(lambda connection: connection.execute(script))
