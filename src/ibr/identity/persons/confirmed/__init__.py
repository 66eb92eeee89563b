"""Links that people confirmed, kept for the question "enrolled?"."""
