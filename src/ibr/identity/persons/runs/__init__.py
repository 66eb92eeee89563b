"""Runs of linkage as they are kept: what they read, how they ended."""
