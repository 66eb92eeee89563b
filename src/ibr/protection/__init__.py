"""Identifiers that nobody can read from the database: sealed values and blind indexes."""
