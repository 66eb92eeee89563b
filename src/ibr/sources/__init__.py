"""Other registries that this one asks and listens to, and what they told, with its provenance."""
