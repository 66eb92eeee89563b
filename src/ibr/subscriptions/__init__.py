"""Who wants to hear of which changes, and which changes match."""
