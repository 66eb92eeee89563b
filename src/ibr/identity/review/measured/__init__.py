"""How well pairs are reviewed: agreement, known pairs, and the share decided the same."""
