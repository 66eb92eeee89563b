"""Cases, what came of them, and how often checks and the matcher were right."""
