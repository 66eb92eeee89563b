"""Rows of a file as plain records, the same that every other door yields."""
