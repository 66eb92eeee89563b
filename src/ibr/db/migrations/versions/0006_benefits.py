"""What was given, to whom, for which month; see the SQL file beside this one."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql_beside(__file__)
