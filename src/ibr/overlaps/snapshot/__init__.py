"""The registry at one moment, written out without names, for checks."""
