"""Records erased at a request: their rows, their keys, and what keeps them from coming back."""
