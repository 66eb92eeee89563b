"""Numbered migrations: `versions/0001_ground.sql` and on, each with a small file beside it."""
