"""What runs by itself: a table of due work, the process that does it, and what runs when."""
