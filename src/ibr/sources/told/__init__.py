"""What other registries told: every piece of news once, and which of them counts now."""
