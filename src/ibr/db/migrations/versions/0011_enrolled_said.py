"""When the date of enrolment was said; see the SQL file beside this one."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql_beside(__file__)
