"""Extracts for research: rows without names or numbers, approved by a second person, taken once."""
