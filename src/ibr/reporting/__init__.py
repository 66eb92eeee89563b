"""The reporting calendar: when programmes report, what came of it, and who is reminded."""
