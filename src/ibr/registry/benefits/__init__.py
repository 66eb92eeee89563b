"""What was given, to whom, for which month."""
