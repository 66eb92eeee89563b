"""The own view to take home, and how a paper is checked."""
