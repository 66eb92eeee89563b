"""Frozen figures: what a run worked out, kept once and read by everybody."""
