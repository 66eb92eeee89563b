"""What checks found, kept once, closed with a reason."""
