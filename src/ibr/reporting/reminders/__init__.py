"""Reminders of reports: each step once, by letter and by message."""
