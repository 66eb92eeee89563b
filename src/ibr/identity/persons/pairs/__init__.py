"""Pairs that were linked, are open to be looked at, or were decided."""
