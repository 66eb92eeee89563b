"""Models of weights as they are kept: candidates, the current one, those it followed."""
