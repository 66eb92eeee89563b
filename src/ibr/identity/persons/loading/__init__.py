"""Appearances taken out of the database to be weighed."""
