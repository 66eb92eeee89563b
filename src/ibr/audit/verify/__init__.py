"""Verifying: whether what was recorded is what was sealed, from the database or from an export."""
