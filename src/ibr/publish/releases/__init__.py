"""Releases: numbered, protected, signed by two people; what everybody outside sees."""
