"""Runs: figures worked out from one snapshot, frozen, and held against those before them."""
