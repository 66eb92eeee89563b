"""Whether the registry is well: health and metrics, for whoever operates it."""
