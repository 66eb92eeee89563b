"""One-time links with which officers set their passwords."""
