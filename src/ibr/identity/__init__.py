"""Which records are the same person, and how sure that is."""
