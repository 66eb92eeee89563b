"""Versions of the list of areas, and population by source; see the SQL file beside this one."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    run_sql_beside(__file__)
