"""Alembic's entry: runs the numbered migrations on the connection that `db/migrate.py` hands in."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="migration",
    version_table_schema="public",
    transaction_per_migration=True,
)
context.run_migrations()
