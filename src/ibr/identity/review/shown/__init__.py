"""What a reviewer sees of a pair: two records read side by side, and no more than that takes."""
