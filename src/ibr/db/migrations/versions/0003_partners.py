"""Who may speak to the registry, with which keys; see the SQL file beside this one."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql_beside(__file__)
