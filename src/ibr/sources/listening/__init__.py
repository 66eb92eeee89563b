"""What the registry subscribed to at other registries, with the codes they gave."""
