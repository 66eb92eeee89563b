"""The response file: every row as it was sent, with what became of it and how to mend it."""
