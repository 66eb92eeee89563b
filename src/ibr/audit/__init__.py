"""What was asked and told, by whom, and what left."""
