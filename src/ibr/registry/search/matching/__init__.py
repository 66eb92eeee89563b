"""Many filters over a few records at once: which of them match which."""
