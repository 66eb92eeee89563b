"""Backups: sealed files of the database and its log; made, kept, checked and restored."""
