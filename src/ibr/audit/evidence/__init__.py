"""Packs of evidence: a figure, a finding or a case with all that proves it, in one file."""
