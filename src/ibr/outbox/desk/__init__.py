"""Promised messages as people see them, send them again, and as they are forgotten in time."""
