"""Lawful exceptions that were decided in cases, kept as exemptions of the checks."""
