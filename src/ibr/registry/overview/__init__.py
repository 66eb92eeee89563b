"""Counts over what the registry holds."""
