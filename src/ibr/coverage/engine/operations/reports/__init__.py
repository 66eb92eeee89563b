"""Which reports were due, which came and when, what was taken of them, what was restated."""
