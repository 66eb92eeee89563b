"""Whether a delivery looks like those before it, asked before any of it is merged."""
