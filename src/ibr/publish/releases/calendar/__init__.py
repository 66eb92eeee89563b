"""Releases that are to come, announced beforehand."""
