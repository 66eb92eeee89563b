"""What an officer sees of deliveries: scores, refusals, lateness."""
