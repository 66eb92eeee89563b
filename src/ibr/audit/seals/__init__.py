"""Seals: events and look-ups closed in batches, so that a change of what happened is seen."""
