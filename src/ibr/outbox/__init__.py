"""Promised messages to others: kept as rows with what caused them, until they are delivered."""
