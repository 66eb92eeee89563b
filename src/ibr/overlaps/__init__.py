"""What does not go together, what is missing, and what becomes of it."""
