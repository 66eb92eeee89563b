"""What is still to be told, from the match until it is written out as a message."""
