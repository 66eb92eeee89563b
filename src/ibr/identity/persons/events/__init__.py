"""What happened to persons, read for people and for taking it back."""
