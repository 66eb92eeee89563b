"""What people decided about pairs, kept for ever."""
