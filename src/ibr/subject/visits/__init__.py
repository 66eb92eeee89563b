"""Visits at the help desk: one person is served, by consent, for some minutes."""
