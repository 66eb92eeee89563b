"""Disposes every night of what is past its time, some at a time."""
