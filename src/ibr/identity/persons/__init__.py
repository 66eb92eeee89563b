"""Persons as found so far: kept, moved, merged, split, with their history."""
