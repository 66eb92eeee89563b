"""What became of each message at the door, for the people who build the other side."""
