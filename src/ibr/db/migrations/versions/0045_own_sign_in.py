"""People's own sign-in; see the SQL file beside this one."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    run_sql_beside(__file__)
