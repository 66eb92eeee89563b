"""Lawful exceptions, money by currency, figures held against people; see the SQL beside this."""

from __future__ import annotations

from ibr.db.migrations.from_file import run_sql_beside

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    run_sql_beside(__file__)
