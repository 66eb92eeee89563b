"""What the registry asked of other registries: orders, and questions with their answers."""
