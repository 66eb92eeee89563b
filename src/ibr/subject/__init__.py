"""What a person sees of themselves: visits at the help desk, the own view, requests, statements."""
