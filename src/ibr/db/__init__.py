"""PostgreSQL, and nothing about social protection."""
